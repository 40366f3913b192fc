/** IMPORT FOREIGN SCHEMA from the lake, sent by PostgreSQL's own postgres_fdw. */
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
let duckdb: DuckdbClient;

const sql = async (text: string) => (await trickle().pool().query(text)).rows;
const refusal = (text: string) => failureOf(trickle().pool().query(text));
const imported = async () =>
  (await sql("select relname from pg_class where relnamespace = 'imported'::regnamespace order by 1")).map(
    ({ relname }) => relname,
  );
const columns = (table: string) =>
  sql(`select attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') as column
    from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = '${table.replaceAll("'", "''")}'::regclass and attnum > 0 order by attnum`).then((rows) =>
    rows.map((row) => row.column),
  );

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run(`create table lake.every_type (
    c1 boolean, c2 tinyint, c3 smallint, c4 integer, c5 bigint, c6 hugeint, c7 utinyint, c8 usmallint, c9 uinteger,
    c10 ubigint, c11 uhugeint, c12 float, c13 double, c14 decimal(12, 2), c15 varchar, c16 blob, c17 date, c18 time,
    c19 timetz, c20 timestamp, c21 timestamptz, c22 timestamp_s, c23 timestamp_ms, c24 timestamp_ns, c25 interval,
    c26 uuid, c27 json, c28 varchar[], c29 integer[][], c30 decimal(5, 1)[])`);
  await duckdb.run(`create table lake."Odd 'name'\\" (
    "Key" integer not null, plain integer default 5, worded varchar default 'it''s \\', computed timestamp default now())`);
  await duckdb.run("create view lake.a_view as select 1 as x");
  await duckdb.run("create schema lake.elsewhere");
  await duckdb.run("create table lake.elsewhere.hidden (x integer)");
});

beforeEach(async () => {
  await sql("drop schema if exists imported cascade");
  await sql("create schema imported");
});

afterAll(() => duckdb.close());

describe("import foreign schema main", () => {
  test("makes a foreign table of each lake table, and none of a view or of another schema", async () => {
    await sql("import foreign schema main from server lake into imported");
    expect(await imported()).toEqual(["Odd 'name'\\", "events", "every_type"]);
  });

  test("gives each column PostgreSQL's type", async () => {
    await sql("import foreign schema main limit to (every_type) from server lake into imported");
    expect(await imported()).toEqual(["every_type"]);
    expect((await columns("imported.every_type")).map((column) => column.replace(/^c\d+ /, ""))).toEqual([
      "boolean",
      ...[
        "smallint",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "numeric",
      ],
      ...["real", "double precision", "numeric(12,2)", "text", "bytea", "date", "time without time zone"],
      ...["time with time zone", "timestamp without time zone", "timestamp with time zone"],
      ...Array.from({ length: 3 }, () => "timestamp without time zone"),
      ...["interval", "uuid", "json", "text[]", "integer[]", "numeric(5,1)[]"],
    ]);
  });

  test("what is written through it is read from it and in the lake", async () => {
    await sql("import foreign schema main limit to (every_type) from server lake into imported");
    await sql(`insert into imported.every_type values (true, -1, -2, -3, -4, -5, 1, 2, 3, 18446744073709551615, 5, 1.5,
      2.5, 3.25, 'text', '\\x00ff', '2026-01-02', '01:02:03', '01:02:03+00', '2026-01-02 03:04:05', '2026-01-02 03:04:05+00',
      '2026-01-02 03:04:05', '2026-01-02 03:04:05', '2026-01-02 03:04:05', '1 day', '00000000-0000-0000-0000-000000000001',
      '{"a": 1}', '{a,NULL}', '{{1,2},{3,4}}', '{1.5}')`);
    expect(await sql("select c10::text, c15, c19::text, c27, c28, c29, c30::text from imported.every_type")).toEqual([
      {
        c10: "18446744073709551615",
        c15: "text",
        c19: "01:02:03+00",
        c27: { a: 1 },
        c28: ["a", null],
        c29: [
          [1, 2],
          [3, 4],
        ],
        c30: "{1.5}",
      },
    ]);
    expect(await duckdb.rows("select c14::varchar as c14, c25::varchar as c25 from lake.every_type")).toEqual([
      { c14: "3.25", c25: "1 day" },
    ]);
  });

  test("except (…) leaves those out; NOT NULL is taken, defaults only with import_default", async () => {
    await sql("import foreign schema main except (events, every_type) from server lake into imported");
    expect(await imported()).toEqual(["Odd 'name'\\"]);
    const table = `imported."Odd 'name'\\"`;
    expect(await columns(table)).toEqual([
      "Key integer not null",
      "plain integer",
      "worded text",
      "computed timestamp without time zone",
    ]);
    await sql(`drop foreign table ${table}`);
    await sql(`import foreign schema main limit to ("Odd 'name'\\") from server lake into imported
      options (import_default 'true', import_not_null 'false', import_collate 'false', import_generated 'false')`);
    expect(await columns(table)).toEqual([
      "Key integer",
      "plain integer default 5",
      "worded text default 'it''s \\'::text",
      "computed timestamp without time zone",
    ]);
    await sql(`insert into ${table} ("Key") values (7)`);
    expect(await sql(`select * from ${table}`)).toEqual([{ Key: 7, plain: 5, worded: "it's \\", computed: null }]);
  });

  test("a stream table reads what was imported, also where somebody has changed the lake's table since", async () => {
    await duckdb.run("create table lake.later (k integer, v integer)");
    await sql("import foreign schema main limit to (later) from server lake into imported");
    await sql("insert into imported.later values (1, 2), (1, 3)");
    await sql(
      "select pgtrickle.create_stream_table('later', 'select k, sum(v) as v from imported.later group by k', '1h')",
    );
    expect(await sql("select k, v::int from later")).toEqual([{ k: 1, v: 5 }]);
    await duckdb.run("alter table lake.later add column w integer");
    await sql("drop foreign table imported.later");
    await sql("import foreign schema main limit to (later) from server lake into imported");
    expect(await columns("imported.later")).toEqual(["k integer", "v integer", "w integer"]);
  });

  test("gives a table that was dropped and made anew as it is now", async () => {
    await duckdb.run("create table lake.renewed (a integer)");
    await duckdb.run("drop table lake.renewed");
    await duckdb.run("create table lake.renewed (b varchar not null)");
    await sql("import foreign schema main limit to (renewed) from server lake into imported");
    expect(await columns("imported.renewed")).toEqual(["b text not null"]);
  });
});

