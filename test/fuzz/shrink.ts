/** A shorter script that fails in the same way. Pure but for the player that it is given. */
import type { Step } from "./script.ts";

/** Whether a script fails as the first one did. */
export type Fails = (script: readonly Step[]) => Promise<boolean>;

/** Steps that only make sense together: a transaction, or a single step. */
function units(script: readonly Step[]): Step[][] {
  const found = new Map<string, Step[]>();
  script.forEach((step, index) => {
    const key = step.transaction === 0 ? `step ${index}` : `transaction ${step.transaction}`;
    found.set(key, [...(found.get(key) ?? []), step]);
  });
  return [...found.values()];
}

/** The script without so many units from one of them on. */
function without(all: readonly Step[][], script: readonly Step[], from: number, size: number): Step[] {
  const gone = new Set(all.slice(from, from + size).flat());
  return script.filter((step) => !gone.has(step));
}

/** Takes away half of the transactions, then smaller parts, as long as it goes on failing. */
export async function shrink(script: readonly Step[], fails: Fails, budget: number): Promise<readonly Step[]> {
  let shortest = script;
  let size = Math.ceil(units(script).length / 2);
  let from = 0;
  for (let tries = 0; tries < budget && size > 0; ) {
    const all = units(shortest);
    if (from >= all.length) {
      size = Math.floor(size / 2);
      from = 0;
      continue;
    }
    const candidate = without(all, shortest, from, size);
    tries++;
    if (candidate.length > 0 && (await fails(candidate))) shortest = candidate;
    else from += size;
  }
  return shortest;
}
