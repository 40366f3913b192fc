/** What a history is played on: lake tables with some rows, the model that knows them, and stream tables over them. */
import { readFile } from "node:fs/promises";
import type { Client } from "pg";
import type { TrickleDatabase } from "../../stack/database.ts";
import type { Counts } from "./counts.ts";
import { Mirror } from "./mirror.ts";
import { type Changes, Model } from "./model.ts";
import { createRandom } from "./random.ts";
import { LakeReader } from "./scan.ts";
import { CLIENT_NAMES, LAKE_TABLES } from "./script.ts";
import { duckdbText, type Row, type Statement } from "./statements.ts";
import { createStreams, type Streams } from "./streams.ts";

const FOREIGN_TABLES = new URL("./lake.sql", import.meta.url);
const FIRST_ROWS = 120;

export interface StageOptions {
  readonly database: TrickleDatabase;
  readonly session: Client;
  readonly counts: Counts;
  readonly isDeltaForced: boolean;
}

export interface Stage {
  readonly model: Model;
  readonly streams: Streams;
  readonly reader: LakeReader;
  readonly ids: { next: number };
}

/** The same for every history. */
function firstRows(ids: { next: number }): Row[] {
  const random = createRandom(1);
  return Array.from({ length: FIRST_ROWS }, () => ({
    id: ids.next++,
    k: random.pick(["a", "b", "c", "d", null]),
    v: random.chance(0.1) ? null : random.between(-3, 20),
    owner: random.below(CLIENT_NAMES.length),
  }));
}

async function fill(database: TrickleDatabase, inserts: readonly Statement[]): Promise<void> {
  const duckdb = await database.duckdb({ readOnly: false });
  // The engine inlines nothing until it attaches anew, its clients do: the richer lake.
  await duckdb.run("call lake.set_option('data_inlining_row_limit', 10)");
  await duckdb.run("drop table if exists lake.main.events");
  for (const table of LAKE_TABLES) {
    await duckdb.run(`create table lake.main.${table} (id bigint, k varchar, v bigint, owner integer)`);
  }
  for (const insert of inserts) await duckdb.run(duckdbText(insert));
}

export async function createStage({ database, session, counts, isDeltaForced }: StageOptions): Promise<Stage> {
  const ids = { next: 1 };
  const inserts = LAKE_TABLES.map((table) => ({ kind: "insert" as const, table, rows: firstRows(ids) }));
  await session.query(await readFile(FOREIGN_TABLES, "utf8"));
  await fill(database, inserts);
  const model = new Model();
  const mirror = new Mirror(session);
  await mirror.create();
  const changes: Changes = new Map(
    inserts.map(({ table, rows }) => [table, new Map(rows.map((row) => [row.id, row]))]),
  );
  model.commit(changes);
  await mirror.commit(model.sequence, changes);
  if (isDeltaForced) {
    // Stands for a table so large that Delta is the cheaper way.
    await session.query("insert into pgtrickle_internal.settings (name, value) values ('recompute_base_ms', 1000000)");
  }
  // Nothing is due, as no table has a schedule; without a scheduler each would be in ERROR, and no other error to be seen.
  await session.query("select pgtrickle.scheduler_start()");
  const streams: Streams = { session, mirror, counts };
  await createStreams(streams);
  return { model, streams, ids, reader: await LakeReader.open(database) };
}
