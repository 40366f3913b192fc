import { expect, test } from "vitest";
import { isGreen, sumUp, type TierRun } from "./test-results.ts";

function run(files: Record<string, string[]>, exitCode = 0): TierRun {
  const testResults = Object.entries(files).map(([name, tests]) => ({
    status: name.startsWith("bad") || tests.includes("failed") ? "failed" : "passed",
    assertionResults: tests.map((status) => ({ status })),
  }));
  return { exitCode, report: { testResults } };
}

const cases: Record<string, { given: TierRun[]; want: { passed: number; failed: number } }> = {
  "tests of all tiers are added up": {
    given: [run({ a: ["passed", "passed"] }), run({ b: ["passed", "failed"] }, 1)],
    want: { passed: 3, failed: 1 },
  },
  "a skipped test is neither": { given: [run({ a: ["passed", "skipped"] })], want: { passed: 1, failed: 0 } },
  "a file that cannot be loaded has failed": { given: [run({ bad: [] }, 1)], want: { passed: 0, failed: 1 } },
  "a file whose hook failed after its tests passed has failed": {
    given: [run({ bad: ["passed"] }, 1)],
    want: { passed: 1, failed: 1 },
  },
  "a run that ended without a report has failed": {
    given: [{ exitCode: 1, report: undefined }],
    want: { passed: 0, failed: 1 },
  },
  "an error outside of any test is a failure": { given: [run({ a: ["passed"] }, 1)], want: { passed: 1, failed: 1 } },
};

test.each(Object.entries(cases))("%s", (_name, { given, want }) => {
  expect(sumUp(given)).toEqual(want);
});

test("a run without any test is not green", () => {
  expect(isGreen({ passed: 0, failed: 0 })).toBe(false);
  expect(isGreen({ passed: 1, failed: 0 })).toBe(true);
  expect(isGreen({ passed: 9, failed: 1 })).toBe(false);
});
