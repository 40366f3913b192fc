/** What inspect_lake() says of the catalog and of the places of files, who may ask it, and that ordinary work leaves nothing to find. */
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { findings, mend } from "./testing/lake-findings.ts";
import { useLakeTables } from "./testing/lake-tables.ts";

const lake = useLakeTables();
let one: DuckdbClient;
let two: DuckdbClient;

const sql = <T extends object>(text: string, values?: unknown[]) => lake.sql<T>(text, values);
const found = (table: string | null = null) => findings(sql, table);
const doMend = (text: string) => mend(text, { sql, duckdb: one });

beforeEach(async () => {
  [one, two] = await lake.clients();
  await lake.createTables(one, { rows: 200 });
  expect(await found()).toEqual([]);
});

describe.each([true, false])("in a lake with one client, the guard on: %s", (isOn) => {
  beforeEach(() => lake.sql("select pgtrickle.set_guard($1)", [isOn]));
  afterEach(() => lake.sql("select pgtrickle.set_guard(true)"));

  test("ordinary work and maintenance leave nothing to find", async () => {
    for (const statement of ORDINARY) {
      await one.run(statement);
      expect([statement, await found()]).toEqual([statement, []]);
    }
  });
});

const ORDINARY = [
  "insert into lake.t values (1000, 0), (1001, 0)",
  "delete from lake.t where i in (3, 1000)",
  "delete from lake.t where i >= 10 and i < 40",
  "update lake.t set v = 1 where i >= 50 and i < 80",
  "update lake.t set v = 2 where i in (90, 1001)",
  "begin",
  "insert into lake.t select i, 0 from range(2000, 2100) r (i)",
  "delete from lake.t where i >= 2000 and i < 2030",
  "delete from lake.t where i in (4, 2050)",
  "commit",
  "call ducklake_flush_inlined_data('lake')",
  "delete from lake.t where i in (100, 2060)",
  "delete from lake.t where i >= 110 and i < 130",
  "call ducklake_flush_inlined_data('lake')",
  "insert into lake.t select i, 0 from range(3000, 3100) r (i)",
  "call ducklake_merge_adjacent_files('lake')",
  "delete from lake.t where i in (140, 3001)",
  "call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0)",
  "alter table lake.t add column w integer",
  "update lake.t set w = 1 where i < 100",
  'create table lake."deleted_from_table:0," (i integer)',
  'drop table lake."deleted_from_table:0,"',
  "call ducklake_expire_snapshots('lake', older_than => now() - interval '0 seconds')",
  "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
  "delete from lake.t where i in (141, 3002)",
  "checkpoint lake",
  "delete from lake.t",
];

test("a list of changes that DuckLake cannot read: one that says what the files say", async () => {
  await one.run("begin");
  await one.run("insert into lake.t select i, 0 from range(300, 400) r (i)");
  await one.run("delete from lake.t where i < 20");
  await one.run("delete from lake.other");
  await one.run("insert into lake.other values (1)");
  await one.run("commit");
  await one.run("delete from lake.other where i = 1");
  const head = await lake.head();
  const [other] = await lake.sql<{ id: string }>(
    "select table_id as id from ducklake.ducklake_table where table_name = 'other' and end_snapshot is null",
  );
  // As delta2ducklake writes them.
  await lake.sql(
    `update ducklake.ducklake_snapshot_changes set changes_made = 'inserted_into_table:"main"."t"' where snapshot_id >= $1`,
    [head - 1],
  );
  await expect(two.rows("from ducklake_snapshots('lake')")).rejects.toThrow();
  const t = lake.tableId;
  const changes = [
    `deleted_from_table:${t},inlined_insert:${other?.id},inserted_into_table:${t}`,
    `inlined_delete:${other?.id}`,
  ];
  const all = await found("other");
  expect(all).toEqual(
    [head - 1, head].map((id, n) => ({
      table_name: null,
      kind: "ChangesNotReadable",
      first_snapshot: id,
      last_snapshot: id,
      object: `snapshot ${id}`,
      message: `snapshot ${id} has a list of changes that DuckLake cannot read, so that ducklake_snapshots() fails: inserted_into_table:"main"."t"`,
      mend: `-- in PostgreSQL\nupdate ducklake.ducklake_snapshot_changes set changes_made = '${changes[n]}' where snapshot_id = ${id};`,
    })),
  );
  for (const damage of all) await doMend(damage.mend);
  expect(await found()).toEqual([]);
  expect(await two.rows("select count(*) > 0 as any_there from ducklake_snapshots('lake')")).toEqual([
    { any_there: true },
  ]);
});

