/** A data file that another client has added from outside the data path: what is told, what still works, and both ways out. */
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { useSchedulerRounds } from "../extension/testing/scheduler-rounds.ts";
import { failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
const round = useSchedulerRounds(trickle);
const outside = temporaryFolder();
const sql = (text: string) => trickle().pool().query(text);
let duckdb: DuckdbClient;

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
});

afterAll(() => {
  duckdb.close();
  outside.remove();
});

const rowsOf = async (name: string) => (await sql(`select k, n::int, total::int from ${name} order by k`)).rows;
const head = async () =>
  Number((await sql("select max(snapshot_id) as id from ducklake.ducklake_snapshot")).rows[0].id);

interface Outside {
  readonly path: string;
  readonly before: number;
}

/** A stream table over three rows, and then two more in a file elsewhere. */
async function withFileOutside(table: string, mode: string): Promise<Outside> {
  await duckdb.run(`create table lake.${table} (k bigint, v bigint)`);
  await duckdb.run(`insert into lake.${table} values (1, 10), (1, 20), (2, 30)`);
  await sql(
    `create foreign table lake.${table} (k bigint, v bigint) server lake options (schema_name 'main', table_name '${table}')`,
  );
  await sql(
    `select pgtrickle.create_stream_table('sums_${table}', 'select k, count(*) as n, sum(v) as total from lake.${table} group by k', null, '${mode}')`,
  );
  const before = await head();
  const path = join(outside.path, `${table}.parquet`);
  await duckdb.run(`copy (select 2::bigint as k, i as v from range(40, 42) r (i)) to '${path}' (format parquet)`);
  await duckdb.run(`call ducklake_add_data_files('lake', '${table}', '${path}')`);
  return { path, before };
}

const OLD = [
  { k: "1", n: 2, total: 30 },
  { k: "2", n: 1, total: 30 },
];
const NEW = [
  { k: "1", n: 2, total: 30 },
  { k: "2", n: 3, total: 111 },
];

const folder = (table: string) => join(trickle().dataPath, "main", table);

interface WayOut {
  readonly name: string;
  readonly mode: string;
  readonly table: string;
  readonly take: (table: string, path: string) => Promise<void>;
}

const WAYS_OUT: readonly WayOut[] = ["DIFFERENTIAL", "FULL"].flatMap((mode) => [
  {
    name: "writing the table anew",
    mode,
    table: `anew_${mode.toLowerCase()}`,
    take: (table) => duckdb.run(`create or replace table lake.${table} as from lake.${table}`),
  },
  {
    name: "deleting its rows, moving the file and adding it again",
    mode,
    table: `moved_${mode.toLowerCase()}`,
    take: async (table, path) => {
      // Rows that are deleted one by one leave the file in the lake.
      await duckdb.run(`call lake.set_option('data_inlining_row_limit', 0, table_name => '${table}')`);
      await duckdb.run(`delete from lake.${table} where filename = '${path}'`);
      const moved = join(folder(table), "moved.parquet");
      mkdirSync(folder(table), { recursive: true });
      renameSync(path, moved);
      await duckdb.run(`call ducklake_add_data_files('lake', '${table}', '${moved}')`);
    },
  },
]);

describe.each(WAYS_OUT)("a file outside the data path, $mode, mended by $name", ({ table, mode, take }) => {
  const name = `sums_${table}`;
  let found: Outside;

  beforeAll(async () => {
    found = await withFileOutside(table, mode);
  });

  test("is named in the error, with the data path and both ways out", async () => {
    expect(await failureOf(sql(`select pgtrickle.refresh('${name}')`))).toMatchObject({
      code: "42501",
      message: `data file ${found.path} is outside the lake's data path ${trickle().dataPath}: write its rows there, or move the file there and add it anew`,
      hint: expect.stringMatching(/create or replace table.*move the file below the data path/),
    });
  });

  test("leaves the table in ERROR, with that said, and its rows as they were", async () => {
    expect(await round(name)).toEqual({ status: "ERROR", error: expect.stringContaining(found.path) });
    expect(await rowsOf(name)).toEqual(OLD);
  });

  test("leaves the snapshots before it as readable as they were", async () => {
    expect(await rowsOf(`pgtrickle.at(null::${name}, ${found.before})`)).toEqual(OLD);
    await sql(`select pgtrickle.refresh('${name}', 'FULL')`);
    expect(await rowsOf(name)).toEqual(OLD);
  });

  test("is mended by that, without anything else", async () => {
    await take(table, found.path);
    expect(await round(name)).toEqual({ status: "ACTIVE", error: null });
    expect(await rowsOf(name)).toEqual(NEW);
  });
});
