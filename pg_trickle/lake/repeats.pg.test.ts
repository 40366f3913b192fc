/** A DELETE or UPDATE that meets another client's commit is made again while the others wait, or fails with 40001: never lost. */
import { Client } from "pg";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
const clients: Client[] = [];
let duckdb: DuckdbClient;

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: trickle().url });
  await client.connect();
  clients.push(client);
  return client;
}

/** Rows at head as a plain DuckDB sees them. */
async function types(): Promise<unknown> {
  const found = await duckdb.rows(
    "select event_type as t, sum(value)::int as v, count(*)::int as n from lake.main.events group by 1 order by 1",
  );
  return Object.fromEntries(found.map((row) => [row["t"], [row["v"], row["n"]]]));
}

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("create table lake.main.other (n integer)");
  await trickle()
    .pool()
    .query("create foreign table lake.other (n int) server lake options (schema_name 'main', table_name 'other')");
});

beforeEach(async () => {
  await duckdb.run("delete from lake.main.events");
  await duckdb.run("insert into lake.main.events select uuid(), 'k' || (range % 50), 1, now() from range(1000)");
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
});

const LOCAL = "and random() < 2";

describe("beside a plain DuckDB's insert into the same table", () => {
  test.each([
    ["a DELETE", "delete from lake.events where event_type = 'k5'"],
    ["a DELETE row by row", `delete from lake.events where event_type = 'k5' ${LOCAL}`],
    ["an UPDATE", "update lake.events set value = value + 1, event_type = 'k5 new' where event_type = 'k5'"],
    [
      "an UPDATE row by row",
      `update lake.events set value = value + (random() < 2)::int, event_type = 'k5 new' where event_type = 'k5'`,
    ],
  ])("%s is made again, and both are there", async (_, change) => {
    const client = await connect();
    await client.query("begin");
    await client.query("insert into lake.events values (gen_random_uuid(), 'mine', 1, now())");
    await client.query(change);
    await client.query("update lake.events set value = 7 where event_type = 'mine'");
    await duckdb.run("insert into lake.main.events values (uuid(), 'theirs', 1, now())");
    await client.query("commit");
    const found = (await types()) as Record<string, unknown>;
    expect(found["k5"]).toBeUndefined();
    expect(found["k5 new"]).toEqual(change.startsWith("update") ? [40, 20] : undefined);
    expect([found["mine"], found["theirs"], found["k6"]]).toEqual([
      [7, 1],
      [1, 1],
      [20, 20],
    ]);
  });

  test("a DELETE that would hit other rows now fails with 40001, and nothing is committed", async () => {
    const client = await connect();
    await client.query("begin");
    await client.query("insert into lake.events values (gen_random_uuid(), 'mine', 1, now())");
    await client.query("delete from lake.events where event_type = 'k5'");
    await duckdb.run("insert into lake.main.events values (uuid(), 'k5', 1, now())");
    const error = await failureOf(client.query("commit"));
    expect(error.code).toBe("40001");
    expect(error.message).toMatch(/main\.events first: a statement that had changed 20 row\(s\) would change 21 now/);
    expect(error.hint).toMatch(/Nothing was committed; run the transaction again/);
    const found = (await types()) as Record<string, unknown>;
    expect([found["k5"], found["mine"]]).toEqual([[21, 21], undefined]);
  });

  test("a SERIALIZABLE transaction fails at once", async () => {
    const client = await connect();
    await client.query("begin isolation level serializable");
    await client.query("delete from lake.events where event_type = 'k5'");
    await duckdb.run("insert into lake.main.events values (uuid(), 'theirs', 1, now())");
    expect((await failureOf(client.query("commit"))).code).toBe("40001");
    expect((await types()) as object).toMatchObject({ k5: [20, 20] });
  });
});

describe("a row-by-row change", () => {
  const change = "update lake.events set value = value + (random() < 2)::int where event_type = 'k5'";

  test.each([
    ["deleted", "delete from lake.main.events where event_type = 'k5' and rowid % 100 = 5", [10, 10]],
    ["changed", "update lake.main.events set value = 100 where event_type = 'k5'", [2000, 20]],
  ])("of rows that another client has %s meanwhile fails with 40001 and changes nothing", async (_, theirs, want) => {
    const client = await connect();
    await client.query("begin");
    await client.query(change);
    await duckdb.run(theirs);
    const error = await failureOf(client.query("commit"));
    expect(error.code).toBe("40001");
    expect(error.message).toMatch(/of 20 row\(s\) of lake table main\.events that were to be changed one by one/);
    expect((await types()) as object).toMatchObject({ k5: want });
  });

  test("of a row that is inlined in the catalog does not undo another client's change of it", async () => {
    const limit = (rows: number) =>
      duckdb.run(`call lake.set_option('data_inlining_row_limit', ${rows}, table_name => 'events')`);
    await limit(10);
    await duckdb.run("insert into lake.main.events values (uuid(), 'inlined', 1, now())");
    const client = await connect();
    await client.query("begin");
    await client.query("update lake.events set value = value + (random() < 2)::int where event_type = 'inlined'");
    await duckdb.run("update lake.main.events set value = 100 where event_type = 'inlined'");
    expect((await failureOf(client.query("commit"))).code).toBe("40001");
    expect((await types()) as object).toMatchObject({ inlined: [100, 1] });
    await client.query("update lake.events set value = value + (random() < 2)::int where event_type = 'inlined'");
    expect((await types()) as object).toMatchObject({ inlined: [101, 1] });
    await limit(0);
  });

  test("of rows whose table hides the file is not made again: nobody could say that they are the same", async () => {
    await duckdb.run("create table lake.main.logs (filename varchar, n integer)");
    await duckdb.run("insert into lake.main.logs select 'a' || range, 0 from range(100)");
    const client = await connect();
    await client.query(
      "create foreign table lake.logs (filename text, n int) server lake options (schema_name 'main', table_name 'logs')",
    );
    await client.query("begin");
    await client.query("update lake.logs set n = n + (random() < 2)::int where filename = 'a1'");
    await duckdb.run("insert into lake.main.logs values ('b', 0)");
    const error = await failureOf(client.query("commit"));
    expect(error.code).toBe("40001");
    expect(error.message).toMatch(/rows of lake table main\.logs .* may have been changed by another client/);
    expect(error.hint).toMatch(/no place of their own in a file .*run the transaction again/);
    expect(await duckdb.rows("select sum(n)::int as n from lake.main.logs")).toEqual([{ n: 0 }]);
  });
});

test("a change whose commit was the victim of a deadlock in the catalog is made again", async () => {
  const client = await connect();
  const holder = await connect();
  const statsOf = (table: string) =>
    `update ducklake.${table} set table_id = table_id where table_id = (select table_id from ducklake.ducklake_table where table_name = 'events')`;
  // Only the engine's session looks for deadlocks, so that it is the victim.
  await holder.query("set deadlock_timeout = '1min'");
  await holder.query("begin");
  await holder.query(statsOf("ducklake_table_column_stats"));
  const change = client.query("update lake.events set value = value + 1 where event_type = 'k5'");
  await until(async () => {
    const { rows } = await holder.query("select from pg_locks where pg_backend_pid() = any (pg_blocking_pids(pid))");
    return rows.length > 0;
  });
  await holder.query(statsOf("ducklake_table_stats"));
  await holder.query("rollback");
  await change;
  expect((await types()) as object).toMatchObject({ k5: [40, 20] });
});
