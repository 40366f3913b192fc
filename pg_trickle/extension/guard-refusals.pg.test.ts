/** What the guard refuses, in words that a person can act on, at once; and the same work done again succeeds. */
import { beforeEach, describe, expect, test } from "vitest";
import { type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { useLakeTables } from "./testing/lake-tables.ts";

const lake = useLakeTables();
let one: DuckdbClient;
let two: DuckdbClient;

const FLUSH = "call ducklake_flush_inlined_data('lake')";
const MERGE = "call ducklake_merge_adjacent_files('lake')";
const REWRITE = "call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0)";
const LARGE = "delete from lake.t where i >= 100 and i < 140";
const SMALL = "delete from lake.t where i = 50";

beforeEach(async () => {
  [one, two] = await lake.clients();
  await lake.createTables(one, { rows: 200 });
});

/** One client's work, begun before another's and committed after it. */
async function beside(work: string, otherwise: string): Promise<string> {
  // DuckLake repeats a commit that another one came before, and then meets the guard. A second repetition would outlast this test.
  await one.run("set ducklake_retry_wait_ms = 1");
  await one.run("set ducklake_retry_backoff = 1e6");
  await one.run("begin");
  await one.run(work);
  await two.run(otherwise);
  const error = await one.run("commit").then(
    () => undefined,
    (failure: unknown) => failure,
  );
  await one.run("rollback").catch(() => {});
  return error === undefined ? "committed" : String(error);
}

const rows = async () => (await lake.rowsAtEachSnapshot()).at(-1)?.rows;

describe.each([
  {
    name: "a large deletion beside a flush of the same file",
    setup: ["delete from lake.t where i < 20", SMALL],
    work: LARGE,
    otherwise: FLUSH,
    text: /another client has deleted rows of data file \d+ of table \d+ meanwhile, or flushed such deletions/,
    left: 200 - 20 - 1 - 40,
  },
  {
    name: "two large deletions from one file",
    setup: ["delete from lake.t where i < 20"],
    work: LARGE,
    otherwise: "delete from lake.t where i >= 150 and i < 180",
    text: /another client has deleted rows of data file \d+ of table \d+ meanwhile, or flushed such deletions/,
    left: 200 - 20 - 30 - 40,
  },
  {
    name: "a small deletion beside a merge",
    setup: ["insert into lake.t select i, 0 from range(200, 300) r (i)"],
    work: SMALL,
    otherwise: MERGE,
    text: /rows of data file \d+ of table \d+ cannot be deleted: another client has merged, rewritten or emptied that file meanwhile/,
    left: 299,
  },
  {
    name: "a small deletion beside a rewrite",
    setup: ["delete from lake.t where i < 20"],
    work: SMALL,
    otherwise: REWRITE,
    text: /rows of data file \d+ of table \d+ cannot be deleted: another client has merged, rewritten or emptied that file meanwhile/,
    left: 179,
  },
  {
    name: "a small deletion beside a deletion of all rows",
    setup: [],
    work: SMALL,
    otherwise: "delete from lake.t",
    text: /rows of data file \d+ of table \d+ cannot be deleted: another client has merged, rewritten or emptied that file meanwhile/,
    left: 0,
  },
  {
    name: "a merge beside a small deletion",
    setup: ["insert into lake.t select i, 0 from range(200, 300) r (i)"],
    work: MERGE,
    otherwise: SMALL,
    text: /merging data file \d+ of table \d+ would lose a deletion that was committed meanwhile/,
    left: 299,
  },
  {
    name: "a rewrite beside a small deletion",
    setup: ["delete from lake.t where i < 20"],
    work: REWRITE,
    otherwise: SMALL,
    text: /rewriting table \d+ would make 180 rows of 179: another client has deleted some meanwhile/,
    left: 179,
  },
])("$name", ({ setup, work, otherwise, text, left }) => {
  test("is refused at once, says why, and can be done again", async () => {
    for (const statement of setup) await one.run(statement);
    const refused = await beside(work, otherwise);
    expect(refused).toMatch(new RegExp(`pgtrickle guard: ${text.source}`));
    expect(refused).toMatch(/HINT: {2}Nothing was changed\. Run the (transaction|merge|rewrite) again\./);
    await one.run(work);
    expect(await rows()).toBe(left);
    expect(await lake.damage()).toEqual([]);
  });
});

test("a flush is refused where the catalog does not tell it from a deletion: no inlined rows, so none are emptied", async () => {
  const without = await openDuckdb({ ...lake.trickle().attach, inliningRowLimit: 0 });
  await lake.createTables(without, { rows: 200 });
  without.close();
  await one.run("delete from lake.t where i < 20");
  await one.run(SMALL);
  const refused = await beside(FLUSH, "insert into lake.other values (1)");
  expect(refused).toMatch(
    /pgtrickle guard: another commit came before this change of data file \d+ of table \d+, which may be a flush or a deletion/,
  );
  expect(refused).toMatch(/HINT: {2}Nothing was changed\. Run it again\./);
  expect(await lake.inlinedCount()).toBe(1);
  await one.run(FLUSH);
  expect(await lake.inlinedCount()).toBe(0);
  expect(await rows()).toBe(179);
});

test.each(["nonsense", "inserted_into_table:1,", "created_table:main.t", 'inserted_into_table:"main"."t"'])(
  "a commit whose changes read %s is refused, for DuckLake could not list the snapshots any more",
  async (changes) => {
    const refused = await lake.sql("insert into ducklake.ducklake_snapshot_changes values (-1, $1)", [changes]).then(
      () => "accepted",
      (error: Error & { hint?: string; code?: string }) => `${error.code} ${error.message} ${error.hint}`,
    );
    expect(refused).toBe(
      `TR040 pgtrickle guard: snapshot -1 has a list of changes that DuckLake cannot read: ${changes} Nothing was changed. This client is not made for this version of DuckLake.`,
    );
  },
);

test("names with quotes, commas and colons are nothing unusual in it", async () => {
  for (const name of ['"a,b"', '"c:1"', '"d""e"', '"unique"']) {
    await one.run(`create table lake.${name} (i integer)`);
    await one.run(`insert into lake.${name} values (1)`);
    await one.run(`drop table lake.${name}`);
  }
  expect(await one.rows("select count(*) > 0 as any_there from ducklake_snapshots('lake')")).toEqual([
    { any_there: true },
  ]);
});

test("no message or name of the guard has a word by which DuckLake would try again for seconds", async () => {
  const found = await lake.sql<{ name: string }>(
    `select p.proname as name from pg_proc p where p.pronamespace = 'pgtrickle_guard'::regnamespace
       and (p.proname ~* $1 or exists (
         select from regexp_matches(p.prosrc, '''((?:[^'']|'''')*)''', 'g') m (parts) where (m.parts)[1] ~* $1))`,
    ["unique|primary key|conflict|concurrent"],
  );
  expect(found).toEqual([]);
});
