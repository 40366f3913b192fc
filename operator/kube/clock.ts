/** The real time; the only place of kube/ that touches timers. */
import type { Clock } from "./types.ts";

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  now: () => new Date(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
