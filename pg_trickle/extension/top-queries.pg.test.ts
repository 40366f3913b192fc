// Queries that the engine may not run whole: PostgreSQL runs them over rows of the lake, and they stay its own answer through
// inserts, updates, deletions, a rewind and the way forward again.
import { beforeAll, describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, duckdb, value, head, create } = useStreamTables(trickle);

const COLUMNS =
  "id bigint, kind text, label text, amount numeric(12,2), score double precision, day date, sold_at timestamptz, doc json, tags text[]";

/** Name of the stream table → its query. */
const QUERIES: Readonly<Record<string, string>> = {
  lowered: "select lower(kind) as kind, count(*) as n from lake.sales group by lower(kind)",
  rounded: "select kind, round(avg(amount), 2) as average from lake.sales group by kind",
  matched: "select id, label from lake.sales where label ~ '^a' or label ilike '%ß%'",
  whole: "select * from lake.sales",
  documents: "select id, doc ->> 'colour' as colour, (doc -> 'n')::text::integer + 1 as n from lake.sales",
  listed:
    "select kind, string_agg(label, ',' order by label, id) as labels, array_agg(id order by id) as ids from lake.sales group by kind",
  median: "select kind, percentile_cont(0.5) within group (order by amount) as median from lake.sales group by kind",
  ranked: "select id, kind, rank() over (partition by kind order by amount desc) as place from lake.sales",
  rolled: "select kind, day, sum(amount) as total from lake.sales group by rollup (kind, day)",
  unnested: "select s.id, t.tag from lake.sales s cross join lateral unnest(s.tags) as t (tag)",
  formatted:
    "select id, to_char(sold_at, 'YYYY-MM-DD HH24:MI TZH') as sold, date_bin('1 hour', sold_at, timestamptz '2000-01-01') as hour from lake.sales",
  joined:
    "select l.id, coalesce(r.label, 'none') as other from lake.sales l left join lake.sales r on r.id = l.id + 1 and r.kind <> l.kind",
  having: "select kind from lake.sales group by kind having stddev(score) > 0.5",
  counted: "select count(*) filter (where lower(kind) = 'a') as n from lake.sales",
};

async function copyAt(snapshot: number): Promise<void> {
  const { rows } = await sql(
    `select json_agg(s)::text as rows from (select * from pgtrickle.at(null::public.mirror, ${snapshot})) s`,
  );
  await sql("truncate copied.sales");
  await sql("insert into copied.sales select * from json_populate_recordset(null::copied.sales, $1)", [
    rows[0].rows ?? "[]",
  ]);
}

/** PostgreSQL's own answer over a local copy of the source at a snapshot. */
async function expectRight(snapshot: number): Promise<void> {
  await copyAt(snapshot);
  for (const [name, query] of Object.entries(QUERIES)) {
    const { rows } = await sql(
      `select coalesce(json_agg(r::text order by r::text collate "C"), '[]') as expected,
         (select coalesce(json_agg(s::text order by s::text collate "C"), '[]') from public.${name} s) as actual
       from (${query.replaceAll("lake.sales", "copied.sales")}) r`,
    );
    expect(rows[0].actual, name).toEqual(rows[0].expected);
  }
}

beforeAll(async () => {
  await duckdb().run(
    `create table lake.sales (id bigint, kind varchar, label varchar, amount decimal(12,2), score double, day date, sold_at timestamptz, doc json, tags varchar[])`,
  );
  await duckdb().run(`insert into lake.sales values
    (1, 'A', 'apple', 10.50, 0.5, '2026-01-01', '2026-01-01 00:30:00+00', '{"colour": "red", "n": 1}', ['x', 'y']),
    (2, 'a', 'straße', -3.25, 1.5, '2026-01-02', '2026-03-29 01:30:00+00', '{"colour": null, "n": 2}', []),
    (3, 'B', null, null, null, null, null, null, null),
    (4, 'B', 'banana', 0.01, 2.5, '0044-03-15 (BC)', 'infinity', '{"colour": "ä", "n": 3}', ['z', null])`);
  await sql(
    `create foreign table lake.sales (${COLUMNS}) server lake options (schema_name 'main', table_name 'sales')`,
  );
  await sql(`create schema copied`);
  await sql(`create table copied.sales (${COLUMNS.replaceAll("text,", 'text collate "C",')})`);
  await create("mirror", "select * from lake.sales", "FULL");
  for (const [name, query] of Object.entries(QUERIES)) await create(name, query, "AUTO");
});

test("each is PostgreSQL's answer, through changes, a rewind and the way forward", async () => {
  const before = await head();
  await expectRight(before);
  await duckdb().run("update lake.sales set amount = amount + 1, label = 'avocado' where id = 1");
  await duckdb().run("delete from lake.sales where id = 2");
  await duckdb().run(
    "insert into lake.sales select id + 10, kind, label, amount, score, day, sold_at, doc, tags from lake.sales",
  );
  const names = [...Object.keys(QUERIES), "mirror"];
  for (const name of names) await sql("select pgtrickle.refresh($1)", [name]);
  const after = await head();
  await expectRight(after);
  for (const strategy of ["full", "journal"]) {
    await sql("select pgtrickle.pause_scheduler($1)", [names]);
    await sql("select pgtrickle.rewind($1, $2, $3)", [names, before, strategy]);
    await expectRight(before);
    for (const name of names) {
      expect(await value(`select ok from pgtrickle.verify('${name}', 'rows')`), name).toBe(true);
      expect(await value(`select ok from pgtrickle.verify('${name}')`), name).toBe(true);
    }
    await sql("select pgtrickle.resume_scheduler($1)", [names]);
    for (const name of names) await sql("select pgtrickle.refresh($1)", [name]);
    await expectRight(after);
  }
});

