import fc from "fast-check";
import { expect, test } from "vitest";
import { equalJitterMs, fullJitterMs } from "./backoff.ts";

const LIMITS = { baseMs: 800, capMs: 30_000 };

test("the ceiling doubles with each failure up to the cap", () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7].map((failures) => fullJitterMs(failures, LIMITS, () => 1));
  expect(ceilings).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000]);
});

test("jitter stays within its bounds for any number of failures", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, dice) => {
      const full = fullJitterMs(failures, LIMITS, () => dice);
      const equal = equalJitterMs(failures, LIMITS, () => dice);
      expect(full).toBeGreaterThanOrEqual(0);
      expect(full).toBeLessThanOrEqual(LIMITS.capMs);
      expect(equal).toBeGreaterThanOrEqual(LIMITS.baseMs / 2);
      expect(equal).toBeLessThanOrEqual(LIMITS.capMs);
    }),
  );
});
