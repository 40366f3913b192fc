// `make fuzz`: histories with one seed after the other until the time is over, or one that is named. Exits 1 if anything was found.
import { readFile } from "node:fs/promises";
import { Counts } from "./counts.ts";
import { type HistoryOptions, type HistoryResult, playHistory } from "./history.ts";
import { type FuzzOptions, readOptions } from "./options.ts";
import { type Place, startPlace } from "./place.ts";
import { parseScript } from "./script.ts";
import { historyOf, historyOfScript, printScript, reportOf } from "./seeds.ts";
import { shrink } from "./shrink.ts";

const SHRINK_TRIES = 40;

const say = (text: string) => process.stdout.write(`${text}\n`);

async function playOn(place: Place, history: HistoryOptions): Promise<HistoryResult> {
  const database = await place.open();
  try {
    return await playHistory(database, history);
  } finally {
    await database.drop();
  }
}

async function nextHistory(options: FuzzOptions, seed: number): Promise<HistoryOptions> {
  if (options.script === undefined) return historyOf({ ...options, seed });
  return historyOfScript(parseScript(await readFile(options.script, "utf8")), options.isDeltaForced ?? true);
}

async function shrunk(place: Place, history: HistoryOptions, result: HistoryResult): Promise<string> {
  const { kind, detail } = result.finding ?? {};
  const fails = async (script: HistoryOptions["script"]) => {
    const { finding } = await playOn(place, { ...history, script });
    return finding?.kind === kind && finding?.detail === detail;
  };
  const script = await shrink(history.script.slice(0, result.played), fails, SHRINK_TRIES);
  return `Shrunk to ${script.length} steps:\n${printScript(script)}`;
}

function howToRepeat(
  { steps, script, withProvocations }: FuzzOptions,
  seed: number,
  { isDeltaForced, clients }: HistoryOptions,
): string {
  const what =
    script === undefined ? `SEED=${seed} STEPS=${steps} PROVOKE=${withProvocations ? 1 : 0}` : `SCRIPT=${script}`;
  return `make fuzz ${what} CLIENTS=${clients.join(",")} DELTA=${isDeltaForced ? 1 : 0}`;
}

async function playAll(place: Place, options: FuzzOptions): Promise<number> {
  const total = new Counts();
  const until = Date.now() + options.minutes * 60_000;
  const refusals = new Set<string>();
  let failures = 0;
  for (let index = 0; index < options.histories && Date.now() < until; index++) {
    const seed = options.seed + index;
    const history = await nextHistory(options, seed);
    const startedAt = Date.now();
    const result = await playOn(place, history);
    const took = ((Date.now() - startedAt) / 1000).toFixed(1);
    total.addAll(result.counts);
    for (const name of result.refusals) refusals.add(name);
    say(`${reportOf(howToRepeat(options, seed, history), history, result)} (${took} s)`);
    if (!result.finding || result.finding.isTold) continue;
    failures++;
    if (options.isShrunk) say(await shrunk(place, history, result));
  }
  const unprovoked = [...refusals].filter((name) => total.get(`provoked refusals: ${name}`) === 0);
  if (unprovoked.length > 0) say(`\nRefusals of the guard that were not provoked:\n${unprovoked.join("\n")}`);
  say(`\n${total.print()}\n${failures} histories with a difference`);
  return failures;
}

async function main(): Promise<void> {
  const options = readOptions(process.env, Date.now());
  const place = await startPlace();
  try {
    process.exitCode = (await playAll(place, options)) === 0 ? 0 : 1;
  } finally {
    await place.stop();
  }
}

await main();
