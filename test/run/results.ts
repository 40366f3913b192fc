/** What vitest's JSON reports say about a run, and about the second try of what failed in it: pure. */

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** The part of vitest's JSON report that is read here. */
export interface TierReport {
  readonly testResults: readonly FileReport[];
}

export interface FileReport {
  /** The path of the test file. */
  readonly name: string;
  readonly status: string;
  /** Why the file itself failed; empty where only its tests did. */
  readonly message?: string;
  readonly assertionResults: readonly TestReport[];
}

export interface TestReport {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[] | null;
}

export interface TierRun {
  readonly exitCode: number;
  /** Absent when vitest ended before it could write one. */
  readonly report: TierReport | undefined;
}

/** More failed files than this are no chance, and are not tried again. */
const MOST_SECOND_TRIES = 4;

function isBroken({ status, assertionResults }: FileReport): boolean {
  return status === "failed" && assertionResults.every((test) => test.status !== "failed");
}

function countTier({ exitCode, report }: TierRun): Totals {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").length;
  // A file that cannot even be loaded has no tests in the report, but it has failed.
  const failed = tests.filter(({ status }) => status === "failed").length + files.filter(isBroken).length;
  // Such as a global setup that failed, or an error outside of any test.
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

export function sumUp(runs: readonly TierRun[]): Totals {
  const totals = runs.map(countTier);
  return {
    passed: totals.reduce((sum, { passed }) => sum + passed, 0),
    failed: totals.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** A run in which nothing was tested is no success. */
export function isGreen({ passed, failed }: Totals): boolean {
  return failed === 0 && passed > 0;
}

/** The files of which a second try can say whether they failed by chance. */
export function filesToTryAgain({ report }: TierRun): readonly string[] {
  const failed = (report?.testResults ?? []).filter(({ status }) => status === "failed").map(({ name }) => name);
  return failed.length > MOST_SECOND_TRIES ? [] : failed;
}

/** The run as it stands after `second`, in which only {@link filesToTryAgain} were run: their last word counts. */
export function withSecondTry(first: TierRun, second: TierRun): TierRun {
  const again = new Map(second.report?.testResults.map((file) => [file.name, file]));
  const testResults = first.report?.testResults.map((file) => again.get(file.name) ?? file) ?? [];
  return { exitCode: second.exitCode, report: { testResults } };
}

export interface Failure {
  /** File and name. */
  readonly test: string;
  /** How its message begins. */
  readonly reason: string;
}

export function failures({ exitCode, report }: TierRun): readonly Failure[] {
  const found = (report?.testResults ?? []).flatMap((file) => {
    if (isBroken(file)) return [failure(`${file.name} > outside of its tests`, file.message)];
    const failed = file.assertionResults.filter(({ status }) => status === "failed");
    return failed.map((test) => failure(`${file.name} > ${test.fullName.trim()}`, test.failureMessages?.[0]));
  });
  if (found.length > 0 || exitCode === 0) return found;
  return [failure("no test", `vitest ended with ${exitCode}: an error outside of any test, or a set-up that failed`)];
}

/** Those of `first` that are not among `second` any more. */
export function goneSince(first: readonly Failure[], second: readonly Failure[]): readonly Failure[] {
  const still = new Set(second.map(({ test }) => test));
  return first.filter(({ test }) => !still.has(test));
}

function failure(test: string, message = ""): Failure {
  const [reason = ""] = message.split("\n");
  return { test, reason: reason.slice(0, 300) };
}
