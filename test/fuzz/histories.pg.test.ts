/**
 * Histories of several clients, interleaved statement by statement, against a model of what they were told. A failing one prints
 * its script; `make fuzz` plays others for as long as one likes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { openTrickle } from "../support/trickle.ts";
import { Counts } from "./counts.ts";
import { type HistoryOptions, playHistory } from "./history.ts";
import { parseScript } from "./script.ts";
import { historyOf, historyOfScript, reportOf } from "./seeds.ts";

/** Chosen to have what once made stream tables wrong. Half of them force Delta, and they have two to four clients. */
const SEEDS = [100, 101, 102, 103, 104, 105];
const STEPS = 85;
const SCRIPTS = new URL("./scripts/", import.meta.url);

const total = new Counts();
/** What the guard can refuse, as the database has it. */
const refusals = new Set<string>();

async function play(how: string, history: HistoryOptions): Promise<string | undefined> {
  const database = await openTrickle({ setupFile: false });
  try {
    const result = await playHistory(database, history);
    total.addAll(result.counts);
    for (const name of result.refusals) refusals.add(name);
    return result.finding && !result.finding.isTold ? reportOf(how, history, result) : undefined;
  } finally {
    await database.drop();
  }
}

describe("every stream table is its query over what was committed, forward, back and by replay", {
  timeout: 600_000,
}, () => {
  test.each(readdirSync(SCRIPTS))("in the script %s", async (name) => {
    const script = parseScript(readFileSync(new URL(name, SCRIPTS), "utf8"));
    expect(await play(`make fuzz SCRIPT=test/fuzz/scripts/${name}`, historyOfScript(script, true))).toBeUndefined();
  });

  test.each(SEEDS)("in the history of seed %i", async (seed) => {
    const report = await play(
      `make fuzz SEED=${seed} STEPS=${STEPS} PROVOKE=0`,
      historyOf({ seed, steps: STEPS, withProvocations: false }),
    );
    expect(report).toBeUndefined();
  });

  test("in more than 400 steps, by every strategy, beside maintenance", () => {
    expect(total.get("played steps")).toBeGreaterThanOrEqual(400);
    const done = ["refreshes: Delta", "refreshes: Full", "rewound tables: Journal", "rewound tables: Full"];
    for (const name of [...done, "maintenance: flush", "commits: of a transaction", "verified: rows"]) {
      expect([name, total.get(name)]).not.toEqual([name, 0]);
    }
  });

  test("with each refusal of the guard provoked", () => {
    expect(refusals.size).toBeGreaterThan(0);
    expect([...refusals].filter((name) => total.get(`provoked refusals: ${name}`) === 0)).toEqual([]);
  });

  afterAll(() => {
    process.stdout.write(`${total.print()}\n`);
  });
});
