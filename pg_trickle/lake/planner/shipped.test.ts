// What postgres_fdw sends, as recorded from it, against real DuckDB.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { translateShipped } from "./shipped.ts";
import { startTestDuckdb, type TestDuckdb } from "./testing.ts";

let duckdb: TestDuckdb;

beforeAll(async () => {
  duckdb = await startTestDuckdb(
    "attach ':memory:' as lake",
    `create table lake.main.events(event_id uuid, event_type varchar, value bigint, created_at timestamptz, price decimal(12,2), ok boolean, day date, f double, "Odd ""name" integer)`,
    `insert into lake.main.events
     select ('00000000-0000-0000-0000-' || lpad(range::varchar, 12, '0'))::uuid, ['click','view','purchase',null,'a_c','a%c','abc','a\\c'][range % 8 + 1],
       range, '2026-11-22 10:00:00+00'::timestamptz + interval 1 hour * range, range / 4.0, range % 2 = 0, date '2026-11-22' + range::integer, range, range
     from range(40)`,
  );
});

afterAll(() => duckdb.close());

const translate = (sql: string, ...values: (string | null)[]) =>
  translateShipped(sql, (index) => values[index - 1] ?? null, duckdb.services);

async function rows(sql: string, ...values: (string | null)[]) {
  const translated = await translate(sql, ...values);
  if (!translated.ok || translated.kind === "insert") throw new Error(JSON.stringify(translated));
  return duckdb.rows(translated.sql);
}

describe("selects that give PostgreSQL's answer", () => {
  const cases: readonly { sql: string; values?: string[]; want: unknown[][] }[] = [
    { sql: "SELECT count(*) FROM main.events", want: [["40"]] },
    { sql: "SELECT NULL FROM main.events LIMIT 1::bigint", want: [[null]] },
    {
      sql: "SELECT event_id, value FROM main.events WHERE ((event_id = '00000000-0000-0000-0000-000000000007'))",
      want: [["00000000-0000-0000-0000-000000000007", "7"]],
    },
    {
      sql: "SELECT value FROM main.events WHERE ((created_at > '2026-11-24 00:30:00+00')) ORDER BY value ASC NULLS LAST",
      want: [["39"]],
    },
    { sql: "SELECT count(*) FROM main.events WHERE ((event_type = ANY ('{click,view}'::text[])))", want: [["10"]] },
    { sql: "SELECT count(*) FROM main.events WHERE ((value = ANY ('{1,2,NULL}'::bigint[])))", want: [["2"]] },
    { sql: "SELECT count(*) FROM main.events WHERE ((event_type <> ALL ('{click,view}'::text[])))", want: [["25"]] },
    { sql: "SELECT count(*) FROM main.events WHERE ((event_type ~~ 'a%'))", want: [["20"]] },
    { sql: "SELECT count(*) FROM main.events WHERE ((event_type ~~ 'a\\_c'))", want: [["5"]] },
    { sql: "SELECT count(*) FROM main.events WHERE ((event_type ~~ E'a\\\\\\\\c'))", want: [["5"]] },
    { sql: "SELECT count(*) FROM main.events WHERE ((event_type !~~ 'a%'))", want: [["15"]] },
    {
      sql: "SELECT event_type, count(*), sum(value) FROM main.events WHERE ((value < $1::bigint)) GROUP BY 1 ORDER BY event_type ASC NULLS LAST",
      values: ["3"],
      want: [
        ["click", "1", "0"],
        ["purchase", "1", "2"],
        ["view", "1", "1"],
      ],
    },
    {
      sql: 'SELECT sum(price), min(event_type COLLATE "C"), max(created_at) FROM main.events HAVING ((count(*) > 3))',
      want: [["195.00", "a%c", "2026-11-24 01:00:00+00"]],
    },
    {
      sql: "SELECT value FROM main.events ORDER BY value DESC NULLS FIRST LIMIT 2::bigint OFFSET 1::bigint",
      want: [["38"], ["37"]],
    },
    {
      sql: "SELECT value FROM main.events WHERE (((value % 13::bigint) = 0)) AND (((value / 13::bigint) = 2))",
      want: [["26"]],
    },
    { sql: "SELECT price FROM main.events WHERE (((price * 2::numeric) = 19.5)) FOR UPDATE", want: [["9.75"]] },
    {
      sql: "SELECT count(*) FILTER (WHERE (ok)) FROM main.events WHERE ((ok IS NOT NULL)) AND ((NOT ok) OR (value < 4))",
      want: [["2"]],
    },
    {
      sql: "SELECT r1.value, r2.value FROM (main.events r1 INNER JOIN main.events r2 ON (((r1.value = (r2.value + 39)))))",
      want: [["39", "0"]],
    },
    { sql: `SELECT "Odd ""name" FROM main.events WHERE (("Odd ""name" = 5))`, want: [[5]] },
    {
      sql: "SELECT count(*) FROM main.events WHERE ((day >= '2026-12-01'::date)) AND ((f < 'NaN'::double precision))",
      want: [["31"]],
    },
    {
      sql: "SELECT count(*) FROM main.events WHERE ((value = 9007199254740993)) OR ((length(event_type) = 8))",
      want: [["5"]],
    },
  ];
  for (const { sql, values, want } of cases) {
    test(sql, async () => expect(await rows(sql, ...(values ?? []))).toEqual(want));
  }
});

