// What engine.describe says of queries, by name.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describePlan } from "./describe.ts";
import { readPlan } from "./plan.ts";
import { startTestDuckdb, type TestDuckdb } from "./testing.ts";

let duckdb: TestDuckdb;

beforeAll(async () => {
  duckdb = await startTestDuckdb(
    "attach ':memory:' as lake",
    `create table lake.main.events(event_id uuid, event_type varchar, value bigint, created_at timestamptz, price decimal(12,2), f double, i integer, j json)`,
    "create table lake.main.places(filename varchar, v bigint)",
  );
});

afterAll(() => duckdb.close());

const TABLES = {
  "lake.events": "main.events",
  "lake.places": "main.places",
  "lake.gone": "main.gone",
  '"Big Lake".events': "main.events",
};
const describeSql = (sql: string) => describePlan(readPlan(JSON.stringify({ sql, tables: TABLES })), duckdb.services);

test("the seed's query", async () => {
  const sql =
    " SELECT event_type,\n    count(*) AS event_count,\n    sum(value) AS total_value\n   FROM lake.events\n  GROUP BY event_type;";
  expect(await describeSql(sql)).toEqual({
    ok: true,
    tables: ["lake.events"],
    columns: [
      { name: "event_type", type: "VARCHAR" },
      { name: "event_count", type: "BIGINT" },
      { name: "total_value", type: "HUGEINT" },
    ],
    time_zone_dependent: false,
    incremental: {
      ok: true,
      keys: [{ column: "k1", output: "event_type", expression: "event_type" }],
      outputs: [
        { column: "event_type", kind: "key", key: 1 },
        { column: "event_count", kind: "count_star" },
        { column: "total_value", kind: "sum", state: 1, type: "HUGEINT" },
      ],
      states: 1,
      global: false,
    },
  });
});

test("equal arguments share a state, keys may be left out, averages are divided later", async () => {
  const sql =
    "SELECT count(e.value) AS c, avg(value) AS a, sum(e.value) AS s, sum((e.price * (2)::numeric)) AS p FROM lake.events e WHERE (e.value > 3) GROUP BY (date_trunc('day'::text, e.created_at)), e.event_type";
  expect(await describeSql(sql)).toMatchObject({
    ok: true,
    time_zone_dependent: true,
    incremental: {
      ok: true,
      keys: [
        { column: "k1", output: null, expression: "date_trunc(CAST('day' AS VARCHAR), e.created_at)" },
        { column: "k2", output: null, expression: "e.event_type" },
      ],
      outputs: [
        { column: "c", kind: "count", state: 1 },
        { column: "a", kind: "avg", state: 1 },
        { column: "s", kind: "sum", state: 1, type: "HUGEINT" },
        { column: "p", kind: "sum", state: 2, type: "DECIMAL(38,2)" },
      ],
      states: 2,
    },
  });
});

test("group by a position, and one group of everything", async () => {
  expect(
    await describeSql("SELECT (value % (10)::bigint) AS digit, count(*) AS n FROM lake.events GROUP BY 1"),
  ).toMatchObject({
    incremental: { ok: true, keys: [{ output: "digit" }] },
  });
  expect(await describeSql("SELECT count(*) AS n FROM lake.events")).toMatchObject({
    incremental: { ok: true, keys: [], global: true },
  });
});

test("names in quotes", async () => {
  expect(await describeSql('SELECT count(*) AS n FROM "Big Lake".events')).toMatchObject({
    ok: true,
    tables: ["Big Lake.events"],
  });
});

test("a table that is gone is an error, not a description", async () => {
  await expect(describeSql("SELECT a FROM lake.gone")).rejects.toMatchObject({ sqlState: "LT007" });
});

describe("recomputed only", () => {
  const cases: readonly [code: string, sql: string][] = [
    ["LI001", "SELECT q.a, count(*) AS n FROM (SELECT value AS a FROM lake.events) q GROUP BY q.a"],
    [
      "LI001",
      "SELECT count(*) AS n FROM lake.events WHERE (value > (SELECT max(events_1.i) AS max FROM lake.events events_1))",
    ],
    [
      "LI002",
      "SELECT a.event_type, count(*) AS n FROM (lake.events a JOIN lake.events b ON ((a.value = b.value))) GROUP BY a.event_type",
    ],
    ["LI003", "SELECT event_type, count(*) AS n FROM lake.events GROUP BY event_type HAVING (count(*) > 1)"],
    ["LI004", "SELECT DISTINCT event_type FROM lake.events"],
    ["LI005", "SELECT event_type, count(*) AS n FROM lake.events GROUP BY event_type ORDER BY event_type LIMIT 3"],
    ["LI005", "SELECT count(*) AS n FROM lake.events UNION ALL SELECT 1"],
    ["LI006", "SELECT event_type FROM lake.events"],
    ["LI007", "SELECT event_type, (count(*) + 1) AS n FROM lake.events GROUP BY event_type"],
    ["LI008", "SELECT event_type, max(value) AS m FROM lake.events GROUP BY event_type"],
    ["LI008", "SELECT bool_and((value > 1)) AS b FROM lake.events"],
    ["LI009", "SELECT count(DISTINCT value) AS c FROM lake.events"],
    ["LI010", "SELECT count(*) FILTER (WHERE (value > 1)) AS c FROM lake.events"],
    ["LI011", "SELECT sum(f) AS s FROM lake.events"],
    ["LI012", "SELECT f, count(*) AS n FROM lake.events GROUP BY f"],
    ["LI013", "SELECT event_type, count(*) AS n FROM lake.events GROUP BY ROLLUP(event_type)"],
    ["LI014", "SELECT j, count(*) AS n FROM lake.events GROUP BY j"],
    ["LI015", "SELECT v, count(*) AS n FROM lake.places GROUP BY v"],
  ];
  for (const [code, sql] of cases) {
    test(`${code} ${sql}`, async () => {
      expect(await describeSql(sql)).toMatchObject({ ok: true, incremental: { ok: false, code } });
    });
  }
});

