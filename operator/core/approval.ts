/** Which plan counts, whether it is good enough to decide by, and whether a person has approved it. Pure. */
import type { StreamTableRewindSpec } from "../api/spec.ts";
import type { Plan } from "../api/status.ts";
import { isInvalid, isOpen, type Observed } from "./observed.ts";
import { planHash } from "./plan-hash.ts";

/** While approval is waited for the plan is made anew so often: what is approved shall be what was seen. */
export const planRefreshMs = 30_000;

/** The latest plan: of this very pass, or as it was shown. */
export function planInForce(o: Observed): Plan | undefined {
  return o.memory.plan ?? o.status.plan;
}

/** The plan has the hash that the person gave, or none was asked for. */
export function isApproved(o: Observed): boolean {
  if (isInvalid(o.spec)) return false;
  const { mode, planHash: approved } = o.spec.approval;
  return mode === "Automatic" || (approved !== undefined && approved === planInForce(o)?.hash);
}

/** Before anything is claimed for an approved plan, it is looked at again unless it is as new as this. */
const lastLookMs = 5_000;

/** The shown plan as it stands: not older than a person expects, and still of this spec. */
function isCurrent(o: Observed, spec: StreamTableRewindSpec, goodForMs: number): boolean {
  const plan = planInForce(o);
  if (plan === undefined) return false;
  // Of this database: the Secret may lead to another one by now, and an older CRD keeps no name of it.
  const { database } = o.world.kind === "observed" ? o.world : plan;
  const isOfThis = planHash({ ...plan, database }, spec) === plan.hash;
  return isOfThis && Math.abs(o.now - Date.parse(plan.plannedAt)) < goodForMs;
}

/**
 * Whether to plan now. With approval the last look comes after the claim and the pause: nothing that the hash covers moves
 * from there on, so what was approved is what runs.
 */
export function needsPlan(o: Observed, spec: StreamTableRewindSpec): boolean {
  if (o.memory.plan !== undefined) return false;
  if (o.status.plan === undefined) return true;
  if (spec.approval.mode === "Automatic") return false;
  if (!isApproved(o)) return !isCurrent(o, spec, planRefreshMs);
  return isOpen(o.world) || !isCurrent(o, spec, lastLookMs);
}