describe("changes", () => {
  const cases: readonly { sql: string; values?: string[]; want: string }[] = [
    {
      sql: "DELETE FROM main.events WHERE ((event_type = 'CORRUPTED_EVENT'))",
      want: `DELETE FROM "lake"."main"."events" WHERE (events.event_type = 'CORRUPTED_EVENT')`,
    },
    { sql: "DELETE FROM main.events", want: `DELETE FROM "lake"."main"."events"` },
    {
      sql: "UPDATE main.events SET value = (value + 1) WHERE ((event_type = 'click'::text))",
      want: `UPDATE "lake"."main"."events" SET "value" = (events."value" + 1) WHERE (events.event_type = 'click')`,
    },
    { sql: 'UPDATE main.events SET "Odd ""name" = 3', want: `UPDATE "lake"."main"."events" SET "Odd ""name" = 3` },
  ];
  for (const { sql, values, want } of cases) {
    test(sql, async () => {
      const translated = await translate(sql, ...(values ?? []));
      expect(translated).toMatchObject({ ok: true, sql: want, table: "main.events" });
      await duckdb.rows("begin");
      await duckdb.rows(want);
      await duckdb.rows("rollback");
    });
  }

  test("insert gives its cells", async () => {
    expect(
      await translate(`INSERT INTO main.events(event_id, "Odd ""name") VALUES ($1, $2), ($3, NULL), ('it''s', 5)`),
    ).toEqual({
      ok: true,
      kind: "insert",
      table: "main.events",
      columns: ["event_id", 'Odd "name'],
      rows: [
        [{ parameter: 1 }, { parameter: 2 }],
        [{ parameter: 3 }, { literal: null }],
        [{ literal: "it's" }, { literal: "5" }],
      ],
    });
  });
});

test("a pinned table is read at its snapshot", async () => {
  const services = { ...duckdb.services, sourceColumns: () => duckdb.services.sourceColumns("main.events", null) };
  const translated = await translateShipped('SELECT value FROM main."events@42"', () => null, services);
  expect(translated).toMatchObject({
    ok: true,
    sql: `SELECT "events@42"."value" AS "value" FROM lake.main.events AS "events@42" AT (VERSION => 42)`,
    relations: [{ table: "main.events", snapshot: 42n }],
  });
});

describe("ctids", () => {
  const place = (alias: string) =>
    `CASE  WHEN (contains(${alias}.filename, '/')) THEN (((CAST(${alias}.file_row_number AS VARCHAR) || '::') || ${alias}.filename)) ELSE (((CAST(${alias}.rowid AS VARCHAR) || ':') || COALESCE(CAST(${alias}.snapshot_id AS VARCHAR), '')) || ':') || ${alias}.filename END`;
  const fields = async (sql: string, ...columns: string[]) => {
    const described = columns.map((name) => ({ name, type: "BIGINT" }));
    return translateShipped(sql, () => null, { ...duckdb.services, sourceColumns: async () => described });
  };
  const plain = (translated: unknown) => JSON.stringify(translated).replaceAll(/[()\s]+/g, " ");

  test("are places in the lake", async () => {
    const translated = await fields("SELECT ctid, value FROM main.events FOR UPDATE", "value");
    expect(translated).toMatchObject({ ok: true, ctidColumns: [0] });
    expect(plain(translated)).toContain(plain(place("events")).slice(1, -1));
  });

  test("can be equal or not", async () => {
    const translated = await fields(
      "SELECT r1.value FROM main.events r1 WHERE EXISTS (SELECT NULL FROM main.events r2 WHERE ((r1.ctid = r2.ctid)))",
      "value",
    );
    expect(plain(translated)).toContain(plain(place("r1")).slice(1, -1));
  });

  test("are row ids where a column hides the file", async () => {
    const translated = await fields("SELECT ctid FROM main.events", "FileName");
    expect(plain(translated)).toContain(plain("CAST(events.rowid AS VARCHAR) || '::'").slice(1, -1));
    expect(plain(translated)).not.toContain("file_row_number");
    const other = await fields("SELECT ctid FROM main.events", "snapshot_id");
    expect(plain(other)).not.toContain("snapshot_id");
  });

  test("are none where a column hides the row ids", async () => {
    const refused = await fields("SELECT ctid FROM main.events", "RowID");
    expect(refused).toMatchObject({ ok: false, sqlState: "LT005", hint: expect.stringContaining("rename the column") });
  });
});

