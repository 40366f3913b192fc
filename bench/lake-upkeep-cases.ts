// What knowing the lake costs: the manifest of a table with very many files, and the guard of the catalog in another client's commits.

import type { BenchDatabase } from "./bench-database.ts";
import type { Figure } from "./report.ts";
import { formatMs } from "./statistics.ts";
import { compare, figureOf } from "./timing.ts";

const FEW = 10;
const MANY = 10_000;
const ROWS_A_FILE = 50;

/** A table of so many data files, written in one commit, and a stream table over it. Returns the stream table's name. */
async function makeFiles({ session, duckdb }: BenchDatabase, files: number): Promise<string> {
  const [table, summary] = [`files_${files}`, `public.files_${files}_summary`];
  await duckdb.run(`create table lake.main.${table} (part bigint, v bigint)`);
  await duckdb.run(`alter table lake.main.${table} set partitioned by (part)`);
  await session.query(
    `create foreign table lake.${table} (part bigint, v bigint) server lake options (schema_name 'main', table_name '${table}')`,
  );
  await duckdb.run(`insert into lake.main.${table} select i % ${files}, i from range(${files * ROWS_A_FILE}) r(i)`);
  await session.query("select pgtrickle.create_stream_table('public', $1, $2, '1h', 'DIFFERENTIAL')", [
    `${table}_summary`,
    `select v % 5 as k, count(*) as n, sum(v) as total from lake.${table} group by v % 5`,
  ]);
  return summary;
}

export async function measureManifest(bench: BenchDatabase): Promise<Figure> {
  const contestants = [];
  for (const files of [FEW, MANY]) {
    const summary = await makeFiles(bench, files);
    contestants.push({
      name: String(files),
      prepare: () => bench.duckdb.run(`insert into lake.main.files_${files} select 0, i from range(50) r(i)`),
      run: () => bench.session.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [summary]),
    });
  }
  const medians = await compare(contestants, 21);
  const [few, many] = [figureOf(medians, String(FEW)), figureOf(medians, String(MANY))];
  return {
    rows: "",
    what: "refresh after 50 rows of a table with 10^4 files",
    ours: formatMs(many),
    peers: [`with ${FEW} files ${formatMs(few)}`],
    ratio: `${formatMs(many - few)} more`,
    goal: "5 ms more",
    isMet: many - few <= 5,
  };
}

const COMMITS: readonly (readonly [what: string, statement: string, most: number])[] = [
  ["insertion of 100 rows", "insert into lake.main.guarded select i, 0 from range(100) r(i)", 1.05],
  ["deletion of 20 rows", "delete from lake.main.guarded where i % 100 < 20 and v = 0", 1.15],
];

/** A plain DuckDB's commits with the guard's triggers and without. */
export async function measureGuard(bench: BenchDatabase): Promise<readonly Figure[]> {
  const { session, duckdb } = bench;
  await duckdb.run("create table lake.main.guarded (i bigint, v bigint)");
  const refill = "insert into lake.main.guarded select i, 0 from range(1000) r(i)";
  const figures: Figure[] = [];
  for (const [what, statement, most] of COMMITS) {
    const contestant = (name: string, isOn: boolean) => ({
      name,
      prepare: async () => {
        await session.query("select pgtrickle.set_guard($1)", [isOn]);
        await duckdb.run(refill);
      },
      run: () => duckdb.run(statement),
    });
    const medians = await compare([contestant("guarded", true), contestant("bare", false)], 41);
    await session.query("select pgtrickle.set_guard(true)");
    const [guarded, bare] = [figureOf(medians, "guarded"), figureOf(medians, "bare")];
    figures.push({
      rows: "",
      what: `another client's ${what}, with the guard`,
      ours: formatMs(guarded),
      peers: [`without the guard ${formatMs(bare)}`],
      ratio: (guarded / bare).toFixed(2),
      goal: `${most.toFixed(2)} of it`,
      isMet: guarded <= most * bare,
    });
  }
  return figures;
}
