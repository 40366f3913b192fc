import { describe, expect, test } from "vitest";
import { readOptions } from "./options.ts";

describe("the options of make fuzz", () => {
  test("play an hour of histories by default, with a seed of their own", () => {
    expect(readOptions({}, 1_234_567)).toMatchObject({ seed: 234_567, steps: 100, minutes: 60, clients: undefined });
    expect(readOptions({}, 0).histories).toBeGreaterThan(1_000_000);
  });

  test("play one history where a seed or a script is named without minutes", () => {
    expect(readOptions({ SEED: "7", STEPS: "30" }, 0)).toMatchObject({ seed: 7, steps: 30, histories: 1 });
    expect(readOptions({ SCRIPT: "some.txt" }, 0)).toMatchObject({ script: "some.txt", histories: 1 });
    expect(readOptions({ SEED: "7", MINUTES: "5" }, 0).histories).toBeGreaterThan(1_000_000);
  });

  test("provoke the guard, unless told otherwise", () => {
    expect(readOptions({}, 0).withProvocations).toBe(true);
    expect(readOptions({ PROVOKE: "0" }, 0).withProvocations).toBe(false);
  });

  test("name clients, or say how many", () => {
    expect(readOptions({ CLIENTS: "2" }, 0).clients).toEqual(["duck", "pg1"]);
    expect(readOptions({ CLIENTS: "pg2, duck" }, 0).clients).toEqual(["pg2", "duck"]);
  });

  test.each([
    [{ SEED: "x" }, "SEED takes a whole number, not x"],
    [{ PROVOKE: "on" }, "PROVOKE takes 0 or 1, not on"],
    [{ DELTA: "yes" }, "DELTA takes 0 or 1, not yes"],
    [{ CLIENTS: "psql" }, "CLIENTS takes 1 to 4, or names of duck, pg1, pg2, pg3; not psql"],
  ])("refuse %j", (environment, message) => {
    expect(() => readOptions(environment, 0)).toThrow(message);
  });
});