describe("refused, never answered differently", () => {
  const cases: readonly [sql: string, sqlState: string, code: string][] = [
    ["SELECT count(*) FROM main.events WHERE ((event_type ~ 'b'))", "LT003", "LG006"],
    ["SELECT count(*) FROM main.events WHERE ((event_type ~~* 'b'))", "LT003", "LG006"],
    ["SELECT lower(event_type) FROM main.events", "LT003", "LG006"],
    ["SELECT (10 / value) FROM main.events", "LT003", "LG013"],
    ["SELECT (price / 3::numeric) FROM main.events", "LT003", "LG013"],
    ["SELECT (value % 0) FROM main.events", "LT003", "LG013"],
    ["SELECT avg(value) FROM main.events", "LT003", "LG016"],
    ["SELECT round(f) FROM main.events", "LT003", "LG006"],
    ["SELECT sqrt(f) FROM main.events", "LT003", "LG006"],
    ["SELECT substr(event_type, '-2'::integer) FROM main.events", "LT003", "LG006"],
    ["SELECT now() FROM main.events", "LT003", "LG005"],
    ["SELECT value FROM main.events WHERE event_type = current_user", "LT003", "LG005"],
    ["SELECT (event_type)::character varying(2) FROM main.events", "LT003", "LG008"],
    ["SELECT (f)::numeric FROM main.events", "LT003", "LG008"],
    ["SELECT (f)::text FROM main.events", "LT003", "LG008"],
    ["SELECT value FROM pg_catalog.pg_class", "42501", "LG003"],
    ["SELECT value FROM engine.recompute", "42501", "LG003"],
    ["SELECT value FROM events", "LT003", "LG003"],
    ["SELECT value FROM main.nothing", "LT007", "LT007"],
    ["SELECT * FROM main.events", "LT003", "LG011"],
    ["SELECT value FROM main.events WHERE ctid = $1", "LT005", "LT005"],
    ["DELETE FROM main.events WHERE ctid = '(0,1)'", "LT005", "LT005"],
    ["SELECT r1.value FROM main.events r1, main.events r2 WHERE r1.ctid < r2.ctid", "LT005", "LT005"],
    ["SELECT value FROM main.events ORDER BY ctid", "LT003", "LG009"],
    ["SELECT min(ctid) FROM main.events", "LT003", "LG015"],
    ["SELECT ctid::text FROM main.events", "LT003", "LG008"],
    ["SELECT rowid FROM main.events", "LT003", "LG011"],
    ["SELECT filename FROM main.events", "LT003", "LG011"],
    ["SELECT content FROM read_text('/etc/passwd')", "LT003", "LG004"],
    ["SELECT a FROM '/etc/passwd'", "LT003", "LG003"],
    ["SELECT a FROM postgres_query('__ducklake_metadata_lake', 'select 1') AS q(a)", "LT003", "LG004"],
    ["SELECT a FROM __ducklake_metadata_lake.ducklake.ducklake_snapshot", "42501", "LG003"],
    ["SELECT 1; SELECT 2", "LT003", "LG002"],
    ["DELETE FROM main.events WHERE value IN (SELECT a FROM postgres_query('x', 'y') q(a))", "LT003", "LG004"],
    ["DELETE FROM main.events WHERE 1 = 1) OR (1 = 1", "LT003", "LG001"],
    ["DELETE FROM main.events WHERE value = 1 GROUP BY value", "LT003", "LG001"],
    ["DELETE FROM main.events RETURNING value", "LT005", "LT005"],
    ["DELETE FROM main.events USING main.other WHERE value = 1", "LT005", "LT005"],
    ["DELETE FROM ducklake.events", "42501", "LG003"],
    ['DELETE FROM main."events@3"', "LT005", "LT005"],
    ["UPDATE main.events SET (value, price) = (1, 2)", "LT005", "LT005"],
    ["INSERT INTO main.events(value) VALUES ($1) ON CONFLICT DO NOTHING", "LT005", "LT005"],
    ["INSERT INTO main.events(value) SELECT 1", "LT005", "LT005"],
    ["TRUNCATE main.events", "LT005", "LT005"],
    ["COPY main.events TO '/tmp/x'", "LT005", "LT005"],
    ["ATTACH 'x' AS y", "LT005", "LT005"],
    ["SELECT value FROM main.events WHERE event_type = 'open", "LT003", "LG001"],
  ];
  for (const [sql, sqlState, code] of cases) {
    test(sql, async () => expect(await translate(sql)).toMatchObject({ ok: false, sqlState, code }));
  }
});
