/** Builders of decisions: what a check found, made into action, status and events. */
import { Reason } from "../api/reasons.ts";
import { isTerminal, isWaitingForPerson, type Phase, type Retry, type StreamTableRewindStatus } from "../api/status.ts";
import { conditions } from "./conditions.ts";
import { type Action, type Announcement, type Decision, stepOfAction, type Transition } from "./decision.ts";
import { mirror, present } from "./mirror.ts";
import { type Failure, healedSince, isOpen, type Observed, tableName } from "./observed.ts";
import { effectiveRetry } from "./step-retries.ts";
import { messageText, quotedText } from "./texts.ts";

interface Outcome {
  readonly action?: Action;
  readonly phase: Phase;
  readonly reason: string;
  readonly message: string;
  readonly retry?: Retry | undefined;
  readonly failure?: Failure | undefined;
  readonly stalled?: boolean;
  readonly requeueAfterMs?: number | undefined;
  readonly announce?: Announcement;
}

/** The retry count lives as long as its step is the one being tried. */
function retryOf(o: Observed, outcome: Outcome): Retry | undefined {
  if (outcome.retry) return outcome.retry;
  const step = stepOfAction[outcome.action?.kind ?? "none"];
  const retry = effectiveRetry(o);
  return step !== undefined && retry?.step === step ? retry : undefined;
}

function phaseEvent(o: Observed, { phase, reason, message: note }: Outcome): Transition[] {
  if (o.status.phase === phase) {
    const isNewlyStale = reason === Reason.PlanStale && o.status.reason !== reason;
    return isNewlyStale ? [{ type: "Warning", reason, action: phase, note }] : [];
  }
  const type = isUnsuccessful(phase) || reason === Reason.PlanStale ? "Warning" : "Normal";
  return [{ type, reason: isTerminal(phase) ? reason : phase, action: phase, note }];
}

function retryEvent(o: Observed, retry: Retry | undefined): Transition[] {
  const before = o.status.retry;
  if (retry === undefined || (before?.step === retry.step && before.reason === retry.reason)) return [];
  return [{ type: "Warning", reason: retry.reason, action: `Retry${retry.step}`, note: retry.message }];
}

/** What the plan showed of the table may have been wrong. Held tables are not scrubbed: it happens while the object waits. */
function driftEvents(o: Observed): Transition[] {
  if (o.world.kind !== "observed") return [];
  return o.world.tables.flatMap((table) => {
    const healed = healedSince(o, table);
    const name = tableName(table);
    const isTold = o.status.tables?.some((told) => told.name === name && told.lastDriftAt === healed?.at);
    if (healed === undefined || isTold) return [];
    const note = `${name} was not its query and was healed by a scrub at ${healed.at}: ${quotedText(healed.found)}`;
    return [{ type: "Warning", reason: Reason.DriftHealed, action: "Scrub", note }];
  });
}

/** Starts, goes on with, or adds up the time that a person takes while the deadline would run. */
function waitedOf(o: Observed, phase: Phase): StreamTableRewindStatus["waited"] {
  const { since, seconds = 0 } = o.status.waited ?? {};
  // An outage ends no waiting.
  const isHeld = isOpen(o.world) || (since !== undefined && o.world.kind !== "observed");
  if (isWaitingForPerson(phase) && isHeld) return { since: since ?? new Date(o.now).toISOString(), seconds };
  if (since === undefined) return o.status.waited;
  return { seconds: seconds + Math.max(0, Math.round((o.now - Date.parse(since)) / 1000)) };
}

/** An end that will never be ready: for kstatus that is Stalled, anything else would be waited for. */
function isUnsuccessful(phase: Phase): boolean {
  return phase === "Failed" || phase === "Aborted";
}

function statusOf(o: Observed, outcome: Outcome, retry: Retry | undefined): StreamTableRewindStatus {
  const facts = mirror(o);
  const finished = isTerminal(outcome.phase);
  const { reason, message } = outcome;
  const stalled = outcome.stalled ?? isUnsuccessful(outcome.phase);
  const progress = { reason, message, finished, succeeded: finished && !stalled, stalled };
  const failure = outcome.failure && { reason: outcome.failure.reason, message: outcome.failure.message };
  return present({
    ...facts,
    observedGeneration: o.object.generation,
    phase: outcome.phase,
    reason,
    message,
    conditions: conditions(o, facts, progress),
    completionTime: finished ? (o.status.completionTime ?? new Date(o.now).toISOString()) : undefined,
    waited: waitedOf(o, outcome.phase),
    retry,
    failure: failure ?? o.status.failure,
  }) as StreamTableRewindStatus;
}

function build(o: Observed, given: Outcome): Decision {
  const outcome = { ...given, message: messageText(given.message) };
  const retry = retryOf(o, outcome);
  const announce = outcome.announce ?? "before";
  return {
    action: outcome.action ?? { kind: "none" },
    phase: outcome.phase,
    reason: outcome.reason,
    message: outcome.message,
    status: statusOf(o, outcome, retry),
    requeueAfterMs: outcome.requeueAfterMs,
    announce,
    // What is not written would be told again by the next pass.
    events: announce !== "never" ? [...phaseEvent(o, outcome), ...retryEvent(o, retry), ...driftEvents(o)] : [],
    eventsAfter: [],
  };
}

/** Goes on with an action, once the status says so. With a failure: an action of undoing. */
export function act(o: Observed, phase: Phase, action: Action, message: string, failure?: Failure): Decision {
  return build(o, { action, phase, reason: failure?.reason ?? Reason.Progressing, message, failure });
}

/** Goes on with an action while the status is written: what it does is not decided by that write. */
export function actBeside(o: Observed, phase: Phase, action: Action, message: string): Decision {
  return build(o, { action, phase, reason: Reason.Progressing, message, announce: "beside" });
}

/** Goes on with an action and leaves the status as it is. */
export function actAtOnce(o: Observed, phase: Phase, action: Action, message: string): Decision {
  return build(o, { action, phase, reason: Reason.Progressing, message, announce: "never" });
}

type Waiting = Omit<Outcome, "action" | "announce">;

export function wait(o: Observed, outcome: Waiting): Decision {
  return build(o, outcome);
}

/** Failed, but what it did cannot be undone yet. */
export function fail(o: Observed, failure: Failure, outcome: Waiting): Decision {
  return build(o, { ...outcome, failure });
}

/** The last status; the finalizer goes with it unless tables are still held. */
export function finish(o: Observed, outcome: Waiting, holding: boolean): Decision {
  const action: Action = o.object.hasFinalizer && !holding ? { kind: "removeFinalizer" } : { kind: "none" };
  return build(o, { ...outcome, action });
}

/** The status stays as it is. */
export function keep(o: Observed, action: Action, events: readonly Transition[] = []): Decision {
  const { phase = "Pending", reason = Reason.Progressing, message = "" } = o.status;
  return { action, phase, reason, message, status: o.status, announce: "never", events, eventsAfter: [] };
}

/** The spec was changed and nothing follows from it: the status says that it has been seen. */
export function acknowledge(o: Observed): Decision {
  const { generation: observedGeneration } = o.object;
  const conditions = o.status.conditions?.map((condition) => ({ ...condition, observedGeneration }));
  const status = { ...o.status, observedGeneration, ...(conditions && { conditions }) };
  return { ...keep(o, { kind: "none" }), status, announce: "before" };
}

/** A deleted object goes. */
export function letGo(o: Observed, event: Transition): Decision {
  return keep(o, { kind: "removeFinalizer" }, [event]);
}
