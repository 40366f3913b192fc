/** While a person is waited for with the tables held, the journal hears of us: else anybody may take the hold for left over. */
import type { Decision } from "../decision.ts";
import type { Observed, ObservedWorld } from "../observed.ts";
import { actAtOnce } from "../outcome.ts";

const keepAliveMs = 25_000;

export function keepAlive(o: Observed, { operation }: ObservedWorld): Decision | undefined {
  const { token } = o.memory;
  if (token === undefined || operation?.outcome !== undefined || (operation?.idleMs ?? 0) < keepAliveMs)
    return undefined;
  const { phase = "Pending", message = "" } = o.status;
  return actAtOnce(o, phase, { kind: "keepAlive", token }, message);
}
