import { describe, expect, it } from "vitest";
import { difference, shapeOf } from "./shape.ts";

describe("the shape of an output", () => {
  it("has no numbers, times, ids and widths", () => {
    const lines = [
      "NAME                              READY   AGE",
      "demo-operator-7d98dfd79c-6grqq    1/1     2m3s",
      "  Hash:          23ec2b07141eefdd0d37ad35f143bb524f9e09948d18110b33552bcfd9abe140",
      "  Planned At:    2026-11-22T15:13:40.840Z",
      "  Fingerprint:   3-af91a5a4fcc3de31",
      "  Target:        7",
      "running 1 repair statement",
      " click      |         119 ",
      "------------+-------------",
    ];
    expect(shapeOf(lines.join("\n"))).toEqual([
      "NAME READY AGE",
      "demo-operator-<pod> 1/1 <age>",
      "Hash: <hash>",
      "Planned At: <time>",
      "Fingerprint: <hash>",
      "Target: <n>",
      "running <n> repair statement",
      "click | <n>",
      "---+---",
    ]);
  });

  it("has names, also with a number in them", () => {
    expect(shapeOf("v1alpha1 pg-trickle-0 sha256 3-times x86-64")).toEqual([
      "v1alpha1 pg-trickle-0 sha256 3-times x86-64",
    ]);
  });
});

describe("documented and real output", () => {
  it("agree when only numbers differ, however many equal lines there are", () => {
    expect(difference("a 1\nb 2", "a 10\n\nb 20\nb 30\n")).toBeUndefined();
  });

  it("differ by a line more, a line less, or another word", () => {
    expect(difference("a\nb", "a\nb\nc")).toBe("documented: nothing more\nreal: c");
    expect(difference("a\nb", "a")).toBe("documented: b\nreal: not there");
    expect(difference("Phase: Succeeded", "Phase: Failed")).toBe("documented: Phase: Succeeded\nreal: Phase: Failed");
  });

  it("may be cut in the document", () => {
    expect(difference("a\n…\nc\n…", "a\nb\nc\nd")).toBeUndefined();
    expect(difference("…\nc", "a\nb\nc")).toBeUndefined();
    expect(difference("a\n…\nc", "a\nb")).toBe("documented: c\nreal: not there");
    expect(difference("a\n…\nc", "a\nb\nc\nd")).toBe("documented: nothing more\nreal: d");
  });
});
