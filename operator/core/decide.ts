/**
 * observed → decision, pure. An ordered list of checks, the first that answers wins; SPEC.md has the states, the
 * invariants (I…) and the assumptions (S…). Never throws for something that can happen.
 */
import { Reason } from "../api/reasons.ts";
import { isTerminal, type StreamTableRewindStatus } from "../api/status.ts";
import { planAhead } from "./checks/approval.ts";
import { deletion } from "./checks/deletion.ts";
import { alreadyDone, endedOtherwise, succeeded, terminal } from "./checks/ended.ts";
import { settle } from "./checks/settle.ts";
import { nextStep } from "./checks/steps.ts";
import { queue, targetUnknown, unreachable } from "./checks/waiting.ts";
import { type Decision, stepOfAction } from "./decision.ts";
import { isInvalid, type Observed, type Step } from "./observed.ts";
import { wait } from "./outcome.ts";
import { effectiveRetry, waitBeforeMs } from "./step-retries.ts";
import { timeText } from "./texts.ts";

type Check = (o: Observed) => Decision | undefined;

const checks: readonly (readonly [name: string, check: Check])[] = [
  ["the object is being deleted", deletion],
  ["a terminal phase never changes", terminal],
  ["the operation log says that it succeeded", succeeded],
  ["the very same was done before", alreadyDone],
  ["the operation fails or is aborted", settle],
  ["the operation log says that it ended otherwise", endedOtherwise],
  ["the database cannot be asked", unreachable],
  ["the target is not known yet", targetUnknown],
  ["a plan that touches nothing", planAhead],
  ["another rewind has the claim, or was first", queue],
  ["the next step", nextStep],
];

/** A claim that follows a lost connection waits as the step does that lost it; undoing does not wait for it. */
function stepToWaitFor(o: Observed, { action, status }: Decision): Step | undefined {
  const { lastFailure } = o.memory;
  const isUndoing = o.object.deletingSince !== undefined || status.failure !== undefined;
  const isRetry = lastFailure?.failure.terminal === false && !isUndoing;
  return action.kind === "claim" && isRetry ? lastFailure.step : stepOfAction[action.kind];
}

/** A step that failed waits for its time; the phase stays, the reason says why. */
function afterBackoff(o: Observed, decision: Decision): Decision {
  const step = stepToWaitFor(o, decision);
  const waitMs = step === undefined ? 0 : waitBeforeMs(o, step);
  const retry = effectiveRetry(o);
  if (waitMs === 0 || retry === undefined) return decision;
  const { phase } = decision;
  const stalled = !isInvalid(o.spec) && retry.count > o.spec.backoffLimit;
  const message = `${retry.message}. Next try of ${retry.step} at ${timeText(o.now + waitMs)} (failure ${retry.count} in a row)`;
  return wait(o, { phase, reason: retry.reason, message, retry, stalled, requeueAfterMs: waitMs });
}

export function decide(o: Observed): Decision {
  for (const [, check] of checks) {
    const decision = check(o);
    if (decision !== undefined) return afterBackoff(o, decision);
  }
  return wait(o, {
    phase: o.status.phase ?? "Pending",
    reason: Reason.Progressing,
    message: "looking at the object",
    requeueAfterMs: 1_000,
  });
}

/** Whether the database must be asked at all: not for what is finished and holds nothing. */
export function needsWorld({ phase, tables }: StreamTableRewindStatus, deleting: boolean): boolean {
  return deleting || !isTerminal(phase) || (tables?.some((table) => table.held) ?? false);
}
