/** No read is short in silence: by whichever way rows are asked for, a read that fails late ends with its error. */
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { createLongTable, loseFile, ROWS } from "./testing/broken-lake.ts";
import { cancel, connectEngine, failureOf } from "./testing/engine-client.ts";

/** The largest integer: one more is an error. */
const OVERFLOWS = 2_147_483_647;

const trickle = useTrickle();
const pool = () => trickle().pool();
let duckdb: DuckdbClient;
let client: Client;
let putBack: () => void = () => undefined;

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  // A row more is in the catalog, and the last file is one that every snapshot needs.
  await duckdb.run("call lake.set_option('data_inlining_row_limit', 10)");
  await createLongTable(duckdb, "late", OVERFLOWS);
  for (const name of ["files", "kept"]) await createLongTable(duckdb, name);
  for (const name of ["late", "files", "kept"]) {
    await pool().query(
      `create foreign table lake.${name} (id bigint, v integer, w text) server lake options (schema_name 'main', table_name '${name}')`,
    );
  }
  client = await connectEngine(trickle().lake);
});

afterEach(async () => {
  putBack();
  putBack = () => undefined;
  await client.query("rollback");
});

afterAll(async () => {
  await client.end();
  duckdb.close();
});

function lose(name: string): void {
  putBack = loseFile(trickle().dataPath, name, -1);
}

const BAD_VALUE = { code: "22003", message: /Overflow in addition of INT32/ };
const LOST_FILE = { code: "LT012", message: /No such file/ };

const CASES = [
  { what: "a value", name: "late", want: BAD_VALUE, breakIt: () => undefined },
  { what: "a lost file", name: "files", want: LOST_FILE, breakIt: () => lose("files") },
];

describe.each(CASES)("$what that fails a read late", ({ name, want, breakIt }) => {
  const query = `select id, v + 1, w from main.${name}`;
  const expected = { code: want.code, message: expect.stringMatching(want.message) };

  test("ends a simple query", async () => {
    breakIt();
    expect(await failureOf(client.query(query))).toMatchObject(expected);
    expect((await client.query("select 1")).rows).toHaveLength(1);
  });

  test("ends a simple query at a snapshot", async () => {
    const head = (await pool().query("select max(snapshot_id) as id from ducklake.ducklake_snapshot")).rows[0].id;
    breakIt();
    expect(await failureOf(client.query(`select id, v + 1, w from main."${name}@${head}"`))).toMatchObject(expected);
  });

  test("ends an extended query", async () => {
    breakIt();
    expect(await failureOf(client.query(`${query} where id >= $1`, [0]))).toMatchObject(expected);
  });

  test("ends a FETCH of a cursor, whose first rows were right", async () => {
    await client.query("begin");
    await client.query(`declare c cursor for ${query}`);
    expect((await client.query("fetch 100 from c")).rows).toHaveLength(100);
    breakIt();
    expect(await failureOf(client.query("fetch all from c"))).toMatchObject(expected);
    expect((await failureOf(client.query("fetch all from c"))).code).toBe("25P02");
  });

  test("ends a cursor that had to give its connection to another statement", async () => {
    await client.query("begin");
    await client.query(`declare c cursor for ${query}`);
    await client.query("fetch 100 from c");
    breakIt();
    const failed = await failureOf(
      (async () => {
        await client.query("select count(*) from main.kept where id < 5");
        await client.query("fetch all from c");
      })(),
    );
    expect(failed).toMatchObject(expected);
  });

  test("ends a query of a foreign table", async () => {
    breakIt();
    const counted = pool().query(`select count(*) from (select id from lake.${name} where v + v > 0 offset 0) as s`);
    expect(await failure(counted)).toMatchObject(expected);
  });

  test("keeps a stream table from being filled, and says why", async () => {
    breakIt();
    const created = pool().query("select pgtrickle.create_stream_table('public', $1, $2, null, 'FULL')", [
      `made_of_${name}`,
      `select id, v + 1 as next from lake.${name}`,
    ]);
    expect(await failure(created)).toMatchObject(expected);
  });
});

describe("a stream table of which a part cannot be read", () => {
  const contents = async (name: string) =>
    (await pool().query(`select count(*)::int as n, sum(next)::text as total from ${name}`)).rows[0];
  const create = async (name: string) => {
    await createLongTable(duckdb, name);
    await pool().query(
      `create foreign table lake.${name} (id bigint, v integer, w text) server lake options (schema_name 'main', table_name '${name}')`,
    );
    await pool().query("select pgtrickle.create_stream_table('public', $1, $2, null, 'FULL')", [
      `of_${name}`,
      `select id, v + 1 as next from lake.${name}`,
    ]);
  };

  beforeAll(async () => {
    for (const name of ["grown", "held"]) await create(name);
  });

  test("keeps its rows when a value makes its refresh fail", async () => {
    const before = await contents("of_grown");
    await duckdb.run(`insert into lake.main.grown values (${ROWS}, ${OVERFLOWS}, 'bad')`);
    const refreshed = pool().query("select pgtrickle.refresh('of_grown')");
    expect(await failure(refreshed)).toMatchObject({
      code: "22003",
      message: expect.stringMatching(BAD_VALUE.message),
    });
    expect(await contents("of_grown")).toEqual(before);
  });

  test("keeps its rows when a lost file makes its refresh fail", async () => {
    const before = await contents("of_held");
    await duckdb.run(`insert into lake.main.held values (${ROWS}, 5, 'good')`);
    lose("held");
    const refreshed = pool().query("select pgtrickle.refresh('of_held')");
    expect(await failure(refreshed)).toMatchObject({
      code: "LT012",
      message: expect.stringMatching(LOST_FILE.message),
    });
    expect(await contents("of_held")).toEqual(before);
  });

  test.each(["engine", "rows"])("is not said to differ, or to be right, by verify at level %s", async (level) => {
    await pool().query(
      "insert into pgtrickle_internal.settings values ('verify_rows_limit', 10000000) on conflict do nothing",
    );
    lose("held");
    const verified = pool().query("select ok, row_count from pgtrickle.verify('of_held', $1)", [level]);
    expect(await failure(verified)).toMatchObject({
      code: "LT012",
      message: expect.stringMatching(/^data file \d+ of main\.held is gone from the storage: /),
    });
    await pool().query("delete from pgtrickle_internal.settings");
  });
});

describe("a read that is cancelled", () => {
  const WHOLE = "14863 rows";

  /** Rows come seldom, so that a cancel meets DuckDB at work and not the rows on their way. */
  const seldom = (table: string) =>
    `select a.id from ${table} a, ${table} b where (a.id * 7 + b.id * 13) % 1009 = 0 and b.id < 100`;

  test.each(["", "at a snapshot"])("ends with 57014 or with all of its rows %s", async (where) => {
    const head = (await pool().query("select max(snapshot_id) as id from ducklake.ducklake_snapshot")).rows[0].id;
    const query = seldom(where === "" ? "main.kept" : `main."kept@${head}"`);
    const ends: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      await client.query("begin");
      await client.query(`declare c cursor for ${query}`);
      await client.query("fetch 1 from c");
      const fetched = client.query("fetch 10000000 from c").then(
        ({ rows }) => `${rows.length} rows`,
        (error: { code: string }) => error.code,
      );
      for (let turn = 0; turn < round * 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      cancel(trickle().lake, client);
      ends.push(await fetched);
      await client.query("rollback");
    }
    expect(ends.filter((end) => end !== WHOLE)).toEqual(ends.filter((end) => end === "57014"));
    expect(ends).toContain("57014");
  });
});
