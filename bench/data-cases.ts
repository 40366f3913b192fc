// What is measured within the database: rewinds, refreshes, ingest. Each case returns the figures that it has found.

import type { BenchDatabase } from "./bench-database.ts";
import { INSERT_THROUGH_LAKE, QUERY_AT } from "./bench-database.ts";
import type { Figure } from "./report.ts";
import { formatRows } from "./report.ts";
import { formatMs, formatRate, median } from "./statistics.ts";
import { compare, figureOf, RUNS, timeOnce } from "./timing.ts";

const TABLE = "public.event_summary";
const STEPS = 10;

const ratioOf = (ours: number, peer: number) => (ours / peer).toFixed(2);

async function toHead({ session }: BenchDatabase): Promise<void> {
  await session.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
}

async function setPaused({ session }: BenchDatabase, isPaused: boolean): Promise<void> {
  await session.query(`select pgtrickle.${isPaused ? "pause" : "resume"}_scheduler(array[$1])`, [TABLE]);
}

/** At the newest snapshot, and paused as a rewind wants it. */
async function readyToRewind(bench: BenchDatabase): Promise<void> {
  await setPaused(bench, false);
  await toHead(bench);
  await setPaused(bench, true);
}

async function rewind({ session }: BenchDatabase, target: number, strategy: string): Promise<void> {
  await session.query("select * from pgtrickle.rewind(array[$1], $2::bigint, $3)", [TABLE, target, strategy]);
}

/** Some small commits on top, each visited by a refresh of its own; the snapshot before them is the target of rewinds. */
async function addSteps(bench: BenchDatabase): Promise<number> {
  await toHead(bench);
  const target = await bench.head();
  for (let step = 0; step < STEPS; step += 1) {
    await bench.insertThroughLake(50);
    await toHead(bench);
  }
  return target;
}

/** The demo document's way: the frontier set back by UPDATE, then FULL. It is verified by whoever looks at it. */
async function setFrontierBack({ session }: BenchDatabase, target: number): Promise<void> {
  await session.query(
    `update pgtrickle.pgt_stream_tables
        set frontier = jsonb_set(frontier, '{sources,ducklake:lake.events,snapshot_id}', to_jsonb($1::bigint))
      where pgt_name = 'event_summary'`,
    [target],
  );
}

export async function measureFullRewind(bench: BenchDatabase, rows: number): Promise<readonly Figure[]> {
  const { session, duckdb } = bench;
  const target = await addSteps(bench);
  const setBack = async () => {
    await readyToRewind(bench);
    await setFrontierBack(bench, target);
  };
  const medians = await compare([
    { name: "full", prepare: setBack, run: () => session.query("select pgtrickle.refresh($1, 'FULL')", [TABLE]) },
    { name: "rewind", prepare: () => readyToRewind(bench), run: () => rewind(bench, target, "Full") },
    { name: "duckdb", run: () => duckdb.rows(QUERY_AT(target)) },
    { name: "view", run: () => session.query("refresh materialized view bench.event_summary") },
  ]);
  await setPaused(bench, false);
  return [
    fullFigure("frontier set back, FULL refresh", figureOf(medians, "full"), { medians, rows }),
    fullFigure("rewind by FULL, verified before the commit", figureOf(medians, "rewind"), { medians, rows }),
  ];
}

interface FullContext {
  readonly medians: ReadonlyMap<string, number>;
  readonly rows: number;
}

function fullFigure(what: string, ours: number, { medians, rows }: FullContext): Figure {
  const duckdb = figureOf(medians, "duckdb");
  const view = figureOf(medians, "view");
  const isFastEnough = ours <= 1.2 * duckdb + 30;
  const beatsView = rows < 10_000_000 || view >= 10 * ours;
  return {
    rows: formatRows(rows),
    what,
    ours: formatMs(ours),
    peers: [`raw DuckDB ${formatMs(duckdb)}`, `materialized view ${formatMs(view)}`],
    ratio: `${ratioOf(ours, duckdb)} of raw; ${ratioOf(ours, view)} of the view`,
    goal: "raw × 1.2 + 30 ms; at 10^7 a tenth of the view",
    isMet: isFastEnough && beatsView,
  };
}

