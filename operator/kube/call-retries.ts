/**
 * Which failed call may be sent again, and when: pure.
 *
 * A read may always be repeated. A write only if it certainly wasn't done: the request never left, or the server itself
 * says "not now" (429, or 5xx with Retry-After, as in client-go). After any other failure the writer can't know; the next
 * pass reads the object live and sees.
 */
import { fullJitterMs } from "./backoff.ts";
import { ApiError, CallTimeoutError, TransportError } from "./errors.ts";
import type { Random } from "./types.ts";

const LIMITS = { baseMs: 200, capMs: 5_000 };
const MAX_ATTEMPTS = 4;
/** A server that wants more patience than this is left to the work queue, which holds no worker meanwhile. */
const MAX_RETRY_AFTER_MS = 10_000;

function mayRepeat(isRead: boolean, error: unknown): boolean {
  if (error instanceof TransportError) return isRead || !error.sent;
  if (error instanceof CallTimeoutError) return isRead;
  if (!(error instanceof ApiError)) return false;
  if (error.status === 429) return true;
  return error.status >= 500 && (isRead || error.retryAfterMs !== undefined);
}

/** Milliseconds until the next attempt, or undefined: give up. `attempt` counts from 1. */
export function retryDelayMs(isRead: boolean, error: unknown, attempt: number, random: Random): number | undefined {
  if (attempt >= MAX_ATTEMPTS || !mayRepeat(isRead, error)) return undefined;
  const jitterMs = fullJitterMs(attempt, LIMITS, random);
  const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
  if (retryAfterMs === undefined) return jitterMs;
  // on top, so that all who were told the same second don't come back in it
  return retryAfterMs <= MAX_RETRY_AFTER_MS ? retryAfterMs + jitterMs : undefined;
}
