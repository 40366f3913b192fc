/** Does the operation fail, and why? The first answer wins and stays (I7): it is written to status before it is acted on. */
import { Reason } from "../../api/reasons.ts";
import { isWaitingForPerson } from "../../api/status.ts";
import { type Failure, isDone, isInvalid, isOpen, isRewound, mayHold, type Observed, type Step } from "../observed.ts";
import { effectiveRetry } from "../step-retries.ts";
import { quotedText } from "../texts.ts";
import { invalidSpec } from "./spec.ts";

/** A Secret that GitOps or an operator of its own brings may arrive after the object. */
const secretGraceMs = 30_000;

type FailureCheck = (o: Observed) => Failure | undefined;

function verdictReached(o: Observed): Failure | undefined {
  const failure = o.status.failure;
  return failure && { reason: failure.reason as Failure["reason"], message: failure.message, terminal: true };
}

/** A replayed operation is as good as over: it ends as it would have. */
function aborted(o: Observed): Failure | undefined {
  if (isInvalid(o.spec) || !o.spec.abort || isDone(o.world, "Replay")) return undefined;
  return { reason: Reason.Aborted, message: "aborted (spec.abort)", terminal: true };
}

/** Until then a Secret that is not there is waited for: milliseconds since 1970. */
export function secretGraceEnd({ object }: Observed): number {
  return object.createdAt + secretGraceMs;
}

/** A person takes longer than any outage: nothing that may come back ends the wait. */
function isPatient(o: Observed): boolean {
  return mayHold(o) || isWaitingForPerson(o.status.phase);
}

function connectionRefusedForGood(o: Observed): Failure | undefined {
  if (o.world.kind !== "unreachable" || !o.world.failure.terminal || isPatient(o)) return undefined;
  const isNew = o.now < secretGraceEnd(o);
  return o.world.failure.reason === Reason.SecretNotFound && isNew ? undefined : o.world.failure;
}

/** What undoes must not be given up: its failures are retried for ever. */
const undoing: readonly Step[] = ["Release", "Finalizer"];

function lastActionFailedForGood(o: Observed): Failure | undefined {
  const last = o.memory.lastFailure;
  return last?.failure.terminal && !undoing.includes(last.step) ? last.failure : undefined;
}

function journaledFailure(o: Observed): Failure | undefined {
  if (o.world.kind !== "observed") return undefined;
  const failed = o.world.steps.filter(({ name, outcome }) => outcome === "Failed" && !undoing.includes(name));
  return failed.find(({ failure }) => failure?.terminal)?.failure;
}

/** Only until the rewind is committed: afterwards neither name nor snapshot decides anything. */
function wrongTable(o: Observed): Failure | undefined {
  if (o.world.kind !== "observed" || isRewound(o.world)) return undefined;
  return o.world.tables.find((table) => table.failure?.terminal)?.failure;
}

/** Two spellings of one name; the schema of the object compares texts only. */
function tableTwice(o: Observed): Failure | undefined {
  if (o.world.kind !== "observed" || isRewound(o.world)) return undefined;
  const { tables } = o.world;
  for (const { name, requested } of tables) {
    const other = tables.find((table) => table.name === name && table.requested !== requested);
    if (name === undefined || other === undefined) continue;
    const message = `streamTables names ${name} twice, as ${requested} and as ${other.requested}: leave one of them out`;
    return { reason: Reason.InvalidSpec, message, terminal: true };
  }
  return undefined;
}

function wrongTarget(o: Observed): Failure | undefined {
  if (o.world.kind !== "observed" || isRewound(o.world)) return undefined;
  return o.world.target.failure?.terminal ? o.world.target.failure : undefined;
}

/** Time that a person took, with the tables claimed. */
function waitedMs({ now, status: { waited } }: Observed): number {
  if (waited === undefined) return 0;
  return waited.seconds * 1000 + (waited.since === undefined ? 0 : Math.max(0, now - Date.parse(waited.since)));
}

/** By our clock, however the database's differs. */
function startedAtMs({ world, status, now }: Observed): number | undefined {
  const operation = world.kind === "observed" ? world.operation : undefined;
  if (operation?.ageMs !== undefined) return now - operation.ageMs;
  const startedAt = operation?.startedAt ?? status.startTime;
  return startedAt === undefined ? undefined : Date.parse(startedAt);
}

/** When the time of the operation is over; undefined while it has not begun. */
export function deadlineAt(o: Observed): number | undefined {
  const startedAt = startedAtMs(o);
  if (startedAt === undefined || isInvalid(o.spec)) return undefined;
  return startedAt + o.spec.activeDeadlineSeconds * 1000 + waitedMs(o);
}

function deadlineExceeded(o: Observed): Failure | undefined {
  const deadline = deadlineAt(o);
  if (isInvalid(o.spec) || deadline === undefined || o.now < deadline) return undefined;
  if (!isOpen(o.world) || isDone(o.world, "Replay")) return undefined;
  const last = effectiveRetry(o);
  const why = last ? `. Last error: ${last.message}` : "";
  return {
    reason: Reason.DeadlineExceeded,
    message: `not finished within activeDeadlineSeconds (${o.spec.activeDeadlineSeconds} s)${why}`,
    terminal: true,
  };
}

function backoffLimitExceeded(o: Observed): Failure | undefined {
  const retry = effectiveRetry(o);
  if (isInvalid(o.spec) || retry === undefined || retry.count <= o.spec.backoffLimit) return undefined;
  if (isWaitingForPerson(o.status.phase)) return undefined;
  // While something may be held there is no giving up on the database: only it can undo.
  if (undoing.includes(retry.step as Step) || (retry.step === "Connect" && mayHold(o))) return undefined;
  return {
    reason: Reason.BackoffLimitExceeded,
    message: `${retry.step} failed ${retry.count === 1 ? "once" : `${retry.count} times`} (backoffLimit ${o.spec.backoffLimit}). Last error: ${retry.message}`,
    terminal: true,
  };
}

const failureChecks: readonly FailureCheck[] = [
  verdictReached,
  invalidSpec,
  aborted,
  connectionRefusedForGood,
  lastActionFailedForGood,
  journaledFailure,
  wrongTable,
  tableTwice,
  wrongTarget,
  deadlineExceeded,
  backoffLimitExceeded,
];

export function verdict(o: Observed): Failure | undefined {
  for (const check of failureChecks) {
    const failure = check(o);
    if (failure !== undefined) return { ...failure, message: quotedText(failure.message) };
  }
  return undefined;
}
