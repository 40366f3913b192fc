/** Values that are equal and written differently: a stream table has the ones that its query gives. */
import { beforeAll, describe, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, duckdb, create, head } = useStreamTables(trickle);

beforeAll(async () => {
  await duckdb().run("create table lake.main.spellings (id bigint, span interval, f double, d decimal(10, 1))");
  await duckdb().run(
    "insert into lake.main.spellings values (1, interval '30 days', 0.0, 1.0), (2, interval '1 day', 1.5, 2.5), (3, null, null, null)",
  );
  await sql(
    `create foreign table lake.spellings (id bigint, span interval, f double precision, d numeric) server lake
     options (schema_name 'main', table_name 'spellings')`,
  );
});

async function written(name: string): Promise<string[]> {
  const { rows } = await sql(`select t::text as row from ${name} t order by 1`);
  return rows.map((row) => (row as { row: string }).row);
}

async function isVerified(name: string): Promise<boolean> {
  const { rows } = await sql("select ok from pgtrickle.verify($1)", [name]);
  return (rows[0] as { ok: boolean }).ok;
}

test("a row that changes only in spelling is changed, and changed back by the journal", async () => {
  await create("spelt", "select id, span, f from lake.spellings", "FULL");
  const [before, rows] = [await head(), await written("spelt")];
  await duckdb().run("update lake.main.spellings set span = interval '1 month', f = '-0.0'::double where id = 1");
  await sql("select pgtrickle.refresh('spelt')");
  expect(await written("spelt")).toEqual(['(1,"1 mon",-0)', '(2,"1 day",1.5)', "(3,,)"]);
  expect(await isVerified("spelt")).toBe(true);
  await sql("select pgtrickle.pause_scheduler(array['spelt'])");
  expect((await sql("select * from pgtrickle.at(null::spelt, $1)", [before])).rowCount).toBe(3);
  await sql("select * from pgtrickle.rewind(array['spelt'], $1, 'Journal')", [before]);
  expect(await written("spelt")).toEqual(rows);
});

describe("a decimal that gets another scale", () => {
  test("is written with it in keys and sums, forwards and after a rewind by journal", async () => {
    await create("scaled", "select d, count(*) as n, sum(d) as total from lake.spellings group by d");
    const [before, rows] = [await head(), await written("scaled")];
    expect(rows).toEqual(["(,1,)", "(1.0,1,1.0)", "(2.5,1,2.5)"]);
    await duckdb().run("alter table lake.main.spellings alter d type decimal(12, 2)");
    await sql("select pgtrickle.refresh('scaled')");
    expect(await written("scaled")).toEqual(["(,1,)", "(1.00,1,1.00)", "(2.50,1,2.50)"]);
    expect(await isVerified("scaled")).toBe(true);
    await sql("select pgtrickle.pause_scheduler(array['scaled'])");
    await sql("select * from pgtrickle.rewind(array['scaled'], $1, 'Journal')", [before]);
    expect(await written("scaled")).toEqual(rows);
    await sql("select * from pgtrickle.rewind(array['scaled'], $1, 'Full')", [before]);
    expect(await isVerified("scaled")).toBe(true);
  });
});
