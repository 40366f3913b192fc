import { describe, expect, it } from "vitest";
import { differences, eventCount, hasCorruption, toSummary } from "./summary.ts";

const CLEAN = toSummary([
  { event_type: "view", event_count: 198n, total_value: "9900" },
  { event_type: "click", event_count: 312, total_value: 15600n },
]);

describe("readings of the summary", () => {
  it("are ordered by bytes, so that CORRUPTED_EVENT comes before click", () => {
    const summary = toSummary([...CLEAN, { event_type: "CORRUPTED_EVENT", event_count: 1, total_value: 999999 }]);
    expect(summary.map((row) => row.event_type)).toEqual(["CORRUPTED_EVENT", "click", "view"]);
  });

  it("are equal whatever type the client gave the numbers", () => {
    const other = toSummary([
      { event_type: "click", event_count: "312", total_value: "15600" },
      { event_type: "view", event_count: 198, total_value: 9900 },
    ]);
    expect(differences(CLEAN, other)).toEqual([]);
  });

  it("name each row that is on one side only", () => {
    const wrong = toSummary([
      { event_type: "click", event_count: 312, total_value: 15601 },
      { event_type: "view", event_count: 198, total_value: 9900 },
    ]);
    expect(differences(wrong, CLEAN)).toEqual(["unexpected: click 312 15601", "missing:    click 312 15600"]);
  });

  it("are multisets: a row that is there twice is a difference", () => {
    expect(differences([...CLEAN, ...CLEAN], CLEAN)).toEqual([
      "unexpected: click 312 15600",
      "unexpected: view 198 9900",
    ]);
  });

  it("know their events and whether the bad batch is in them", () => {
    expect(eventCount(CLEAN)).toBe(510n);
    expect(hasCorruption(CLEAN)).toBe(false);
    expect(hasCorruption(toSummary([{ event_type: "CORRUPTED_EVENT", event_count: 1, total_value: 1 }]))).toBe(true);
  });

  it("keep sums that a double cannot hold", () => {
    const exact = toSummary([{ event_type: "a", event_count: 1, total_value: "9007199254740993" }]);
    const rounded = toSummary([{ event_type: "a", event_count: 1, total_value: "9007199254740992" }]);
    expect(differences(exact, rounded)).toHaveLength(2);
  });
});