describe("what runs the query", () => {
  test("is not a superuser, and may read the leaves alone", async () => {
    const { rows } = await sql(
      `select distinct r.rolname, r.rolsuper, r.rolcanlogin from pg_proc p join pg_roles r on r.oid = p.proowner
       where p.pronamespace = 'pgtrickle_lake'::regnamespace and p.prosecdef`,
    );
    expect(rows).toEqual([{ rolname: "pgtrickle_top", rolsuper: false, rolcanlogin: false }]);
    const { rows: readable } = await sql(
      `select distinct c.relkind::text || ' ' || left(c.relname, 2) as kind from pg_class c
       where has_table_privilege('pgtrickle_top', c.oid, 'select') and c.relnamespace <> 'pg_catalog'::regnamespace
         and c.relnamespace <> 'information_schema'::regnamespace
         and not has_table_privilege('pg_monitor', c.oid, 'select')`,
    );
    expect(readable).toEqual([{ kind: "f d_" }, { kind: "f l_" }]);
  });

  test("is dropped with its stream table", async () => {
    const count = () =>
      value<string>(
        "select (select count(*) from pg_proc where pronamespace = 'pgtrickle_lake'::regnamespace) + (select count(*) from pg_class where relnamespace = 'pgtrickle_lake'::regnamespace)",
      ).then(Number);
    const before = await count();
    await create("short_lived", QUERIES["matched"] ?? "", "AUTO");
    expect(await count()).toBeGreaterThan(before + 1);
    await sql("select pgtrickle.drop_stream_table('short_lived')");
    expect(await count()).toBe(before);
  });
});

describe("more than it may take", () => {
  const limited = async (name: string, limit: number, work: () => Promise<unknown>) => {
    await sql("insert into pgtrickle_internal.settings values ($1, $2)", [name, limit]);
    const error = await failure(work());
    await sql("delete from pgtrickle_internal.settings where name = $1", [name]);
    return error;
  };

  test("rows of the lake: refused with the limit and its setting, and the rows stay", async () => {
    const before = await value<string>("select json_agg(m.id order by m.id)::text from matched m");
    const error = await limited("leaf_rows_limit", 2, () => sql("select pgtrickle.refresh('matched', 'FULL')"));
    expect(error).toMatchObject({
      code: "LT014",
      message: expect.stringMatching(/more than 2 rows of lake table main\.sales/),
      hint: expect.stringContaining("leaf_rows_limit"),
    });
    expect(await value<string>("select json_agg(m.id order by m.id)::text from matched m")).toBe(before);
  });
});

describe("more room for temporary files", () => {
  test("is refused with what needs it, its setting, and the way to take that over", async () => {
    await duckdb().run("create table lake.wide as select i as id, repeat('x', 200) as label from range(50000) t (i)");
    await sql(
      "create foreign table lake.wide (id bigint, label text) server lake options (schema_name 'main', table_name 'wide')",
    );
    await sql("insert into pgtrickle_internal.settings values ('query_temp_file_mb', 1)");
    const error = await failure(
      create(
        "wide",
        "select label, string_agg(id::text, ',' order by id) as ids from lake.wide group by label",
        "AUTO",
      ),
    );
    await sql("delete from pgtrickle_internal.settings where name = 'query_temp_file_mb'");
    expect(error).toMatchObject({
      code: "53400",
      message: expect.stringContaining("stream table public.wide"),
      hint: expect.stringContaining("query_temp_file_mb"),
    });
  });
});

describe("is refused by name", () => {
  test.each([
    ["select random() as r from lake.sales", "random()"],
    ["select count(*) as n from lake.sales where sold_at < now()", "now()"],
    ["select age(sold_at) as a from lake.sales", "age()"],
  ])("%s", async (query, named) => {
    const error = await failure(create("refused", query, "AUTO"));
    expect(error).toMatchObject({ code: "TR009", detail: "VOLATILE", message: expect.stringContaining(named) });
  });

  test("a WITH that hides a source", async () => {
    const error = await failure(
      create("refused", "with sales as (select * from lake.sales) select lower(kind) as k from sales", "AUTO"),
    );
    expect(error).toMatchObject({
      code: "TR009",
      detail: "HIDDEN_NAME",
      message: expect.stringContaining("lake.sales"),
    });
  });

  test("two sources of one name", async () => {
    await sql("create schema other");
    await sql(
      "create foreign table other.sales (id bigint) server lake options (schema_name 'main', table_name 'sales')",
    );
    const error = await failure(
      create("refused", "select lower(a.kind) as k from lake.sales a join other.sales b using (id)", "AUTO"),
    );
    expect(error).toMatchObject({ code: "TR009", detail: "SAME_NAME", message: expect.stringContaining("sales") });
  });

  test("mode DIFFERENTIAL, with what to do", async () => {
    const error = await failure(create("refused", QUERIES["rolled"] ?? "", "DIFFERENTIAL"));
    expect(error).toMatchObject({ code: "TR009", hint: expect.stringContaining("AUTO") });
  });
});
