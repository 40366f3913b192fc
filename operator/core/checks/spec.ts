/** The spec judged by itself: the CEL rules once more. */
import { Reason } from "../../api/reasons.ts";
import { type StreamTableRewindSpec, specMessages, sqlInAll } from "../../api/spec.ts";
import { isTime, timeMessage } from "../../api/time.ts";
import { type Failure, isInvalid, type Observed } from "../observed.ts";

function hasDuplicates(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}

/** As CEL counts them: a character may be two units of JavaScript. */
function isShort(texts: readonly string[]): boolean {
  return texts.reduce((sum, text) => sum + [...text].length, 0) <= sqlInAll;
}

/** The messages of the CEL rules that a spec breaks; empty: none. Mirrors the rules of api/spec.ts. */
export function brokenRules(spec: StreamTableRewindSpec): string[] {
  const { target, streamTables, verification, approval } = spec;
  const { timestamp = "" } = target;
  const { assertions, at } = verification;
  const kept: readonly (readonly [isKept: boolean, message: string])[] = [
    [(target.snapshotId === undefined) !== (target.timestamp === undefined), specMessages.oneTarget],
    [target.timestamp === undefined || isTime(timestamp), timeMessage(timestamp)],
    [!hasDuplicates(streamTables), specMessages.uniqueTables],
    [!hasDuplicates(assertions.map(({ name }) => name)), specMessages.uniqueAssertions],
    [isShort(assertions.map(({ sql }) => sql)), specMessages.shortAssertions],
    [isShort(spec.repair?.sql ?? []), specMessages.shortRepair],
    [assertions.length === 0 || at.length > 0, specMessages.assertedSomewhere],
    [!spec.acceptContradiction || spec.strategy !== "Journal", specMessages.acceptNeedsLake],
    [approval.planHash === undefined || approval.mode === "Manual", specMessages.planHashNeedsManual],
  ];
  return kept.filter(([isKept]) => !isKept).map(([, message]) => message);
}

export function invalidSpec(o: Observed): Failure | undefined {
  if (isInvalid(o.spec)) return { reason: Reason.InvalidSpec, message: o.spec.invalid, terminal: true };
  const broken = brokenRules(o.spec);
  return broken.length === 0 ? undefined : { reason: Reason.InvalidSpec, message: broken.join("; "), terminal: true };
}
