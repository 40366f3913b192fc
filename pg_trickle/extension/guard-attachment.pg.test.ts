/** Where the guard is: on every table of the catalog, whoever made it and whenever; and gone without trace when it has to go. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { openTrickle } from "../../test/support/trickle.ts";
import { useLakeTables } from "./testing/lake-tables.ts";
import { restoredCopy } from "./testing/restored-copy.ts";

const lake = useLakeTables();
let one: DuckdbClient;
let two: DuckdbClient;

/** Every trigger, index and object of ours that is attached to the catalog. */
const attached = () =>
  lake.sql(
    `select c.relname as relation, t.tgname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where c.relnamespace = 'ducklake'::regnamespace and not t.tgisinternal
     union all select tablename, indexname from pg_indexes where schemaname = 'ducklake' and indexname !~ '_pkey$' order by 1, 2`,
  );

const missing = () =>
  lake.sql(
    `select relation, name from pgtrickle_guard.wanted() w
     where not exists (select from pg_trigger t where t.tgrelid = w.relation and t.tgname = w.name and t.tgfoid = w.function)`,
  );

/** A deletion that another commit comes before, in a file with a deletion; the rows at the other commit's snapshot. */
async function rowsAtTheOtherCommit(): Promise<number | undefined> {
  await one.run("delete from lake.t where i < 20");
  await one.run("begin");
  await one.run("delete from lake.t where i >= 20 and i < 40");
  await two.run("insert into lake.other values (1)");
  await one.run("commit");
  return (await lake.rowsAtEachSnapshot()).at(-2)?.rows;
}

beforeEach(async () => {
  [one, two] = await lake.clients();
  await lake.createTables(one, { rows: 100 });
});

test("it is on the tables that DuckLake made after the extension, and on those that commits make later", async () => {
  expect(await missing()).toEqual([]);
  await one.run("delete from lake.t where i = 1");
  await one.run("alter table lake.t add column w integer");
  await one.run("insert into lake.t values (1, 1, 1)");
  expect(await missing()).toEqual([]);
  expect(await attached()).toContainEqual({
    relation: `ducklake_inlined_delete_${lake.tableId}`,
    name: "pgtrickle_guard_inlined",
  });
});

test("each trigger runs with the rights of the catalog's reader, whoever commits", async () => {
  const functions = await lake.sql(
    `select distinct p.proname as name, p.proowner::regrole::text as owner, p.prosecdef as is_definer
     from pg_trigger t join pg_proc p on p.oid = t.tgfoid
     where p.pronamespace = 'pgtrickle_guard'::regnamespace and p.proname <> 'take_move'`,
  );
  expect(functions.length).toBeGreaterThan(5);
  for (const found of functions) expect(found).toMatchObject({ owner: "pgtrickle_catalog_reader", is_definer: true });
});

describe.each([
  {
    name: "that is a member of the catalog role",
    grants: ["grant pgtrickle_catalog to guarded_bob"],
    owner: "pgtrickle_catalog",
  },
  {
    name: "that was granted what it needs",
    grants: [
      "grant usage, create on schema ducklake to guarded_bob",
      "grant select, insert, update, delete on all tables in schema ducklake to guarded_bob",
    ],
    owner: "guarded_bob",
  },
])("a client in a role of its own $name", ({ grants, owner }) => {
  let bob: DuckdbClient;

  beforeAll(async () => {
    await lake.sql("drop role if exists guarded_bob");
    await lake.sql("create role guarded_bob login password 'bob'");
    await lake.clients();
    for (const grant of grants) await lake.sql(grant);
    const { attach } = lake.trickle();
    bob = await openDuckdb({ ...attach, catalog: { ...attach.catalog, user: "guarded_bob", password: "bob" } });
  });
  afterAll(async () => {
    bob.close();
    await lake.sql("drop owned by guarded_bob cascade");
    await lake.sql("drop role guarded_bob");
  });

  test("commits under the guard, and what it makes is guarded and open to the engine's role", async () => {
    await bob.run("create table lake.bobs (i integer)");
    await bob.run("insert into lake.bobs select i from range(100) r (i)");
    await bob.run("delete from lake.bobs where i < 20");
    await bob.run("delete from lake.bobs where i = 50");
    await bob.run("delete from lake.bobs where i > 80");
    await bob.run("call ducklake_flush_inlined_data('lake', table_name => 'bobs')");
    expect(await missing()).toEqual([]);
    const owners = await lake.sql(
      `select distinct c.relowner::regrole::text as owner from pg_class c join ducklake.ducklake_table t
         on c.relname = format('ducklake_inlined_delete_%s', t.table_id) where t.table_name = 'bobs' and t.end_snapshot is null`,
    );
    expect(owners).toEqual([{ owner }]);
    await one.run("delete from lake.bobs where i = 51");
    await one.run("insert into lake.bobs values (1)");
    await one.run("call ducklake_flush_inlined_data('lake', table_name => 'bobs')");
    expect(await one.rows("select count(i)::integer as n from lake.bobs")).toEqual([{ n: 60 }]);
    await one.run("drop table lake.bobs");
  });
});

