import { describe, expect, it } from "vitest";
import { backoffMs, pause } from "./sink.ts";

describe("the delay between two attempts", () => {
  it("doubles up to ten seconds", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 60].map((failures) => backoffMs(failures, () => 1));
    expect(longest).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  });

  it("is at least half of that, so that an outage is not hammered on", () => {
    expect([1, 4, 60].map((failures) => backoffMs(failures, () => 0))).toEqual([100, 800, 5000]);
  });
});

describe("the pause", () => {
  it("ends at once when it is aborted, also before it began", async () => {
    const abort = new AbortController();
    const waiting = pause(60_000, abort.signal);
    abort.abort();
    await waiting;
    await pause(60_000, abort.signal);
    expect(abort.signal.aborted).toBe(true);
  });
});