test("files outside of the data path: moved, and listed where they are now", async () => {
  const outside = join(dirname(lake.trickle().dataPath), "outside");
  await mkdir(outside, { recursive: true });
  const file = join(outside, "a b.parquet");
  await one.run(`copy (select i::integer as i, 5 as v from range(500, 600) r (i)) to '${file}' (format parquet)`);
  await one.run(`call ducklake_add_data_files('lake', 't', '${file}')`);
  await one.run("delete from lake.t where i >= 500 and i < 530");
  const [added] = await lake.sql<{ id: string; begin: number }>(
    "select data_file_id as id, begin_snapshot::int as begin from ducklake.ducklake_data_file where path = $1",
    [file],
  );
  const id = added?.id;
  const place = join(lake.trickle().dataPath, `main/t/moved-${id}-a b.parquet`);
  const [damage, ...others] = await found("t");
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "FileOutside",
    first_snapshot: added?.begin,
    last_snapshot: null,
    object: `data file ${id}`,
    message: `data file ${id} of main.t is ${file}, outside of the data path ${lake.trickle().dataPath}/: the lake engine may not read it`,
    mend: [
      `-- after copying that file, byte for byte, to ${place}; in PostgreSQL`,
      `update ducklake.ducklake_data_file set path = 'moved-${id}-a b.parquet', path_is_relative = true where data_file_id = ${id};`,
    ].join("\n"),
  });
  expect(await found("main.other")).toEqual([]);
  await cp(file, place);
  await doMend(damage?.mend ?? "");
  await rm(outside, { recursive: true });
  expect(await found()).toEqual([]);
  expect((await lake.rowsAtEachSnapshot()).slice(-2).map(({ rows }) => rows)).toEqual([300, 270]);
});

describe.each([
  {
    name: "a superuser",
    grants: ["alter role inspected_bob superuser"],
    mending: (table: string) => `alter table ${table} owner to pgtrickle_catalog;`,
  },
  {
    name: "a role that is no member of the engine's",
    grants: [
      "grant usage, create on schema ducklake to inspected_bob",
      "grant select, insert, update, delete on all tables in schema ducklake to inspected_bob",
    ],
    mending: (table: string) => `grant select, insert, update, delete on ${table} to pgtrickle_catalog;`,
  },
])("a table of the catalog that $name has made while the extension did not look", ({ grants, mending }) => {
  beforeEach(async () => {
    await lake.sql("create role inspected_bob login password 'bob'");
    for (const grant of grants) await lake.sql(grant);
    await lake.sql("alter event trigger pgtrickle_guard_attach disable");
  });
  afterEach(async () => {
    await lake.sql("alter event trigger pgtrickle_guard_attach enable");
    await lake.sql("reassign owned by inspected_bob to pgtrickle_catalog");
    await lake.sql("drop owned by inspected_bob");
    await lake.sql("drop role inspected_bob");
  });

  test("keeps the engine's role out until it is opened", async () => {
    const { attach } = lake.trickle();
    const bob = await openDuckdb({ ...attach, catalog: { ...attach.catalog, user: "inspected_bob", password: "bob" } });
    await bob.run("delete from lake.t where i = 3").finally(() => bob.close());
    await expect(one.rows("from lake.t")).rejects.toThrow();
    const table = `ducklake.ducklake_inlined_delete_${lake.tableId}`;
    const wanted = {
      table_name: "main.t",
      kind: "TableNotReadable",
      first_snapshot: null,
      last_snapshot: null,
      object: table,
      message: `${table} belongs to inspected_bob, and pgtrickle_catalog, the engine's role, may not select, insert, update, delete it`,
      mend: `-- in PostgreSQL, as a superuser\n${mending(table)}`,
    };
    expect(await found()).toEqual([wanted]);
    expect(await found("t")).toEqual([wanted]);
    expect(await found("other")).toEqual([]);
    await doMend(wanted.mend);
    expect(await found()).toEqual([]);
    // A client that was refused before takes it that there are no such deletions, until somebody commits.
    expect((await lake.rowsAtEachSnapshot()).at(-1)?.rows).toBe(199);
  });
});

