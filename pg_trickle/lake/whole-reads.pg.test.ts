/** No read is short in silence: by whichever way rows are asked for, a read that fails late ends with its error. */
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../test/stack/ducklake.ts";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { createLateValue, createManyFiles, loseLastFile } from "./testing/broken-lake.ts";
import { connectEngine, failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
const pool = () => trickle().pool();
let duckdb: DuckdbClient;
let client: Client;
let putBack: () => void = () => undefined;

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await createLateValue(duckdb, "late");
  for (const name of ["files", "kept"]) await createManyFiles(duckdb, name);
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
  putBack = loseLastFile(trickle().dataPath, name);
}

const BAD_VALUE = { code: "22003", message: /Overflow in addition of INT32 \(2147483647 \+ 1\)/ };
const LOST_FILE = { code: "58030", message: /No such file/ };

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
    const counted = pool().query(`select count(*) from (select id from lake.${name} where v + 1 > 0 offset 0) as s`);
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
