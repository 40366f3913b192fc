import { describe, expect, it } from "vitest";
import { choosePalette, groupDigits, renderSeconds, renderStages, renderSummary, renderTable } from "./render.ts";
import { toSummary } from "./summary.ts";

const GOOD = toSummary([
  { event_type: "click", event_count: 312, total_value: 15600 },
  { event_type: "purchase", event_count: 41, total_value: 20500 },
]);
const BAD = toSummary([...GOOD, { event_type: "CORRUPTED_EVENT", event_count: 1000, total_value: 999999000 }]);

describe("the demo's output", () => {
  it("aligns text to the left and numbers to the right", () => {
    expect(renderSummary(BAD)).toEqual([
      "event_type        event_count   total_value",
      "CORRUPTED_EVENT         1,000   999,999,000",
      "click                     312        15,600",
      "purchase                   41        20,500",
    ]);
  });

  it("puts moments side by side and marks what a moment has not", () => {
    const stages = [
      { title: "before @57", summary: BAD },
      { title: "rewound @42", summary: GOOD },
    ];
    expect(renderStages(stages)).toEqual([
      "event_type        before @57         value   rewound @42    value",
      "CORRUPTED_EVENT        1,000   999,999,000             –        –",
      "click                    312        15,600           312   15,600",
      "purchase                  41        20,500            41   20,500",
    ]);
  });

  it("prints a header for a table without rows", () => {
    expect(renderTable([{ title: "a", align: "left" }], [])).toEqual(["a"]);
  });

  it("groups digits by three, negative numbers too", () => {
    expect(["0", "999", "1000", "-1000", "12345678901234567890"].map(groupDigits)).toEqual([
      "0",
      "999",
      "1,000",
      "-1,000",
      "12,345,678,901,234,567,890",
    ]);
  });

  it("says milliseconds below a second and tenths of seconds above", () => {
    expect([12.3, 999, 1000, 12_340].map(renderSeconds)).toEqual(["12 ms", "999 ms", "1.0 s", "12.3 s"]);
  });

  it("uses colour only on a terminal, and not when asked not to", () => {
    expect(choosePalette({ isTTY: true }, {}).good("x")).toBe("\u001b[32mx\u001b[0m");
    expect(choosePalette({}, {}).good("x")).toBe("x");
    expect(choosePalette({ isTTY: true }, { NO_COLOR: "1" }).good("x")).toBe("x");
    expect(choosePalette({ isTTY: true }, { TERM: "dumb" }).good("x")).toBe("x");
  });
});
