// Runs something several times and keeps how long it took. Preparation is not timed.

import { median } from "./statistics.ts";

const WARM_UPS = 2;
export const RUNS = 7;

export async function timeOnce(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

export interface Contestant {
  readonly name: string;
  /** Not timed; before each run. */
  readonly prepare?: () => Promise<unknown>;
  readonly run: () => Promise<unknown>;
}

/** Medians by name. The contestants take turns, so that a busy moment of the machine meets all of them. */
export async function compare(contestants: readonly Contestant[], runs = RUNS): Promise<ReadonlyMap<string, number>> {
  const timings = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < runs + WARM_UPS; round += 1) {
    for (const { name, prepare, run } of contestants) {
      await prepare?.();
      const elapsedMs = await timeOnce(run);
      if (round >= WARM_UPS) {
        timings.get(name)?.push(elapsedMs);
      }
    }
  }
  return new Map([...timings].map(([name, values]) => [name, median(values)]));
}

export function figureOf(medians: ReadonlyMap<string, number>, name: string): number {
  const value = medians.get(name);
  if (value === undefined) {
    throw new Error(`nothing was measured as ${name}`);
  }
  return value;
}
