import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { formatElapsed, terminalProgress } from "./progress.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function capture(isTTY: boolean): { out: NodeJS.WriteStream; text: () => string } {
  const written: string[] = [];
  const out = { isTTY, columns: 80, write: (text: string) => written.push(text) > 0 };
  return { out: out as unknown as NodeJS.WriteStream, text: () => written.join("") };
}

async function stepOf(ms: number, isTTY: boolean): Promise<string> {
  const { out, text } = capture(isTTY);
  const done = terminalProgress(out).step("building", async (detail) => {
    detail("half");
    await new Promise((resolve) => setTimeout(resolve, ms));
  });
  await vi.advanceTimersByTimeAsync(ms);
  await done;
  return text();
}

test("what takes less than two seconds is not shown", async () => {
  expect(await stepOf(1_900, false)).toBe("");
});

test("what takes longer is shown with its elapsed time", async () => {
  expect(await stepOf(5_000, false)).toBe("building: half (2 s) …\nbuilding: done after 5 s\n");
});

test("in a file a long step is repeated now and then", async () => {
  expect(await stepOf(40_000, false)).toContain("(2 s) …\nbuilding: half (17 s) …\nbuilding: half (32 s) …\n");
});

test("on a terminal the line is drawn again in place", async () => {
  expect(await stepOf(4_000, true)).toContain("\r\u001b[Kbuilding: half (3 s)");
});

test("elapsed times read as people say them", () => {
  expect([999, 12_000, 185_000].map(formatElapsed)).toEqual(["0 s", "12 s", "3 min 05 s"]);
});
