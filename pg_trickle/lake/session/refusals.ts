// A refusal of the planner as an error for the client.
import { LakeError } from "../errors.ts";
import type { Refusal } from "../planner/types.ts";

export function refusalError(refusal: Refusal): LakeError {
  const extras = refusal.hint === "" ? {} : { hint: refusal.hint };
  return new LakeError(refusal.sqlState, refusal.message, { detail: `Reason: ${refusal.code}.`, ...extras });
}

export function orThrow<T extends { readonly ok: true }>(outcome: T | Refusal): T {
  if (!outcome.ok) throw refusalError(outcome);
  return outcome;
}
