/**
 * `make test`: one tier after the other, the cheapest first, then what failed, and the line `N passed, N failed` over all of them.
 * Tiers can be named to run only those; the ones that need a cluster or Python run only when named. What is built or downloaded once
 * comes before the tests, with progress.
 *
 * Where a few files failed in a tier they are run once more, alone. What then passes has passed, and is named at the end as
 * unsteady: a fault of the test or of the product that is still to be found, but none of the change that is tested.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../stack/processes.ts";
import { ensureDuckdbExtensions, ensureDuckdbExtensionsForS3 } from "../../tools/duckdb-extensions.ts";
import { ensureHelm } from "../../tools/helm.ts";
import { ensureKubeAssets } from "../../tools/kube-assets.ts";
import { terminalProgress } from "../../tools/progress.ts";
import { ensurePythonClients } from "../clients/python.ts";
import { ensureS3Server } from "../support/s3-server.ts";
import {
  type Failure,
  failures,
  filesToTryAgain,
  goneSince,
  isGreen,
  sumUp,
  type TierReport,
  type TierRun,
  withSecondTry,
} from "./results.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const TIERS = ["pure", "pg", "kube", "e2e", "cluster", "cluster-full", "clients"] as const;
type Tier = (typeof TIERS)[number];
const ON_A_CLUSTER: readonly Tier[] = ["cluster", "cluster-full"];
const ONLY_NAMED: readonly Tier[] = [...ON_A_CLUSTER, "clients"];

function chosenTiers(names: readonly string[]): readonly Tier[] {
  const unknown = names.filter((name) => !(TIERS as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`unknown tiers: ${unknown.join(", ")}; there are ${TIERS.join(", ")}`);
  return TIERS.filter((tier) => (names.length === 0 ? !ONLY_NAMED.includes(tier) : names.includes(tier)));
}

function runVitest(tier: Tier, reportFile: string, files: readonly string[]): Promise<number> {
  // Where a single test takes long, each is told as it ends.
  const reporter = ONLY_NAMED.includes(tier) ? "verbose" : "default";
  const reporters = [`--reporter=${reporter}`, "--reporter=json", `--outputFile.json=${reportFile}`];
  const vitest = spawn(
    process.execPath,
    [VITEST, "run", "--project", tier, "--passWithNoTests", ...reporters, ...files],
    {
      cwd: ROOT,
      stdio: "inherit",
    },
  );
  return new Promise((resolve, reject) => {
    vitest.once("error", reject);
    vitest.once("exit", (code) => resolve(code ?? 1));
  });
}

async function runFiles(tier: Tier, folder: string, files: readonly string[] = []): Promise<TierRun> {
  const reportFile = join(folder, files.length > 0 ? `${tier}-again.json` : `${tier}.json`);
  const exitCode = await runVitest(tier, reportFile, files);
  const text = await readFile(reportFile, "utf8").catch(() => undefined);
  return { exitCode, report: text === undefined ? undefined : (JSON.parse(text) as TierReport) };
}

interface TierOutcome {
  readonly run: TierRun;
  /** What failed at first and has passed since. */
  readonly unsteady: readonly Failure[];
}

async function runTier(tier: Tier, folder: string): Promise<TierOutcome> {
  process.stdout.write(`\n── ${tier} ──\n`);
  const run = await runFiles(tier, folder);
  // A cluster keeps what a failed test left in it.
  const files = ON_A_CLUSTER.includes(tier) ? [] : filesToTryAgain(run);
  if (files.length === 0) return { run, unsteady: [] };
  process.stdout.write(`\n── ${tier}: once more, what failed ──\n`);
  const settled = withSecondTry(run, await runFiles(tier, folder, files));
  return { run: settled, unsteady: goneSince(failures(run), failures(settled)) };
}

function tell(title: string, found: readonly Failure[]): void {
  if (found.length === 0) return;
  const lines = found.map(({ test, reason }) => `  ${test.replace(ROOT, "")}: ${reason}\n`);
  process.stdout.write(`\n${title}:\n${lines.join("")}`);
}

async function prepare(tiers: readonly Tier[]): Promise<void> {
  const progress = terminalProgress();
  if (tiers.includes("pure") || tiers.includes("kube")) await ensureHelm(progress);
  if (tiers.includes("pg") || tiers.includes("e2e") || tiers.includes("clients"))
    await ensureDuckdbExtensions(progress);
  if (tiers.includes("clients")) await ensurePythonClients(progress);
  if (tiers.includes("pg")) {
    await ensureDuckdbExtensionsForS3(progress);
    // Where it cannot be built, one test file says so; the others run.
    await ensureS3Server(progress).catch(() => {});
  }
  if (tiers.includes("kube") || tiers.includes("e2e")) await ensureKubeAssets(progress);
}

async function main(names: readonly string[]): Promise<number> {
  const tiers = chosenTiers(names);
  await prepare(tiers);
  const folder = temporaryFolder();
  const outcomes: TierOutcome[] = [];
  try {
    for (const tier of tiers) outcomes.push(await runTier(tier, folder.path));
  } finally {
    folder.remove();
  }
  const runs = outcomes.map(({ run }) => run);
  tell(
    "unsteady: failed, and passed at a second try",
    outcomes.flatMap(({ unsteady }) => unsteady),
  );
  tell("failed", runs.flatMap(failures));
  const totals = sumUp(runs);
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
  return isGreen(totals) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