describe("refused", () => {
  const cases: readonly [code: string, sql: string, message: RegExp][] = [
    ["LG016", "SELECT (avg(value))::text AS a FROM lake.events", /cast|avg/],
    ["LG016", "SELECT avg(value) AS a, max(value) AS m FROM lake.events", /avg/],
    ["LG005", "SELECT count(*) AS n FROM lake.events WHERE (created_at < now())", /now\(\)/],
    ["LG005", "SELECT random() AS r FROM lake.events", /random\(\)/],
    ["LG005", "SELECT CURRENT_USER AS u FROM lake.events", /CURRENT_USER/],
    ["LG003", "SELECT rolname FROM pg_authid", /pg_authid/],
    ["LG003", "SELECT a.value FROM lake.events a, other.table b", /other.table/],
    ["LG004", "SELECT a FROM postgres_query('__ducklake_metadata_lake', 'select 1') AS q(a)", /postgres_query/],
    ["LG004", "SELECT e.value FROM lake.events e, LATERAL read_text('/etc/passwd') f", /read_text/],
    ["LG004", "SELECT (SELECT content FROM read_text('/etc/passwd')) AS c FROM lake.events", /read_text/],
    ["LG004", "SELECT value FROM lake.events WHERE EXISTS (SELECT 1 FROM glob('/*'))", /glob/],
    ["LG003", "SELECT a FROM __ducklake_metadata_lake.ducklake.ducklake_snapshot", /ducklake_snapshot/],
    ["LG003", "SELECT a FROM '/etc/passwd'", /passwd/],
    ["LG003", `SELECT a FROM "postgres_query('a','b')"`, /postgres_query/],
    ["LG006", "SELECT query('select 1') AS q FROM lake.events", /query/],
    ["LG006", "SELECT getenv('HOME') AS q FROM lake.events", /getenv/],
    ["LG006", "SELECT constructor(value) AS q FROM lake.events", /constructor/],
    ["LG006", "SELECT list_transform(ARRAY[1], x -> x) AS q FROM lake.events", /list_transform/],
    ["LG011", "SELECT * FROM lake.events", /\*/],
    ["LG011", "SELECT COLUMNS(*) FROM lake.events", /\*/],
    ["LG011", "SELECT rowid AS r FROM lake.events", /rowid/],
    ["LG011", "SELECT events.filename AS r FROM lake.events", /filename/],
    ["LG010", "SELECT value FROM lake.events AT (VERSION => 1)", /at_clause/],
    ["LG010", "SELECT value FROM lake.events TABLESAMPLE BERNOULLI(10)", /sample/],
    ["LG010", "SELECT value FROM lake.events QUALIFY (value > 1)", /qualify/],
    ["LG010", "WITH RECURSIVE q(a) AS (SELECT 1 UNION ALL SELECT (q.a + 1) FROM q) SELECT q.a FROM q", /recursive/],
    ["LG010", "SELECT q.value FROM (DESCRIBE lake.events) q", /show_ref/],
    ["LG002", "SELECT value FROM lake.events; SELECT 1", /not one SELECT/],
    ["LG001", "DROP TABLE lake.events", /read/],
    ["LG001", "ATTACH 'x' AS y", /read/],
    ["LG001", "COPY (SELECT 1) TO '/tmp/x'", /read/],
    ["LG001", "SELECT CAST(value AS numeric) FROM lake.events", /cast/],
    ["LG001", "SELECT TRY_CAST(value AS integer) FROM lake.events", /cast/],
    ["LG008", "SELECT (event_type)::character(3) AS c FROM lake.events", /limited length/],
    ["LG008", "SELECT (value)::oid AS c FROM lake.events", /oid/],
    ["LG008", "SELECT (event_type)::regclass AS c FROM lake.events", /regclass/],
    ["LG018", "SELECT value FROM lake.events LIMIT 3", /limit/],
    ["LG020", 'SELECT (event_type COLLATE "en_US") AS c FROM lake.events', /en_US/],
    ["LG019", "SELECT $1 AS a FROM lake.events", /parameter/],
    ["LG009", "SELECT value FROM lake.events WHERE (j = j)", /compared/],
  ];
  for (const [code, sql, message] of cases) {
    test(`${code} ${sql}`, async () => {
      const found = await describeSql(sql);
      expect(found).toMatchObject({ ok: false, message: expect.stringMatching(message), hint: expect.any(String) });
      expect(found).toHaveProperty("code", code);
    });
  }
});
