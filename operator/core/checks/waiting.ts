/** Reasons to wait that pass by themselves. */
import { Reason } from "../../api/reasons.ts";
import { isTerminal, isWaitingForPerson, type Retry } from "../../api/status.ts";
import { isApproved } from "../approval.ts";
import type { Decision } from "../decision.ts";
import { isInvalid, isOpen, mayHold, type Observed, tableName } from "../observed.ts";
import { actAtOnce, wait } from "../outcome.ts";
import { effectiveRetry, reconnectAfterMs } from "../step-retries.ts";
import { timeText } from "../texts.ts";
import { secretGraceEnd } from "./verdict.ts";

const queuePollMs = 1_000;
const secretPollMs = 500;
const targetPollMs = 2_000;

/** Of a database that cannot be asked. */
function nextTry(o: Observed, retry: Retry | undefined): string {
  const count = retry?.step === "Connect" ? ` (failure ${retry.count} in a row)` : "";
  return `Next try at ${timeText(o.now + reconnectAfterMs(o))}${count}`;
}

export function unreachable(o: Observed): Decision | undefined {
  if (o.world.kind !== "unreachable" || isInvalid(o.spec)) return undefined;
  const { failure } = o.world;
  // Terminal, and still here: a Secret that may arrive any moment. It is asked for often and not counted.
  const { phase = "Pending" } = o.status;
  if (failure.terminal && !mayHold(o) && !isWaitingForPerson(phase)) {
    const message = `${failure.message}. It is looked for twice a second until ${timeText(secretGraceEnd(o))}; then the rewind fails`;
    return wait(o, { phase, reason: failure.reason, message, requeueAfterMs: secretPollMs });
  }
  const retry = effectiveRetry(o);
  const held = mayHold(o) ? ". Tables may be paused meanwhile" : "";
  return wait(o, {
    phase,
    reason: failure.reason,
    message: `${failure.message}${held}. ${nextTry(o, retry)}`,
    retry,
    stalled: (retry?.count ?? 0) > o.spec.backoffLimit,
    requeueAfterMs: reconnectAfterMs(o),
  });
}

/** Facts that are wrong now and may be right soon, e.g. a lake that is not attached yet. */
export function targetUnknown(o: Observed): Decision | undefined {
  if (o.world.kind !== "observed" || isOpen(o.world) || o.world.target.snapshotId !== undefined) return undefined;
  const failure = o.world.target.failure;
  return wait(o, {
    phase: o.status.phase ?? "Pending",
    reason: failure?.reason ?? Reason.TransientError,
    message: `${failure?.message ?? "the target snapshot is not known yet"}. It is asked for every ${targetPollMs / 1000} s`,
    requeueAfterMs: targetPollMs,
  });
}

function queued(o: Observed, message: string): Decision {
  const requeueAfterMs = Math.round(queuePollMs * (1 + o.jitter));
  return wait(o, { phase: "Queued", reason: Reason.WaitingForClaim, message, requeueAfterMs });
}

/** One rewind of a table at a time, the oldest first. A claim whose object is gone, or has ended, is freed; its hold is taken over by our pause. */
export function queue(o: Observed): Decision | undefined {
  if (o.world.kind !== "observed" || isOpen(o.world)) return undefined;
  const table = o.world.tables.find((candidate) => candidate.claimedBy !== undefined);
  const owner = table?.claimedBy;
  if (table === undefined || owner === undefined) {
    if (o.ahead === undefined) return undefined;
    return queued(o, `StreamTableRewind ${o.ahead.namespace}/${o.ahead.name} is older and comes first`);
  }
  const name = tableName(table);
  const who = `${owner.namespace}/${owner.name}`;
  if (!owner.gone) {
    return queued(o, `${name} is being rewound by StreamTableRewind ${who}; this one starts when that one has ended`);
  }
  const message = `freeing ${name} from the rewind ${who}, which has ended or no longer exists`;
  const note = `${name} was freed from the rewind ${who}, which has ended or no longer exists`;
  const freed = { type: "Normal", reason: Reason.OrphanFreed, action: "FreeOrphan", note } as const;
  const decision = actAtOnce(o, "Queued", { kind: "freeOrphan", uid: owner.uid, table: name }, message);
  return { ...decision, eventsAfter: [freed] };
}

/** Another rewind has one of the tables, or comes first. */
export function isBlocked({ world, ahead }: Observed): boolean {
  return (
    ahead !== undefined || (world.kind === "observed" && world.tables.some((table) => table.claimedBy !== undefined))
  );
}

function cannotPlan({ memory, status }: Observed): boolean {
  return (memory.lastFailure ?? status.retry)?.step === "Plan";
}

/** Takes part in the queue: it goes on as soon as the claims are free. */
export function wantsLock(o: Observed): boolean {
  if (isInvalid(o.spec) || o.object.deletingSince !== undefined || isTerminal(o.status.phase)) return false;
  if (o.world.kind !== "observed" || o.world.operation !== undefined) return false;
  const { dryRun, abort, approval } = o.spec;
  if (dryRun || abort) return false;
  return approval.mode === "Automatic" || approval.hold || (isApproved(o) && !cannotPlan(o));
}
