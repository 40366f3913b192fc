/**
 * What the probes answer: pure. A restart must be able to help: an API server or a database that can't be reached is no
 * reason to kill the process, a blocked event loop or a reflector whose loop stands still is. What nobody but a person can bring
 * back (the kind, a right) makes it not ready.
 */

export interface Liveness {
  readonly loopLagMs: number;
  readonly reflectorAgeMs: number;
}

export interface Readiness {
  readonly cachesSynced: boolean;
  readonly isShuttingDown: boolean;
  /** What the API server does not have or does not let us do. */
  readonly missing: readonly string[];
}

const MAX_LOOP_LAG_MS = 10_000;
/** Its longest legal silence is a throttled list: some attempts of 30 s with pauses between them. */
const MAX_REFLECTOR_AGE_MS = 5 * 60_000;

/** Empty: alive. */
export function livenessProblems({ loopLagMs, reflectorAgeMs }: Liveness): string[] {
  const problems: string[] = [];
  if (loopLagMs > MAX_LOOP_LAG_MS) problems.push(`the event loop was blocked for ${Math.round(loopLagMs)} ms`);
  if (reflectorAgeMs > MAX_REFLECTOR_AGE_MS) {
    problems.push(`the reflector has done nothing for ${Math.round(reflectorAgeMs)} ms`);
  }
  return problems;
}

/** Empty: ready. */
export function readinessProblems({ cachesSynced, isShuttingDown, missing }: Readiness): string[] {
  const problems: string[] = [...missing];
  if (!cachesSynced) problems.push("the caches are not filled yet");
  if (isShuttingDown) problems.push("shutting down");
  return problems;
}
