import { describe, expect, it } from "vitest";
import { parseBlocks } from "./blocks.ts";

describe("a file of SQL blocks", () => {
  it("gives each block as it stands, comments and all, without what is before the first", () => {
    const text = "-- about this file\n\n-- block: one\nselect 1; -- first\n\n-- block: two words\n-- why\nselect 2;\n";
    expect([...parseBlocks(text)]).toEqual([
      ["one", "select 1; -- first"],
      ["two words", "-- why\nselect 2;"],
    ]);
  });

  it("refuses a name that is there twice", () => {
    expect(() => parseBlocks("-- block: a\n-- block: a\n")).toThrow('"a" is there twice');
  });
});
