/** The turn against a real catalog: other clients wait for it, it is short, and it is never over a user's open transaction. */
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

const sql = (text: string, ...values: unknown[]) => trickle().pool().query(text, values);

async function countOf(condition: string): Promise<number> {
  const [row] = await duckdb.rows(`select count(*)::int as n from lake.main.events where ${condition}`);
  return Number(row?.["n"]);
}

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("create table lake.main.other (n integer)");
  await sql("create foreign table lake.other (n int) server lake options (schema_name 'main', table_name 'other')");
  await sql("create schema if not exists turn_test; grant usage on schema turn_test to public");
});

beforeEach(async () => {
  await duckdb.run("delete from lake.main.events");
  await duckdb.run("insert into lake.main.events select uuid(), 'k' || (range % 100), 1, now() from range(2000)");
  await duckdb.run("delete from lake.main.events where event_type = 'k99'");
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
  await sql("drop trigger if exists stand_in on ducklake.ducklake_snapshot");
});

const LOCKS =
  "select count(*)::int as n from pg_locks where locktype = 'advisory' and classid = 1886872427 and objid = 7001";

/** A trigger on commits, the engine's only, in place of the extension's guard. */
async function onOurCommits(body: string): Promise<void> {
  await sql(`create or replace function turn_test.stand_in() returns trigger language plpgsql as $$ begin
    if coalesce(current_setting('pgtrickle.turn', true), '') = 'mine' then ${body} end if; return new; end $$`);
  await sql(`create trigger stand_in before insert on ducklake.ducklake_snapshot
    for each row execute function turn_test.stand_in()`);
}

describe("a change that meets a conflict", () => {
  test("holds the turn in its COMMIT only, and others wait until it is over", async () => {
    await sql("create table turn_test.seen (held boolean); grant insert on turn_test.seen to public");
    const held = `exists (${LOCKS.replace("count(*)::int as n", "")} and mode = 'ExclusiveLock' and granted)`;
    await onOurCommits(`insert into turn_test.seen select ${held};`);
    const client = await connect();
    await client.query("begin");
    await client.query("delete from lake.events where event_type = 'k1'");
    expect((await sql(LOCKS)).rows).toEqual([{ n: 0 }]);
    await duckdb.run("insert into lake.main.events values (uuid(), 'theirs', 1, now())");
    await client.query("commit");
    expect((await sql("select held from turn_test.seen")).rows).toEqual([{ held: true }]);
    expect((await sql(LOCKS)).rows).toEqual([{ n: 0 }]);
    expect([await countOf("event_type = 'k1'"), await countOf("event_type = 'theirs'")]).toEqual([0, 1]);
  });

  test("waits for another client's commit that is under way, and goes on after it", async () => {
    const blocker = await connect();
    const client = await connect();
    await client.query("begin");
    await client.query("delete from lake.events where event_type = 'k2'");
    await duckdb.run("insert into lake.main.events values (uuid(), 'theirs', 1, now())");
    await blocker.query("begin");
    await blocker.query("select pg_advisory_xact_lock_shared(1886872427, 7001)");
    const committed = client.query("commit");
    await until(async () => (await sql(`${LOCKS} and not granted`)).rows[0].n > 0);
    await duckdb.run("insert into lake.main.other values (1)");
    await blocker.query("commit");
    await committed;
    expect(await countOf("event_type = 'k2'")).toBe(0);
  });
});

describe("a commit that the guard refuses", () => {
  const refuse = (condition: string) =>
    onOurCommits(`if ${condition} then raise exception 'pgtrickle guard: the deletion is dated to another commit'
      using hint = 'run the transaction again'; end if;`);

  test("is made again, and succeeds", async () => {
    await sql("create sequence if not exists turn_test.tries; grant usage on sequence turn_test.tries to public");
    await sql("alter sequence turn_test.tries restart");
    await refuse("nextval('turn_test.tries') <= 2");
    const client = await connect();
    const deleted = await client.query("delete from lake.events where event_type = 'k3'");
    expect([deleted.rowCount, await countOf("event_type = 'k3'")]).toEqual([20, 0]);
    expect((await sql("select last_value::int as n from turn_test.tries")).rows).toEqual([{ n: 3 }]);
  });

  test("again and again ends with 40001 and the guard's own words, and nothing is committed", async () => {
    await sql("create sequence if not exists turn_test.tries; grant usage on sequence turn_test.tries to public");
    await sql("alter sequence turn_test.tries restart");
    await refuse("nextval('turn_test.tries') > 0");
    const client = await connect();
    const error = await failureOf(client.query("delete from lake.events where event_type = 'k4'"));
    expect(error.code).toBe("40001");
    expect(error.message).toBe("the deletion is dated to another commit");
    expect(error.hint).toMatch(/run the transaction again/);
    expect(await countOf("event_type = 'k4'")).toBe(20);
    expect((await sql("select last_value::int as n from turn_test.tries")).rows).toEqual([{ n: 6 }]);
  });
});

