import { expect, test } from "vitest";
import { type EndReason, type LoopState, recover } from "./recovery.ts";

const half = () => 0.5;
const WATCHED = 60_000;

function after(state: LoopState, reason: EndReason, watchedMs: number, retryAfterMs?: number) {
  return recover(state, { reason, version: "7", watchedMs, retryAfterMs }, half);
}

const fresh: LoopState = { version: "5", failures: 0 };

test.each<[string, ReturnType<typeof after>, LoopState, number]>([
  [
    "a watch that lived and ended: the next one at once",
    after(fresh, "end", WATCHED),
    { version: "7", failures: 0 },
    0,
  ],
  ["a watch that lived and broke: also", after(fresh, "transport", WATCHED), { version: "7", failures: 0 }, 0],
  ["a watch that was ended immediately: waits", after(fresh, "end", 10), { version: "7", failures: 1 }, 400],
  ["an expired version: lists, after a wait", after(fresh, "gone", 0), { version: undefined, failures: 1 }, 400],
  ["expired after a long life: lists at once", after(fresh, "gone", WATCHED), { version: undefined, failures: 0 }, 0],
  ["throttled: as told", after(fresh, "throttled", 0, 5000), { version: "7", failures: 1 }, 5000],
  [
    "told to come back tomorrow: in a minute",
    after(fresh, "throttled", 0, 86_400_000),
    { version: "7", failures: 1 },
    60_000,
  ],
])("%s", (_case, got, state, delayMs) => {
  expect(got).toEqual({ state, delayMs });
});

test("every third failure in a row gives the version up, since it may be one that can't be resumed", () => {
  let state = fresh;
  const versions: (string | undefined)[] = [];
  for (let round = 0; round < 6; round += 1) {
    state = after(state, "server-error", 0).state;
    versions.push(state.version);
  }
  expect(versions).toEqual(["7", "7", undefined, "7", "7", undefined]);
});

test("the waits grow to half a minute and no further", () => {
  let state = fresh;
  const delays: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    const next = after(state, "transport", 0);
    state = next.state;
    delays.push(next.delayMs);
  }
  expect(delays).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
});
