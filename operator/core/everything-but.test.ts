import { describe, expect, it } from "vitest";
import { everythingBut, withoutDefaults } from "./everything-but.ts";

describe("everythingBut", () => {
  it("leaves out what is named, in objects and in the items of lists, and nothing else", () => {
    const value = { a: 1, b: { c: 2, d: 3 }, e: [{ f: 4, g: 5 }, { f: 6 }], h: null };
    expect(everythingBut(value, { a: "why", "b.c": "why", "e[].f": "why", c: "is no path" })).toEqual({
      ...{ b: { d: 3 }, e: [{ g: 5 }, {}], h: null },
    });
  });
});

describe("withoutDefaults", () => {
  const defaults = { a: 1, b: { c: 2, d: 3 }, e: [], f: { g: 4 } };

  it("leaves out what has its default, and objects of which nothing is left", () => {
    expect(withoutDefaults({ a: 1, b: { c: 2, d: 4 }, e: [], f: { g: 4 }, h: 5 }, defaults, [])).toEqual({
      ...{ b: { d: 4 }, h: 5 },
    });
  });

  it("leaves in what is always told", () => {
    expect(withoutDefaults({ a: 1, b: { c: 2, d: 3 }, e: [] }, defaults, ["a", "b.d", "e"])).toEqual({
      ...{ a: 1, b: { d: 3 }, e: [] },
    });
  });
});
