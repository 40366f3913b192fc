/** The way forward, one step a check. Claim and pause come before everything that talks to the lake engine (I1). */
import { Reason } from "../../api/reasons.ts";
import type { Assertion, StreamTableRewindSpec } from "../../api/spec.ts";
import type { Decision } from "../decision.ts";
import { isDone, isRepairApplied, isRewound, mayHold, type Observed } from "../observed.ts";
import { operationKey } from "../operation-key.ts";
import { act, actAtOnce, actBeside, wait } from "../outcome.ts";
import { waitBeforeMs } from "../step-retries.ts";
import { counted, patchCommand, plural, tableList } from "../texts.ts";
import { awaitApproval, makePlan } from "./approval.ts";
import { heldWaitMs, keepAlive } from "./keep-alive.ts";
import { type Ready, ready } from "./ready.ts";
import { deadlineAt } from "./verdict.ts";

type StepCheck = (o: Observed, given: Ready) => Decision | undefined;

const minimumTimeoutMs = 1_000;

function timeoutMs(o: Observed): number {
  const deadline = deadlineAt(o);
  return deadline === undefined ? minimumTimeoutMs : Math.max(minimumTimeoutMs, deadline - o.now);
}

function assertionsAt(spec: StreamTableRewindSpec, step: "Rewind" | "Replay"): readonly Assertion[] {
  return spec.verification.at.includes(step) ? spec.verification.assertions : [];
}

const finalizer: StepCheck = (o, { tables, snapshotId }) =>
  mayHold(o)
    ? undefined
    : actAtOnce(
        o,
        "Planning",
        { kind: "addFinalizer" },
        `${tables.join(", ")} will be rewound to snapshot ${snapshotId}`,
      );

const claim: StepCheck = (o, { tables, spec, snapshotId }) => {
  if (o.memory.token !== undefined) return undefined;
  const { phase = "Pending" } = o.status;
  const action = { kind: "claim", tables, operationKey: operationKey(spec) } as const;
  if (phase !== "Pending" && phase !== "Queued") {
    return actAtOnce(o, phase, action, `claiming ${tables.join(", ")}`);
  }
  return actBeside(o, "Planning", action, `${tables.join(", ")} will be rewound to snapshot ${snapshotId}`);
};

const pause: StepCheck = (o, { world, tables }) => {
  const { token } = o.memory;
  if (token === undefined || isDone(world, "Pause")) return undefined;
  return actAtOnce(o, "Pausing", { kind: "pause", token }, `pausing ${tables.join(", ")}`);
};

/** Before everything that may take its time or has to wait. */
const alive: StepCheck = (o, { world }) => keepAlive(o, world);

/** Not while the rewind waits for its next attempt: a plan is a status write, and that wakes the next pass. */
const plan: StepCheck = (o, given) =>
  isRewound(given.world) || waitBeforeMs(o, "Rewind") > 0 ? undefined : makePlan(o, given);

const approval: StepCheck = (o, given) => (isRewound(given.world) ? undefined : awaitApproval(o, given));

/** The point of no return: what is shown is written first. */
const rewind: StepCheck = (o, { world, spec, tables, snapshotId }) => {
  const { token } = o.memory;
  if (token === undefined || isRewound(world)) return undefined;
  const assertions = assertionsAt(spec, "Rewind");
  const action = {
    kind: "rewind",
    token,
    snapshotId,
    strategy: spec.strategy,
    ...(spec.acceptContradiction && { acceptContradiction: true }),
    assertions,
    timeoutMs: timeoutMs(o),
  } as const;
  return act(o, "Rewinding", action, `rewinding ${tables.join(", ")} to snapshot ${snapshotId}`);
};

const repair: StepCheck = (o, { world, spec }) => {
  const { token } = o.memory;
  if (token === undefined || spec.repair === undefined || isDone(world, "Repair")) return undefined;
  // Before any further attempt the lake is asked (I3): a commit that it has is not made again.
  if (isRepairApplied(world)) {
    return act(o, "Repairing", { kind: "confirmRepair", token }, "the repair is in the lake already: recording it");
  }
  const action = { kind: "repair", token, sql: spec.repair.sql, timeoutMs: timeoutMs(o) } as const;
  const message = `rows are those of the target; running ${counted(spec.repair.sql.length, "repair statement")}`;
  return actBeside(o, "Repairing", action, message);
};

const leavePaused = (o: Observed, token: string): Decision => {
  const action = { kind: "release", token, outcome: "Succeeded", leavePaused: true } as const;
  return actAtOnce(o, o.status.phase ?? "Repairing", action, "leaving the tables paused for a person to resume");
};

/** resume.policy: by itself, when a person says so, or not at all. */
const resume: StepCheck = (o, { world, spec, tables, snapshotId }) => {
  const { token } = o.memory;
  const { policy } = spec.resume;
  if (token === undefined || policy === "Automatic" || isDone(world, "Replay")) return undefined;
  if (policy === "Never") return leavePaused(o, token);
  return wait(o, {
    phase: "AwaitingResume",
    reason: Reason.AwaitingResume,
    message:
      `${tableList(tables)} ${plural(tables, "has", "have")} the rows of snapshot ${snapshotId}, paused until spec.resume.policy ` +
      `is set to Automatic (replay and go on) or Never (end here, paused): ` +
      patchCommand(o.object, { resume: { policy: "Automatic" } }),
    requeueAfterMs: heldWaitMs,
  });
};

const replay: StepCheck = (o, { world, spec, tables }) => {
  const { token } = o.memory;
  if (token === undefined || isDone(world, "Replay")) return undefined;
  const assertions = assertionsAt(spec, "Replay");
  const action = { kind: "replay", token, mode: spec.resume.replay, assertions, timeoutMs: timeoutMs(o) } as const;
  return actBeside(o, "Replaying", action, `replaying ${tables.join(", ")} to the lake's head`);
};

const release: StepCheck = (o) => {
  const { token } = o.memory;
  if (token === undefined) return undefined;
  const action = { kind: "release", token, outcome: "Succeeded" } as const;
  return actAtOnce(o, "Replaying", action, "putting back what was found");
};

const steps: readonly StepCheck[] = [
  ...[finalizer, claim, pause, alive, plan, approval],
  ...[rewind, repair, resume, replay, release],
];

export function nextStep(o: Observed): Decision | undefined {
  const given = ready(o);
  if (given === undefined) return undefined;
  for (const step of steps) {
    const decision = step(o, given);
    if (decision !== undefined) return decision;
  }
  return undefined;
}
