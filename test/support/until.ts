/** Waits for a condition of the outside world, never for time to pass. */
import { setTimeout as delay } from "node:timers/promises";

/** Polls until `probe` gives something other than undefined or false; a test's own timeout is the limit. */
export async function until<T>(probe: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    await delay(20);
  }
}
