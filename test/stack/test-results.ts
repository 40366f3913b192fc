/** What vitest's JSON reports say about a run, in two numbers: pure. */

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** The part of vitest's JSON report that is read here. */
export interface TierReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export interface TierRun {
  readonly exitCode: number;
  /** Absent when vitest ended before it could write one. */
  readonly report: TierReport | undefined;
}

function countTier({ exitCode, report }: TierRun): Totals {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").length;
  // A file that cannot even be loaded has no tests in the report, but it has failed.
  const broken = files.filter(({ status, assertionResults }) => {
    return status === "failed" && assertionResults.every((test) => test.status !== "failed");
  });
  const failed = tests.filter(({ status }) => status === "failed").length + broken.length;
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