const RAW_DELTA = (snapshotId: number) => {
  const columns = "distinct rowid, event_id, event_type, value, created_at";
  const range = `('lake', 'main', 'events', ${snapshotId}, ${snapshotId})`;
  return `select event_type, sum(sign) as n, sum(sign * value) as s from (
            select 1 as sign, * from (select ${columns} from ducklake_table_insertions${range})
            union all
            select -1 as sign, * from (select ${columns} from ducklake_table_deletions${range})
          ) group by event_type`;
};

export async function measureRefresh(bench: BenchDatabase, rows: number): Promise<Figure> {
  let snapshotId = 0;
  const insert = async () => {
    await bench.insertThroughLake(50);
    snapshotId = await bench.head();
  };
  await toHead(bench);
  const medians = await compare([
    { name: "ours", prepare: insert, run: () => toHead(bench) },
    { name: "delta", run: () => bench.duckdb.rows(RAW_DELTA(snapshotId)) },
    { name: "recompute", run: () => bench.duckdb.rows(QUERY_AT(snapshotId)) },
  ]);
  const [ours, delta, recompute] = ["ours", "delta", "recompute"].map((name) => figureOf(medians, name)) as [
    number,
    number,
    number,
  ];
  const cheaper = Math.min(delta, recompute);
  return {
    rows: formatRows(rows),
    what: "refresh after 50 rows",
    ours: formatMs(ours),
    peers: [`raw delta ${formatMs(delta)}`, `raw recompute ${formatMs(recompute)}`],
    ratio: `${ratioOf(ours, cheaper)} of the cheaper`,
    goal: "the cheaper × 1.5 + 15 ms",
    isMet: ours <= 1.5 * cheaper + 15,
  };
}

export async function measureJournalRewind(bench: BenchDatabase, rows: number): Promise<Figure> {
  const target = await addSteps(bench);
  await setPaused(bench, true);
  const timings: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    timings.push(await timeOnce(() => rewind(bench, target, "Journal")));
    for (let step = 0; step < STEPS; step += 1) {
      await bench.session.query("select pgtrickle.step($1, 1)", [TABLE]);
    }
  }
  await setPaused(bench, false);
  const ours = median(timings);
  return {
    rows: formatRows(rows),
    what: `rewind by journal over ${STEPS} refreshes of 5 groups`,
    ours: formatMs(ours),
    peers: [],
    ratio: "",
    goal: "10 ms, flat in the table's size",
    isMet: ours <= 10,
  };
}

export async function measureIngest(bench: BenchDatabase): Promise<readonly Figure[]> {
  const { session, duckdb } = bench;
  await session.query("create schema if not exists bench");
  await session.query(
    "create table if not exists bench.ingested (event_id uuid, event_type text, value bigint, created_at timestamptz)",
  );
  const local = INSERT_THROUGH_LAKE.replace("lake.events", "bench.ingested");
  const large = 100_000;
  const one = await compare(
    [
      { name: "ours", run: () => session.query(INSERT_THROUGH_LAKE, [large]) },
      { name: "local", run: () => session.query(local, [large]) },
      { name: "duckdb", run: () => duckdb.run(DUCKDB_INSERT(large)) },
    ],
    3,
  );
  const small = 1000;
  const many = await compare(
    [
      { name: "ours", run: () => session.query(INSERT_THROUGH_LAKE, [small]) },
      { name: "local", run: () => session.query(local, [small]) },
      { name: "duckdb", run: () => duckdb.run(DUCKDB_INSERT(small)) },
    ],
    20,
  );
  return [
    ingestFigure("ingest through lake.events, one transaction of 10^5 rows", one, { rows: large, goal: 40_000 }),
    ingestFigure("ingest through lake.events, one transaction a batch of 1,000", many, { rows: small, goal: 10_000 }),
  ];
}

const DUCKDB_INSERT = (rows: number) =>
  `insert into lake.main.events select uuid(), 'click', i, now() from range(${rows}) as r(i)`;

function ingestFigure(
  what: string,
  medians: ReadonlyMap<string, number>,
  { rows, goal }: { rows: number; goal: number },
): Figure {
  const rate = (name: string) => (rows / figureOf(medians, name)) * 1000;
  return {
    rows: "",
    what,
    ours: formatRate(rate("ours")),
    peers: [`local table ${formatRate(rate("local"))}`, `DuckDB alone ${formatRate(rate("duckdb"))}`],
    ratio: `${ratioOf(rate("ours"), rate("duckdb"))} of DuckDB alone`,
    goal: formatRate(goal),
    isMet: rate("ours") >= goal,
  };
}
