/** The conditions of a status: three of progress (kstatus), five of facts. */
import type { Condition, ConditionType } from "../api/conditions.ts";
import { Reason } from "../api/reasons.ts";
import type { Plan, StreamTableRewindStatus } from "../api/status.ts";
import { plannedEvidence, verifiedEvidence } from "./evidence.ts";
import { isInvalid, type Observed, pausedTables } from "./observed.ts";
import { messageText } from "./texts.ts";

export interface Progress {
  readonly reason: string;
  readonly message: string;
  readonly succeeded: boolean;
  readonly finished: boolean;
  readonly stalled: boolean;
}

type Bare = Omit<Condition, "lastTransitionTime" | "observedGeneration">;

interface Told {
  readonly reason: string;
  readonly message: string;
}

function condition(type: ConditionType, holds: boolean, { reason, message }: Told): Bare {
  return { type, status: holds ? "True" : "False", reason, message };
}

function told(reason: string, message: string): Told {
  return { reason, message };
}

/** Stalled is not Reconciling: tools wait for the one and give up at the other. */
function progressConditions(progress: Progress): Bare[] {
  return [
    condition("Ready", progress.succeeded, progress),
    condition("Reconciling", !progress.finished && !progress.stalled, progress),
    condition("Stalled", progress.stalled, progress),
  ];
}

function isStepDone(status: StreamTableRewindStatus, name: string): boolean {
  return status.steps?.some((step) => step.name === name && step.state === "Done") ?? false;
}

function approvedCondition({ spec }: Observed, plan: Plan): Bare {
  const no = (reason: string, message: string) => condition("Approved", false, told(reason, message));
  if (isInvalid(spec)) return no(Reason.InvalidSpec, spec.invalid);
  if (spec.dryRun) return no(Reason.DryRun, "a dry run is not approved");
  const { mode, planHash } = spec.approval;
  if (mode === "Automatic") {
    return condition("Approved", true, told(Reason.ApprovedAutomatically, "approval.mode is Automatic"));
  }
  if (planHash === plan.hash) {
    return condition("Approved", true, told(Reason.ApprovedByHash, "approval.planHash is the plan's hash"));
  }
  return planHash === undefined
    ? no(Reason.AwaitingApproval, "approval.planHash is not set")
    : no(Reason.PlanStale, `approval.planHash ${planHash} is not the plan's hash`);
}

/** What contradicts, where something does. */
function conditionText(what: string, evidence: string | undefined): string {
  return evidence === undefined ? what : messageText(`${what}. ${evidence}`);
}

function planConditions(o: Observed, status: StreamTableRewindStatus): Bare[] {
  const { plan } = status;
  if (plan === undefined) {
    const nothing = told(Reason.NotPlanned, "no plan was made yet");
    return [condition("Planned", false, nothing), condition("Approved", false, nothing)];
  }
  const evidence = isInvalid(o.spec) ? undefined : plannedEvidence(plan, o.spec);
  const what = `plan ${plan.hash} to snapshot ${plan.target}`;
  const planned = told(Reason.Planned, conditionText(what, evidence));
  return [condition("Planned", true, planned), approvedCondition(o, plan)];
}

function rewindConditions(status: StreamTableRewindStatus): Bare[] {
  if (!isStepDone(status, "Rewind")) {
    return [
      condition("Rewound", false, told(Reason.NotRewound, "the tables were not moved")),
      condition("Verified", false, told(Reason.NotVerified, "nothing was rewound")),
    ];
  }
  const target = status.target?.snapshotId;
  const verified = conditionText(
    "checked before the commit, against the query or against the fingerprint that was recorded",
    verifiedEvidence(status),
  );
  return [
    condition("Rewound", true, told(Reason.RewindCommitted, `rows and frontier were those of snapshot ${target}`)),
    condition("Verified", true, told(Reason.VerifiedInTransaction, verified)),
  ];
}

function resumedCondition(o: Observed, status: StreamTableRewindStatus, { reason }: Progress): Bare {
  if (reason === Reason.LeftPaused) {
    return condition("Resumed", false, told(reason, "left paused for a person to resume (resume.policy Never)"));
  }
  const held = status.tables?.filter((table) => table.held).map(({ name }) => name) ?? [];
  if (held.length > 0) return condition("Resumed", false, told(Reason.Held, `paused: ${held.join(", ")}`));
  if (!isStepDone(status, "Release")) return condition("Resumed", false, told(Reason.NotHeld, "nothing is held"));
  const others = pausedTables(o.world);
  return others.length > 0
    ? condition("Resumed", false, told(Reason.FoundPaused, `paused by somebody else: ${others.join(", ")}`))
    : condition("Resumed", true, told(Reason.SchedulingResumed, "what was found was put back"));
}

/** lastTransitionTime moves only when the status of the condition does. */
function stamped(o: Observed, bare: Bare): Condition {
  const before = o.status.conditions?.find((candidate) => candidate.type === bare.type);
  const lastTransitionTime = before?.status === bare.status ? before.lastTransitionTime : new Date(o.now).toISOString();
  return { ...bare, observedGeneration: o.object.generation, lastTransitionTime };
}

export function conditions(o: Observed, status: StreamTableRewindStatus, progress: Progress): Condition[] {
  const all = [
    ...progressConditions(progress),
    ...planConditions(o, status),
    ...rewindConditions(status),
    resumedCondition(o, status, progress),
  ];
  return all.map((bare) => stamped(o, bare));
}
