/** What a history is played on: lake tables with some rows, the model that knows them, and stream tables over them. */
import { readFile } from "node:fs/promises";
import type { Client } from "pg";
import type { TrickleDatabase } from "../../stack/database.ts";
import { Chronicle } from "./chronicle.ts";
import type { Counts } from "./counts.ts";
import { declaredRefusals, type Refusal } from "./guard.ts";
import { Mirror } from "./mirror.ts";
import { type Changes, Model } from "./model.ts";
import { createRandom } from "./random.ts";
import { LakeReader } from "./scan.ts";
import { CLIENT_NAMES } from "./script.ts";
import { duckdbText, type Row, type Statement } from "./statements.ts";
import { createStreams, type Streams } from "./streams.ts";

const FOREIGN_TABLES = new URL("./lake.sql", import.meta.url);
const RIVALS = new URL("./rivals.sql", import.meta.url);
const FILLED_TABLES = ["events", "items", "notes"] as const;
const COLUMNS = "(id bigint, k varchar, v bigint, owner integer)";
const FIRST_ROWS = 120;

export interface StageOptions {
  readonly database: TrickleDatabase;
  readonly session: Client;
  readonly counts: Counts;
  readonly isDeltaForced: boolean;
}

export interface Stage {
  readonly database: TrickleDatabase;
  /** All that the guard can say. */
  readonly declared: readonly Refusal[];
  readonly chronicle: Chronicle;
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
  // Made while the lake inlines nothing, it has no table for inlined rows, by whose emptying the guard knows a flush.
  await duckdb.run(`create table lake.main.logs ${COLUMNS}`);
  // The engine inlines nothing until it attaches anew, its clients do: the richer lake.
  await duckdb.run("call lake.set_option('data_inlining_row_limit', 10)");
  await duckdb.run("drop table if exists lake.main.events");
  for (const table of FILLED_TABLES) await duckdb.run(`create table lake.main.${table} ${COLUMNS}`);
  for (const insert of inserts) await duckdb.run(duckdbText(insert));
}

/** As an installation leaves it, on every table of the catalog. */
async function guardIsOn(session: Client): Promise<void> {
  const { rows } = await session.query<{ relation: string; name: string }>(
    `select relation, name from pgtrickle_guard.wanted() w
     where not exists (select from pg_trigger t where t.tgrelid = w.relation and t.tgname = w.name and t.tgenabled <> 'D')`,
  );
  if (rows.length > 0) throw new Error(`the guard is off: ${rows.map(({ name }) => name).join(", ")} missing`);
}

export async function createStage({ database, session, counts, isDeltaForced }: StageOptions): Promise<Stage> {
  const ids = { next: 1 };
  const inserts = FILLED_TABLES.map((table) => ({ kind: "insert" as const, table, rows: firstRows(ids) }));
  await session.query(await readFile(FOREIGN_TABLES, "utf8"));
  await session.query(await readFile(RIVALS, "utf8"));
  await fill(database, inserts);
  await guardIsOn(session);
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
  return {
    database,
    declared: await declaredRefusals(session),
    chronicle: new Chronicle(),
    model,
    streams,
    ids,
    reader: await LakeReader.open(database),
  };
}
