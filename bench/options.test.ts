import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";

describe("the benchmark's options", () => {
  it("measure three sizes and the operator by default", () => {
    expect(readOptions([])).toEqual({
      rows: [100_000, 1_000_000, 10_000_000],
      withOperator: true,
      isPrintOnly: false,
    });
  });

  it("take sizes in any order and measure them ascending, as the table grows", () => {
    expect(readOptions(["--rows", "1000000,100000"]).rows).toEqual([100_000, 1_000_000]);
  });

  it("refuse what is not a number", () => {
    expect(() => readOptions(["--rows", "many"])).toThrow("--rows takes");
    expect(() => readOptions(["--fast"])).toThrow();
  });
});