describe("a deletion beside another commit is not lost", () => {
  type Other = (at: number) => Promise<unknown>;
  const duckInto = (table: string, values: string): Other => {
    return () => duckdb.run(`insert into lake.main.${table} values (${values})`);
  };
  const others: readonly (readonly [string, Other])[] = [
    ["a plain DuckDB's insert into another table", duckInto("other", "1")],
    ["a plain DuckDB's insert into the same table", duckInto("events", "uuid(), 'theirs', 1, now()")],
    [
      "a plain DuckDB's delete from the same file",
      (at) => duckdb.run(`delete from lake.main.events where event_type = 'k${at + 50}'`),
    ],
    ["another session's insert into another table", () => sql("insert into lake.other values (1)")],
    [
      "another session's delete from another table",
      () => sql("delete from lake.other where n = -1; insert into lake.other values (2)"),
    ],
  ];
  const changes: readonly (readonly [string, (at: number) => string])[] = [
    ["DELETE", (at) => `delete from lake.events where event_type = 'k${at}'`],
    ["DELETE row by row", (at) => `delete from lake.events where event_type = 'k${at}' and random() < 2`],
    ["UPDATE", (at) => `update lake.events set event_type = 'moved' where event_type = 'k${at}'`],
  ];
  const cases = others.flatMap(([name, other]) => changes.map(([kind, change]) => ({ name, other, kind, change })));

  /** Two changes in a transaction, the other commit before, between or after them. */
  async function beside(moment: number, change: (at: number) => string, other: Other): Promise<void> {
    const client = await connect();
    const keys = [moment * 2 + 10, moment * 2 + 11];
    const steps: (() => Promise<unknown>)[] = keys.map((key) => () => client.query(change(key)));
    steps.splice(moment, 0, () => other(moment * 2 + 10));
    await client.query("begin");
    for (const step of steps) await step();
    await client.query("commit");
  }

  test.each(cases)("$kind beside $name", async ({ other, kind, change }) => {
    for (const moment of [0, 1, 2]) await beside(moment, change, other);
    expect(await countOf("event_type in ('k10', 'k11', 'k12', 'k13', 'k14', 'k15')")).toBe(0);
    expect(await countOf("event_type = 'moved'")).toBe(kind === "UPDATE" ? 120 : 0);
    expect(await countOf("event_type = 'k20'")).toBe(20);
  });
});

/** False after a conflict: an insert fails beside a deletion from the same table that was first. */
async function insert(writer: DuckdbClient): Promise<boolean> {
  try {
    await writer.run("insert into lake.main.events values (uuid(), 'theirs', 1, now())");
    return true;
  } catch (error) {
    if (/Transaction conflict/.test(String(error))) return false;
    throw error;
  }
}

/** Commits 60 ms apart until told to stop; how many. */
async function commitOn(writer: DuckdbClient, isStopped: () => boolean): Promise<number> {
  let commits = 0;
  while (!isStopped()) {
    if (await insert(writer)) commits += 1;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return commits;
}

describe("a plain DuckDB that commits every 60 ms", () => {
  test("does not stop deletions from the table that it writes to, and loses none of its rows", async () => {
    const writer = await trickle().duckdb({ readOnly: false });
    const client = await connect();
    let isStopped = false;
    const writing = commitOn(writer, () => isStopped);
    for (let at = 0; at < 30; at += 1) {
      const deleted = await client.query(`delete from lake.events where event_type = 'k${at}'`);
      expect(deleted.rowCount).toBe(20);
    }
    isStopped = true;
    const commits = await writing;
    expect(commits).toBeGreaterThan(0);
    expect(await countOf("event_type = 'theirs'")).toBe(commits);
    expect(await countOf("event_type in ('k0', 'k7', 'k29')")).toBe(0);
  });
});
