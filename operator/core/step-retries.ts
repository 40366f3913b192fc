/** Counts failures of a step in a row. The count is stored in status: it cannot be observed again (SPEC.md). */
import type { Retry } from "../api/status.ts";
import { backoffMs, longestBackoffMs } from "./backoff.ts";
import type { Failure, Observed, Step } from "./observed.ts";
import { quotedText } from "./texts.ts";

/** The failure that this very pass saw: of the last action, or of asking the database. */
function failureOfPass(o: Observed): { readonly step: Step; readonly failure: Failure } | undefined {
  if (o.memory.lastFailure) return o.memory.lastFailure;
  return o.world.kind === "unreachable" ? { step: "Connect", failure: o.world.failure } : undefined;
}

/** A time that is further away than we ever wait was written by another clock. */
function leftMs({ now }: Observed, { nextAttemptTime }: Retry): number {
  const ms = Math.max(0, Date.parse(nextAttemptTime) - now);
  return ms > longestBackoffMs ? 0 : ms;
}

/**
 * status.retry as it stands after this pass. A pass that was woken before its time adds nothing: a watch event (our own
 * status write is one) must not use up the retries.
 */
export function effectiveRetry(o: Observed): Retry | undefined {
  const stored = o.status.retry;
  const seen = failureOfPass(o);
  if (seen === undefined) return stored;
  const sameStep = stored?.step === seen.step;
  if (sameStep && !o.memory.lastFailure && leftMs(o, stored) > 0) return stored;
  const count = sameStep ? stored.count + 1 : 1;
  return {
    step: seen.step,
    count,
    reason: seen.failure.reason,
    message: quotedText(seen.failure.message),
    lastFailureTime: new Date(o.now).toISOString(),
    nextAttemptTime: new Date(o.now + backoffMs(count, o.jitter)).toISOString(),
  };
}

/** Milliseconds until the step may be tried again; 0: now. */
export function waitBeforeMs(o: Observed, step: Step): number {
  const retry = effectiveRetry(o);
  if (retry?.step !== step) return 0;
  return leftMs(o, retry);
}

const reconnectMs = 1_000;

/** Of a database that cannot be asked; the failure that counts may be another one's, so it is never at once. */
export function reconnectAfterMs(o: Observed): number {
  return Math.max(reconnectMs, waitBeforeMs(o, "Connect"));
}
