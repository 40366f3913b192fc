/** Words that are names in PostgreSQL, which does not quote them, and DuckDB's own: as names of tables, columns and aliases. */
import { beforeAll, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";

const WORDS =
  "anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize unpack unpivot".split(
    " ",
  );
const trickle = useTrickle();
const sql = async (text: string) => (await trickle().pool().query(text)).rows;

beforeAll(async () => {
  const columns = `(id integer, ${WORDS.map((word) => `"${word}" integer`).join(", ")})`;
  const duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run(`create table lake.main."show" ${columns}`);
  duckdb.close();
  await sql(`create foreign table lake.show ${columns} server lake options (schema_name 'main')`);
  await sql(
    `insert into lake.show select i ${WORDS.map((_, index) => `, i + ${index}`).join("")} from generate_series(1, 3) i`,
  );
});

test("PostgreSQL leaves all of them bare", async () => {
  expect(
    await sql(`select word from unnest('{${WORDS.join()}}'::text[]) word where quote_ident(word) <> word`),
  ).toEqual([]);
});

test.each(WORDS)("%s is a column that is read, compared, grouped by, changed", async (word) => {
  const index = WORDS.indexOf(word);
  expect(await sql(`select ${word} from lake.show where ${word} >= ${index + 2} order by ${word} desc`)).toEqual([
    { [word]: index + 3 },
    { [word]: index + 2 },
  ]);
  expect(
    await sql(`select ${word}, count(*)::int as n from lake.show group by ${word} having max(${word}) = ${index + 1}`),
  ).toEqual([{ [word]: index + 1, n: 1 }]);
  await sql(`update lake.show set ${word} = ${word} + 100 where ${word} = ${index + 3}`);
  expect(await sql(`select max(${word}) as most from lake.show`)).toEqual([{ most: index + 103 }]);
});

test("as columns of stream tables, kept by deltas and recomputed, and of what they have not consumed yet", async () => {
  const create = (name: string, query: string, mode: string) =>
    sql(`select pgtrickle.create_stream_table('${name}', '${query}', '1h', '${mode}')`);
  const rest = WORDS.filter((word) => word !== "by");
  await create(
    "grouped",
    `select by, ${rest.map((word) => `sum(${word}) as ${word}`).join(", ")} from lake.show group by by`,
    "DIFFERENTIAL",
  );
  await create("listed", `select ${WORDS.join(", ")} from lake.show show where at > 0`, "FULL");
  await sql(`insert into lake.show (id, ${WORDS.join(", ")}) values (4 ${WORDS.map(() => ", 4").join("")})`);
  const [changes] = await sql("select 'pgtrickle_changes.changes_' || 'public.listed'::regclass::oid as view");
  expect(await sql(`select change, at, by, semi from ${changes.view}`)).toEqual([
    { change: "+", at: 4, by: 4, semi: 4 },
  ]);
  for (const table of ["grouped", "listed"]) {
    await sql(`select pgtrickle.refresh('${table}')`);
    for (const level of ["engine", "rows"]) {
      expect(await sql(`select ok from pgtrickle.verify('${table}', '${level}')`), table).toEqual([{ ok: true }]);
    }
  }
});

test("an alias is no kind of join, and a time zone is still one", async () => {
  expect(
    await sql(`select pgtrickle.create_stream_table('joined',
      'select semi.id, anti.at from lake.show semi join lake.show anti on anti.id = semi.id', '1h', 'FULL') as name`),
  ).toEqual([{ name: "public.joined" }]);
  expect(await sql("select ok from pgtrickle.verify('joined', 'rows')")).toEqual([{ ok: true }]);
  expect(await sql("select count(*)::int as n from joined")).toEqual([{ n: 4 }]);
  await sql(`select pgtrickle.create_stream_table('zoned',
    'select (created_at at time zone ''UTC'') as at, count(*) as n from lake.events group by 1', '1h')`);
  expect(await sql("select ok from pgtrickle.verify('zoned', 'rows')")).toEqual([{ ok: true }]);
});
