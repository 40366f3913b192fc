/** The spec judged by itself: the CEL rules once more, and the fields whose effect is not there yet. */
import { Reason } from "../../api/reasons.ts";
import { type StreamTableRewindSpec, specMessages } from "../../api/spec.ts";
import { type Failure, isInvalid, type Observed } from "../observed.ts";

function hasDuplicates(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}

/** The messages of the CEL rules that a spec breaks; empty: none. Mirrors the rules of api/spec.ts. */
export function brokenRules(spec: StreamTableRewindSpec): string[] {
  const oneTarget = (spec.target.snapshotId === undefined) !== (spec.target.timestamp === undefined);
  return [
    ...(oneTarget ? [] : [specMessages.oneTarget]),
    ...(hasDuplicates(spec.streamTables) ? [specMessages.uniqueTables] : []),
    ...(hasDuplicates(spec.verification.assertions.map(({ name }) => name)) ? [specMessages.uniqueAssertions] : []),
  ];
}

/** Each with how to say the same in this version. */
const notYet: readonly {
  readonly field: string;
  readonly instead: string;
  readonly isUsed: (spec: StreamTableRewindSpec) => boolean;
}[] = [
  {
    field: "spec.approval.mode: Manual",
    instead: "review the object before applying it and use Automatic",
    isUsed: (spec) => spec.approval.mode === "Manual",
  },
  {
    field: "spec.approval.hold",
    instead: "pause the tables with pgtrickle.pause_scheduler(…)",
    isUsed: (spec) => spec.approval.hold,
  },
  {
    field: "spec.approval.planHash",
    instead: "leave it out",
    isUsed: (spec) => spec.approval.planHash !== undefined,
  },
  {
    field: "spec.dryRun",
    instead: "call pgtrickle.plan_rewind(…), which changes nothing",
    isUsed: (spec) => spec.dryRun,
  },
  {
    field: "spec.abort",
    instead: "delete the object: before the rewind is committed that undoes everything",
    isUsed: (spec) => spec.abort,
  },
  {
    field: "spec.ttlSecondsAfterFinished",
    instead: "delete the object yourself when it has finished",
    isUsed: (spec) => (spec.ttlSecondsAfterFinished ?? null) !== null,
  },
  {
    field: "spec.resume.policy",
    instead: "use Automatic",
    isUsed: (spec) => spec.resume.policy !== "Automatic",
  },
];

export function invalidSpec(o: Observed): Failure | undefined {
  if (isInvalid(o.spec)) return { reason: Reason.InvalidSpec, message: o.spec.invalid, terminal: true };
  const broken = brokenRules(o.spec);
  return broken.length === 0 ? undefined : { reason: Reason.InvalidSpec, message: broken.join("; "), terminal: true };
}

export function unsupportedField(o: Observed): Failure | undefined {
  if (isInvalid(o.spec)) return undefined;
  const { spec } = o;
  const used = notYet.filter((candidate) => candidate.isUsed(spec));
  if (used.length === 0) return undefined;
  const message = used.map(({ field, instead }) => `${field} is not supported by this version: ${instead}`).join("; ");
  return { reason: Reason.UnsupportedField, message, terminal: true };
}
