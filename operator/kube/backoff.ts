/** How long to wait before trying again: pure. */
import type { Random } from "./types.ts";

export interface BackoffLimits {
  readonly baseMs: number;
  readonly capMs: number;
}

function ceilingMs(failures: number, limits: BackoffLimits): number {
  // 2^30 is far past any cap; the exponent is bounded so that the product stays finite
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  return Math.min(limits.capMs, limits.baseMs * 2 ** exponent);
}

/** Full jitter: spreads many clients that failed at the same moment as far as possible; may be nearly nothing. */
export function fullJitterMs(failures: number, limits: BackoffLimits, random: Random): number {
  return random() * ceilingMs(failures, limits);
}

/** Equal jitter: never less than half, for work that costs somebody else something each time. */
export function equalJitterMs(failures: number, limits: BackoffLimits, random: Random): number {
  const ceiling = ceilingMs(failures, limits);
  return ceiling / 2 + (random() * ceiling) / 2;
}
