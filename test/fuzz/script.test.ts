import { describe, expect, test } from "vitest";
import {
  CLIENT_NAMES,
  isMaintenance,
  isProvocation,
  makeScript,
  PROVOCATIONS,
  parseScript,
  printStep,
} from "./script.ts";

const options = { seed: 5, steps: 400, clients: CLIENT_NAMES, withMaintenance: true, withProvocations: true };

describe("a script", () => {
  test("is the same for the same seed, and another for another one", () => {
    expect(makeScript(options)).toEqual(makeScript(options));
    expect(makeScript({ ...options, seed: 6 })).not.toEqual(makeScript(options));
  });

  test("begins as a shorter one of its seed does", () => {
    expect(makeScript({ ...options, steps: 50 })).toEqual(makeScript(options).slice(0, 50));
  });

  test("is read back from its text, in which lines with # are for people", () => {
    const script = makeScript(options);
    expect(parseScript(`# made by hand\n\n${script.map(printStep).join("\n")}\n`)).toEqual(script);
  });

  test.each(["", "pg1 0 drop events 1 1", "pg9 0 read events 1 1", "pg1 0 read events 1", "pg1 x read events 1 1"])(
    "is refused with a line that is no step: '%s'",
    (line) => {
      expect(() => parseScript(`pg1 0 read events 1 1\n${line || "nothing"}`)).toThrow("not a step");
    },
  );

  test("keeps the steps of a transaction in order: begin first, one end", () => {
    const script = makeScript(options);
    const numbers = new Set(script.map(({ transaction }) => transaction).filter((number) => number !== 0));
    expect(numbers.size).toBeGreaterThan(20);
    for (const number of numbers) {
      const acts = script.filter(({ transaction }) => transaction === number).map(({ act }) => act);
      expect(acts[0]).toBe("begin");
      expect(acts.slice(0, -1)).not.toContain("commit");
      expect(acts.filter((act) => act.endsWith("-where")).length).toBeLessThanOrEqual(1);
    }
  });

  test("interleaves its clients' transactions", () => {
    const script = makeScript(options);
    const isInterleaved = script.some((step, index) => {
      const rest = script.slice(index + 1);
      return (
        step.transaction !== 0 &&
        rest.some((later) => later.client !== step.client) &&
        rest.some((later) => later.transaction === step.transaction)
      );
    });
    expect(isInterleaved).toBe(true);
  });

  test("has provocations of every kind in between, and without them is otherwise the same", () => {
    const script = makeScript({ ...options, steps: 1_000 });
    const provoked = script.filter(({ act }) => isProvocation(act));
    expect(new Set(provoked.map(({ act }) => act))).toEqual(new Set(PROVOCATIONS));
    const others = script.filter(({ act }) => !isProvocation(act));
    expect(makeScript({ ...options, steps: others.length, withProvocations: false })).toEqual(others);
  });

  test("has maintenance by the plain DuckDB only, and none where it is left out", () => {
    const maintained = makeScript(options).filter(({ act }) => isMaintenance(act));
    expect(maintained.length).toBeGreaterThan(10);
    expect(new Set(maintained.map(({ client }) => client))).toEqual(new Set(["duck"]));
    expect(makeScript({ ...options, withMaintenance: false }).filter(({ act }) => isMaintenance(act))).toEqual([]);
  });
});
