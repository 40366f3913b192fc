/** Where tables are held for long, the operation log hears of us: else anybody may take the hold for left over. */
import type { Decision } from "../decision.ts";
import type { Observed, ObservedWorld } from "../observed.ts";
import { actAtOnce } from "../outcome.ts";

const keepAliveMs = 25_000;
/** So often whoever waits with tables held comes by. */
export const heldWaitMs = 30_000;

/** A failure of the last action is counted first: this action says nothing in the status. */
export function keepAlive(o: Observed, { operation }: ObservedWorld): Decision | undefined {
  const { token, lastFailure } = o.memory;
  if (token === undefined || lastFailure !== undefined || operation?.outcome !== undefined) return undefined;
  if ((operation?.idleMs ?? 0) < keepAliveMs) return undefined;
  const { phase = "Pending", message = "" } = o.status;
  return actAtOnce(o, phase, { kind: "keepAlive", token }, message);
}