describe("the turn", () => {
  test("is waited for by a commit, and not by a session that has it", async () => {
    const holder = await lake.trickle().pool().connect();
    try {
      await holder.query("select pg_advisory_lock(1886872427, 7001)");
      let isDone = false;
      const commit = two.run("insert into lake.other values (2)").then(() => {
        isDone = true;
      });
      const waiting =
        "select count(*)::int as n from pg_locks where locktype = 'advisory' and classid = 1886872427 and not granted";
      await expect.poll(async () => (await lake.sql<{ n: number }>(waiting))[0]?.n, { timeout: 50_000 }).toBe(1);
      expect(isDone).toBe(false);
      await holder.query("begin");
      await holder.query("set local pgtrickle.turn = 'mine'");
      await holder.query("insert into ducklake.ducklake_snapshot values (1000000, now(), 1, 1, 1)");
      await holder.query("rollback");
      await holder.query("select pg_advisory_unlock(1886872427, 7001)");
      await commit;
    } finally {
      holder.release(true);
    }
  });
});

describe("switched off", () => {
  test("only an administrator can", async () => {
    await lake.sql("drop role if exists guarded_nobody");
    await lake.sql("create role guarded_nobody");
    const client = await lake.trickle().pool().connect();
    try {
      await client.query("set role guarded_nobody");
      const refused = await client.query("select pgtrickle.set_guard(false)").then(
        () => "done",
        (error: Error & { code?: string }) => error.code,
      );
      expect(refused).toBe("42501");
    } finally {
      client.release(true);
      await lake.sql("drop role guarded_nobody");
    }
  });

  test("it leaves the catalog as DuckLake makes it, also where tables come later, until it is on again", async () => {
    await lake.sql("select pgtrickle.set_guard(false)");
    expect(await attached()).toEqual([]);
    await one.run("create table lake.later (i integer)");
    await lake.sql("select pgtrickle.maintain()");
    expect(await attached()).toEqual([]);
    // What the guard is for.
    expect(await rowsAtTheOtherCommit()).toBe(60);
    await lake.sql("select pgtrickle.set_guard(true)");
    expect(await missing()).toEqual([]);
    await lake.createTables(one, { rows: 100 });
    expect(await rowsAtTheOtherCommit()).toBe(80);
  });
});

test("what somebody has dropped, disabled or replaced is completed by maintain()", async () => {
  const before = await attached();
  await lake.sql("drop trigger pgtrickle_guard_deletions on ducklake.ducklake_delete_file");
  await lake.sql("drop index ducklake.pgtrickle_guard_delete_file");
  await lake.sql("alter table ducklake.ducklake_snapshot_changes disable trigger pgtrickle_guard_changes");
  await lake.sql("select pgtrickle.maintain()");
  expect(await attached()).toEqual(before);
  expect(
    await lake.sql("select tgname from pg_trigger where tgname ~ '^pgtrickle_guard' and tgenabled <> 'O'"),
  ).toEqual([]);
  expect(await rowsAtTheOtherCommit()).toBe(80);
});

describe("after a dump and a restore", () => {
  test.each([
    { name: "with the triggers in the dump", hasTriggers: true },
    { name: "with the triggers lost", hasTriggers: false },
  ])("$name, it is complete when the database is adopted", async ({ hasTriggers }) => {
    await one.run("delete from lake.t where i = 1");
    const before = await attached();
    const copy = await restoredCopy(lake.trickle(), { hasTriggers });
    try {
      expect(await copy.query("select pgtrickle_internal.is_adopted() as value")).toEqual([{ value: false }]);
      await copy.query("select pgtrickle.adopt()");
      const after = await copy.query(
        `select c.relname as relation, t.tgname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where c.relnamespace = 'ducklake'::regnamespace and not t.tgisinternal
         union all select tablename, indexname from pg_indexes where schemaname = 'ducklake' and indexname !~ '_pkey$' order by 1, 2`,
      );
      expect(after).toEqual(before);
      const client = await copy.duckdb();
      await client.run("delete from lake.t where i = 2");
      expect(await client.rows("select count(i)::integer as n from lake.t")).toEqual([{ n: 98 }]);
      client.close();
      await copy.query("drop extension pg_trickle");
      expect(await copy.query("select tgname from pg_trigger where tgname ~ '^pgtrickle'")).toEqual([]);
    } finally {
      await copy.drop();
    }
  });
});

test("DROP EXTENSION leaves a lake that everybody can write, and nothing of the guard; created again, it is back", async () => {
  const other = await openTrickle({ engine: false, setupFile: false });
  try {
    const client = await other.duckdb({ readOnly: false });
    await client.run("create table lake.t (i integer)");
    await client.run("insert into lake.t select i from range(100) r (i)");
    await client.run("delete from lake.t where i = 1");
    const pool = other.pool();
    await pool.query("drop extension pg_trickle cascade");
    const left = await pool.query(
      `select tgname as name from pg_trigger where not tgisinternal
       union all select indexname from pg_indexes where schemaname = 'ducklake' and indexname !~ '_pkey$'
       union all select nspname from pg_namespace where nspname ~ '^pgtrickle'
       union all select proname from pg_proc where proname ~ 'guard' union all select evtname from pg_event_trigger`,
    );
    expect(left.rows).toEqual([]);
    await client.run("delete from lake.t where i = 2");
    await client.run("delete from lake.t where i < 40");
    await client.run("call ducklake_flush_inlined_data('lake')");
    await pool.query("create extension pg_trickle cascade");
    const { rows } = await pool.query("select count(*)::int as n from pg_trigger where tgname ~ '^pgtrickle_guard'");
    expect(rows).toEqual([{ n: 8 }]);
    await client.run("delete from lake.t where i < 60");
    expect(await client.rows("select count(i)::integer as n from lake.t")).toEqual([{ n: 40 }]);
  } finally {
    await other.drop();
  }
});
