/** The real time; the only place of kube/ that touches timers. */
import type { Clock } from "./types.ts";

/** Node takes a longer delay for none at all; whoever wanted more (25 days) looks again then. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  now: () => new Date(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};
