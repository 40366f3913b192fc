// What another client of the lake, a plain DuckDB that inserts every 60 ms, notices of deletions through a foreign table.

import { setTimeout as sleep } from "node:timers/promises";
import type { BenchDatabase } from "./bench-database.ts";
import type { Figure } from "./report.ts";
import { formatMs, quantile } from "./statistics.ts";
import { timeOnce } from "./timing.ts";

const EVERY_MS = 60;
const DELETIONS = 30;

/** How long each insertion took, repeats after DuckLake's conflicts included, until told to stop. */
async function insertOn({ duckdb }: BenchDatabase, isStopped: (inserted: number) => boolean): Promise<number[]> {
  const latenciesMs: number[] = [];
  const insert = async (): Promise<void> => {
    try {
      await duckdb.run("insert into lake.main.events values (uuid(), 'theirs', 1, now())");
    } catch (error) {
      if (!/Transaction conflict/.test(String(error))) throw error;
      await insert();
    }
  };
  while (!isStopped(latenciesMs.length)) {
    latenciesMs.push(await timeOnce(insert));
    await sleep(EVERY_MS);
  }
  return latenciesMs;
}

export async function measureOtherClient(bench: BenchDatabase): Promise<Figure> {
  const alone = await insertOn(bench, (inserted) => inserted === DELETIONS);
  let isStopped = false;
  const inserting = insertOn(bench, () => isStopped);
  try {
    for (let at = 0; at < DELETIONS; at += 1) {
      await bench.session.query("delete from lake.events where value = $1 and event_type <> 'theirs'", [at]);
    }
  } finally {
    isStopped = true;
  }
  const beside = await inserting;
  const [aloneMs, besideMs] = [quantile(alone, 0.99), quantile(beside, 0.99)];
  return {
    rows: "",
    what: `another client's insertion every ${EVERY_MS} ms beside ${DELETIONS} deletions, none lost`,
    ours: `p99 ${formatMs(besideMs)}`,
    peers: [`without them p99 ${formatMs(aloneMs)}`],
    ratio: `${formatMs(besideMs - aloneMs)} more`,
    goal: "p99 1 s",
    isMet: besideMs <= 1000,
  };
}
