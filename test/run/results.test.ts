import { describe, expect, test } from "vitest";
import { failures, filesToTryAgain, goneSince, isGreen, sumUp, type TierRun, withSecondTry } from "./results.ts";

function run(files: Record<string, string[]>, exitCode = 0): TierRun {
  const testResults = Object.entries(files).map(([name, tests]) => ({
    name,
    status: name.startsWith("bad") || tests.length === 0 || tests.includes("failed") ? "failed" : "passed",
    assertionResults: tests.map((status, index) => ({ fullName: `test ${index}`, status })),
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

describe("a second try", () => {
  const first = run({ a: ["passed", "failed"], b: ["passed"], c: [] }, 1);

  test("is of the files that failed, whichever way", () => {
    expect(filesToTryAgain(first)).toEqual(["a", "c"]);
    expect(filesToTryAgain(run({ a: ["passed"] }))).toEqual([]);
    expect(filesToTryAgain({ exitCode: 1, report: undefined })).toEqual([]);
  });

  test("is not made of many: that is no chance", () => {
    const names = ["a", "b", "c", "d", "e"];
    expect(filesToTryAgain(run(Object.fromEntries(names.map((name) => [name, ["failed"]])), 1))).toEqual([]);
  });

  test("has the last word on its files, and on no other", () => {
    const second = run({ a: ["passed", "passed"], c: ["passed"] });
    expect(sumUp([withSecondTry(first, second)])).toEqual({ passed: 4, failed: 0 });
  });

  test("that fails again is a failure, and so is one that ends without a report", () => {
    expect(sumUp([withSecondTry(first, run({ a: ["passed", "failed"], c: ["passed"] }, 1))]).failed).toBe(1);
    expect(sumUp([withSecondTry(first, { exitCode: 1, report: undefined })]).failed).toBe(2);
  });
});

describe("a failure is named", () => {
  test("by file, test and the beginning of its message", () => {
    const failed = {
      fullName: "it adds",
      status: "failed",
      failureMessages: ["AssertionError: 1 is not 2\n    at sum"],
    };
    const broken = { name: "b.test.ts", status: "failed", message: "no such module\n  at b", assertionResults: [] };
    const report = { testResults: [{ name: "a.test.ts", status: "failed", assertionResults: [failed] }, broken] };
    expect(failures({ exitCode: 1, report })).toEqual([
      { test: "a.test.ts > it adds", reason: "AssertionError: 1 is not 2" },
      { test: "b.test.ts > outside of its tests", reason: "no such module" },
    ]);
  });

  test("also where no test has failed", () => {
    const reason = "vitest ended with 1: an error outside of any test, or a set-up that failed";
    expect(failures(run({ a: ["passed"] }, 1))).toEqual([{ test: "no test", reason }]);
    expect(failures(run({ a: ["passed"] }))).toEqual([]);
  });

  test("as gone only if it does not fail again, for whatever reason", () => {
    const [one, two] = [
      { test: "one", reason: "a" },
      { test: "two", reason: "b" },
    ];
    expect(goneSince([one, two], [{ test: "two", reason: "c" }])).toEqual([one]);
  });
});
