/** The spec judged by itself: the CEL rules once more. */
import { Reason } from "../../api/reasons.ts";
import { type StreamTableRewindSpec, specMessages } from "../../api/spec.ts";
import { type Failure, isInvalid, type Observed } from "../observed.ts";

function hasDuplicates(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}

/** The messages of the CEL rules that a spec breaks; empty: none. Mirrors the rules of api/spec.ts. */
export function brokenRules(spec: StreamTableRewindSpec): string[] {
  const { target, streamTables, verification, approval } = spec;
  const asksTheLake = !spec.acceptContradiction || spec.strategy !== "Journal";
  const oneTarget = (target.snapshotId === undefined) !== (target.timestamp === undefined);
  const isApprovable = approval.planHash === undefined || approval.mode === "Manual";
  return [
    ...(oneTarget ? [] : [specMessages.oneTarget]),
    ...(hasDuplicates(streamTables) ? [specMessages.uniqueTables] : []),
    ...(hasDuplicates(verification.assertions.map(({ name }) => name)) ? [specMessages.uniqueAssertions] : []),
    ...(asksTheLake ? [] : [specMessages.acceptNeedsLake]),
    ...(isApprovable ? [] : [specMessages.planHashNeedsManual]),
  ];
}

export function invalidSpec(o: Observed): Failure | undefined {
  if (isInvalid(o.spec)) return { reason: Reason.InvalidSpec, message: o.spec.invalid, terminal: true };
  const broken = brokenRules(o.spec);
  return broken.length === 0 ? undefined : { reason: Reason.InvalidSpec, message: broken.join("; "), terminal: true };
}
