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

/** Takes away half of the transactions, then smaller parts, as long as it goes on failing. */
export async function shrink(script: readonly Step[], fails: Fails, budget: number): Promise<readonly Step[]> {
  let shortest = script;
  let tries = 0;
  for (let part = 2; tries < budget; ) {
    const all = units(shortest);
    const size = Math.ceil(all.length / part);
    let isShorter = false;
    for (let from = 0; from < all.length && tries < budget; from += size) {
      const gone = new Set(all.slice(from, from + size).flat());
      const candidate = shortest.filter((step) => !gone.has(step));
      tries++;
      if (candidate.length === 0 || !(await fails(candidate))) continue;
      shortest = candidate;
      isShorter = true;
      break;
    }
    if (isShorter) part = Math.max(2, part - 1);
    else if (size <= 1) break;
    else part *= 2;
  }
  return shortest;
}
