import { expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { Clock } from "../kube/types.ts";
import { measureLoopLag } from "./loop-lag.ts";

test("a late timer is remembered for half a minute", async () => {
  const clock = new FakeClock();
  let blockedMs = 0;
  // what a blocked event loop looks like: the time went on, the timer comes too late
  const late: Clock = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs() + blockedMs,
    after: (delayMs, run) => clock.after(delayMs, run),
  };
  const lag = measureLoopLag(late);
  await clock.advance(5_000);
  expect(lag.worstMs()).toBe(0);
  blockedMs = 12_000;
  expect(lag.worstMs()).toBe(11_500);
  await clock.advance(20_000);
  expect(lag.worstMs()).toBeGreaterThanOrEqual(11_500);
  await clock.advance(11_000);
  expect(lag.worstMs()).toBe(0);
  lag.stop();
  expect(clock.timerCount).toBe(0);
});