describe("refused by name:", () => {
  test("a type that PostgreSQL has not, and how the others are imported", async () => {
    await duckdb.run(`create table lake."Nested" (a integer, s struct(x integer))`);
    expect(await refusal("import foreign schema main from server lake into imported")).toMatchObject({
      code: "LT005",
      message: 'column "s" of lake table main.Nested is a struct, for which PostgreSQL has no type',
      hint: 'Import the others: import foreign schema main except ("Nested") …; and make its foreign table by hand, without that column or with it as text.',
    });
    await sql(`import foreign schema main except ("Nested") from server lake into imported`);
    expect(await imported()).not.toContain("Nested");
    await sql(`create foreign table imported."Nested" (a integer, s text) server lake options (schema_name 'main')`);
    await duckdb.run(`insert into lake."Nested" values (1, {x: 2})`);
    expect(await sql(`select * from imported."Nested"`)).toEqual([{ a: 1, s: "{'x': 2}" }]);
    await duckdb.run(`drop table lake."Nested"`);
  });

  test.each(["elsewhere", "nowhere", "engine", "o'x"])("a schema that is not served: %s", async (schema) => {
    expect(await refusal(`import foreign schema "${schema}" from server lake into imported`)).toMatchObject({
      code: "HV00Q",
      message: `schema "${schema}" is not present on foreign server "lake"`,
    });
  });

  test("the catalog of PostgreSQL, in any other form", async () => {
    await sql("create foreign table imported.pg_class (relname text) server lake options (schema_name 'pg_catalog')");
    expect(await refusal("select * from imported.pg_class")).toMatchObject({
      code: "42501",
      message: 'relation "pg_catalog.pg_class" is not a lake table',
    });
  });
});

test("who has USAGE on the server may import, and nobody else", async () => {
  const role = `importer_${process.pid}`;
  await sql(`create role ${role} login password 'secret'`);
  await sql(`grant create, usage on schema imported to ${role}`);
  const url = new URL(trickle().url);
  url.username = role;
  url.password = "secret";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  const statement = "import foreign schema main limit to (events) from server lake into imported";
  try {
    expect(await failureOf(client.query(statement))).toMatchObject({
      code: "42501",
      message: "permission denied for foreign server lake",
    });
    await sql(`grant usage on foreign server lake to ${role}`);
    await client.query(statement);
    expect((await client.query("select count(*)::int as n from imported.events")).rows).toEqual([{ n: 0 }]);
  } finally {
    await client.end();
    await sql(`drop owned by ${role} cascade`);
    await sql(`drop role ${role}`);
  }
});
