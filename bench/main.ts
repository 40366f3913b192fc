// `make bench`: starts a stack of its own, measures, and writes the table into docs/benchmarks.md. Not a test: nothing fails
// because a machine is slow.

import { readFile, writeFile } from "node:fs/promises";
import { terminalProgress } from "../tools/progress.ts";
import { type BenchDatabase, fillLake, fillLocal, openBenchDatabase } from "./bench-database.ts";
import { measureFullRewind, measureIngest, measureJournalRewind, measureRefresh } from "./data-cases.ts";
import { connectKubeApi } from "./kube-api.ts";
import { measureOtherClient } from "./lake-client-cases.ts";
import { measureGuard, measureManifest } from "./lake-upkeep-cases.ts";
import { describeMachine, describeVersions } from "./machine.ts";
import { createSecret, type EngineSwitch, measurePause, measureRollback } from "./operator-cases.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { type Figure, formatRows, renderFigures, replaceFigures } from "./report.ts";
import { type BenchStack, startBenchStack } from "./stack.ts";

const PAGE = new URL("../docs/benchmarks.md", import.meta.url);
const progress = terminalProgress();

async function measureData(bench: BenchDatabase, { rows }: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = async (title: string, measure: () => Promise<Figure | readonly Figure[]>) => {
    figures.push(...[await progress.step(title, measure)].flat());
  };
  for (const count of rows) {
    const size = formatRows(count);
    await progress.step(`${size} rows: filling`, async () => {
      await fillLake(bench, count);
      await bench.session.query("select pgtrickle.reinitialize('public.event_summary')");
      await fillLocal(bench);
    });
    await add(`${size} rows: FULL rewind`, () => measureFullRewind(bench, count));
    await add(`${size} rows: refresh`, () => measureRefresh(bench, count));
    await add(`${size} rows: rewind by journal`, () => measureJournalRewind(bench, count));
  }
  await add("ingest", () => measureIngest(bench));
  await add("another client of the lake", () => measureOtherClient(bench));
  await add("the guard of the lake", () => measureGuard(bench));
  await add("a table of very many files", () => measureManifest(bench));
  return figures;
}

function engineSwitch({ database }: BenchStack): EngineSwitch {
  // Both: a watchdog that runs would kill the frozen engine and start another.
  const signal = (name: NodeJS.Signals) => {
    process.kill(database.lake.pid, name);
    process.kill(database.lake.enginePid(), name);
  };
  return { freeze: () => signal("SIGSTOP"), thaw: () => signal("SIGCONT") };
}

async function measureOperator(stack: BenchStack, bench: BenchDatabase): Promise<Figure[]> {
  const kubeconfig = await progress.step("Kubernetes and the operator", () => stack.startKubernetes());
  const api = await connectKubeApi(kubeconfig);
  const operator = { bench, api };
  try {
    await createSecret(operator);
    await bench.session.query("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
    return [
      await progress.step("apply → paused", () => measurePause(operator, undefined)),
      await progress.step("apply → paused, engine stopped", () => measurePause(operator, engineSwitch(stack))),
      await progress.step("apply → Succeeded", () => measureRollback(operator)),
    ];
  } finally {
    api.close();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const machine = describeMachine();
  const stack = await startBenchStack(progress);
  try {
    const bench = await openBenchDatabase(stack.database);
    try {
      await bench.session.query("select pgtrickle.alter_stream_table('public.event_summary', schedule => '1h')");
      const figures = await measureData(bench, options);
      if (options.withOperator) {
        figures.push(...(await measureOperator(stack, bench)));
      }
      const table = renderFigures(figures, { ...machine, versions: await describeVersions(bench) });
      process.stdout.write(`${table}\n`);
      if (!options.isPrintOnly) {
        await writeFile(PAGE, replaceFigures(await readFile(PAGE, "utf8"), table));
      }
    } finally {
      await bench.close();
    }
  } finally {
    await stack.stop();
  }
}

await main();