test("without a table that all others are found by, it says so and no more", async () => {
  await lake.sql("revoke select, delete on ducklake.ducklake_snapshot from pgtrickle_catalog");
  const all = await found("nothing of that name");
  expect(all).toEqual([
    {
      table_name: null,
      kind: "TableNotReadable",
      first_snapshot: null,
      last_snapshot: null,
      object: "ducklake.ducklake_snapshot",
      message:
        "ducklake.ducklake_snapshot belongs to pgtrickle_catalog, and pgtrickle_catalog, the engine's role, may not select, delete it",
      mend: "-- in PostgreSQL, as a superuser\ngrant all on ducklake.ducklake_snapshot to pgtrickle_catalog;",
    },
  ]);
  await doMend(all[0]?.mend ?? "");
  expect(await found()).toEqual([]);
});

test("a table that the lake does not have is refused, and the hint names those that it has", async () => {
  const refused = await found("lake.nothing").then(
    () => "found",
    (error: Error & { hint?: string; code?: string }) => `${error.code} ${error.message} ${error.hint}`,
  );
  expect(refused).toMatch(/^TR021 there is no lake table lake\.nothing Lake tables are .*main\.other, main\.t\.$/);
});

test("members of pgtrickle_admin may ask, nobody else", async () => {
  await lake.sql("create role inspecting_admin in role pgtrickle_admin");
  await lake.sql("create role inspecting_nobody");
  const client = await lake.trickle().pool().connect();
  try {
    await client.query("set role inspecting_admin");
    expect((await client.query("select * from pgtrickle.inspect_lake()")).rows).toEqual([]);
    await client.query("set role inspecting_nobody");
    await expect(client.query("select * from pgtrickle.inspect_lake()")).rejects.toThrow(
      "permission denied for function inspect_lake",
    );
  } finally {
    await client.query("reset role");
    client.release();
    await lake.sql("drop role inspecting_admin, inspecting_nobody");
  }
});

// The last one: what it leaves no DuckDB can drop.
test("what the guard has recorded: those snapshots are let go", async () => {
  const [file] = await lake.sql<{ id: string }>(
    "select data_file_id as id from ducklake.ducklake_data_file where table_id = $1",
    [lake.tableId],
  );
  const head = await lake.head();
  // As no DuckLake does it: a delete file dated to the head, with nothing replaced.
  await lake.sql(
    `with c as (insert into ducklake.ducklake_snapshot select snapshot_id + 1, now(), schema_version, next_catalog_id, 901
       from ducklake.ducklake_snapshot where snapshot_id = ${head}),
     l as (insert into ducklake.ducklake_snapshot_changes values (${head + 1}, 'deleted_from_table:${lake.tableId}'))
     insert into ducklake.ducklake_delete_file values (900, ${lake.tableId}, ${head - 1}, null, ${file?.id}, 'x', true, 'parquet', 1, 1, 1, null, ${head})`,
  );
  const [record] = await lake.sql<{ at: string }>(
    `select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from pgtrickle_guard.records`,
  );
  const [damage, ...others] = await found();
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "RecordedByGuard",
    first_snapshot: head,
    last_snapshot: head,
    object: `data file ${file?.id}`,
    message: `the guard has recorded at ${record?.at}: a deletion is dated to an earlier snapshot than its own; the rows of data file ${file?.id} are wrong in these snapshots`,
    mend: `-- in DuckDB, the lake attached as lake\ncall ducklake_expire_snapshots('lake', versions => [${head}]);`,
  });
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
});
