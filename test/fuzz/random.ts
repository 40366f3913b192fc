/** Numbers that only look like chance: a seed gives the same ones on every machine (mulberry32). */

export interface Random {
  /** A whole number below `limit`. */
  below(limit: number): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** So many of the list, in an order of chance. */
  some<T>(list: readonly T[], count: number): T[];
  weighted<T extends string>(weights: Readonly<Partial<Record<T, number>>>): T;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function choose<T extends string>(weights: Readonly<Partial<Record<T, number>>>, fraction: number): T {
  const entries = Object.entries(weights) as [T, number][];
  let left = fraction * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new Error("weights must not be empty");
}

export function createRandom(seed: number): Random {
  const next = mulberry32(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    some<T>(list: readonly T[], count: number) {
      const rest = [...list];
      const taken: T[] = [];
      while (taken.length < count && rest.length > 0) taken.push(...rest.splice(below(rest.length), 1));
      return taken;
    },
    weighted: (weights) => choose(weights, next()),
  };
}
