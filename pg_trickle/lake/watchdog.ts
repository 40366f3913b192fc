// Decides, without clock or process of its own, when a silent engine is dead and how long to wait before the next start.
// postgres_fdw waits 30 s, uninterruptibly, for a cancel request to a frozen engine; killing the engine ends that at once,
// so this bounds every call into it.

export const PING_EVERY_MS = 500;
export const SILENT_LIMIT_MS = 4000;
/** Loading the extensions and attaching takes about a second; a slow disk or catalog may take more. */
export const START_LIMIT_MS = 60_000;
const BACKOFF_START_MS = 200;
const BACKOFF_LIMIT_MS = 5000;
/** An engine that has lived this long was a good start: the next failure begins anew. */
const GOOD_LIFE_MS = 30_000;

export interface EngineLife {
  readonly startedAtMs: number;
  /** Null until the engine has said that it is ready. */
  readonly readyAtMs: number | null;
  readonly lastAnswerAtMs: number | null;
}

export function isDead(life: EngineLife, nowMs: number): boolean {
  if (life.readyAtMs === null) return nowMs - life.startedAtMs > START_LIMIT_MS;
  return nowMs - Math.max(life.readyAtMs, life.lastAnswerAtMs ?? 0) > SILENT_LIMIT_MS;
}

/** Failures in a row, counted up or begun anew after a good life. */
export function failuresAfter(life: EngineLife, failures: number, nowMs: number): number {
  const lived = life.readyAtMs === null ? 0 : nowMs - life.readyAtMs;
  return lived >= GOOD_LIFE_MS ? 1 : failures + 1;
}

export function restartDelayMs(failures: number): number {
  if (failures <= 1) return 0;
  return Math.min(BACKOFF_LIMIT_MS, BACKOFF_START_MS * 2 ** (failures - 2));
}
