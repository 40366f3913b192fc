/** When to try again: exponential, capped, with jitter, so that many rewinds of one dead database do not knock together. */

/** 1, 3, 9, 27, 60, 60 s: the default six retries span about two and a half minutes, enough for a failover. */
const firstMs = 1_000;
const factor = 3;
const capMs = 60_000;
const jitterShare = 0.2;
export const longestBackoffMs = capMs * (1 + jitterShare / 2);

/** @param count failures in a row, from 1. @param jitter uniform in [0, 1). */
export function backoffMs(count: number, jitter: number): number {
  const exponent = Math.max(0, count - 1);
  const base = Math.min(capMs, firstMs * factor ** Math.min(exponent, 16));
  return Math.round(base * (1 - jitterShare / 2 + jitterShare * jitter));
}
