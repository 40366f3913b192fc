/**
 * Keys to work on: each at most once in the queue, at most once in work, and once more if it was added meanwhile.
 * A key that fails waits longer each time; the others don't wait for it.
 */
import { type BackoffLimits, equalJitterMs } from "./backoff.ts";
import { isConflict } from "./errors.ts";
import type {
  Clock,
  Key,
  Logger,
  PassResult,
  ProcessKey,
  QueueMeasurements,
  Random,
  TimerHandle,
  WorkQueue,
} from "./types.ts";

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly measurements: QueueMeasurements;
  readonly concurrency: number;
  readonly backoff?: BackoffLimits;
}

const DEFAULT_BACKOFF: BackoffLimits = { baseMs: 500, capMs: 60_000 };
/** A conflict is answered by looking again at once; one after the other without end would be a hot loop. */
const MAX_CONFLICTS_IN_A_ROW = 3;

interface Delayed {
  readonly dueMs: number;
  readonly timer: TimerHandle;
}

interface Failures {
  readonly count: number;
  readonly conflicts: number;
  /** What the last one said: the same again is not told again. */
  readonly said?: string;
}

const NO_FAILURES: Failures = { count: 0, conflicts: 0 };

class KeyedQueue implements WorkQueue {
  readonly #options: QueueOptions;
  /** Waiting for a worker, in order of their adding, with the time of it. */
  readonly #ready = new Map<Key, number>();
  /** In work; the value is the time at which it was added again meanwhile. */
  readonly #processing = new Map<Key, number | undefined>();
  readonly #delayed = new Map<Key, Delayed>();
  readonly #failures = new Map<Key, Failures>();
  readonly #stop = new AbortController();
  readonly #drained = Promise.withResolvers<void>();
  #process: ProcessKey | undefined;
  #isDraining = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#ready.size;
  }

  add(key: Key): void {
    if (this.#isDraining || this.#ready.has(key)) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#processing.has(key)) {
      if (this.#processing.get(key) === undefined) this.#processing.set(key, nowMs);
      return;
    }
    this.#enqueue(key, nowMs);
    this.#pump();
  }

  addAfter(key: Key, delayMs: number): void {
    if (this.#isDraining) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#options.clock.monotonicMs() + delayMs;
    const pending = this.#delayed.get(key);
    if (pending && pending.dueMs <= dueMs) return;
    pending?.timer.cancel();
    const timer = this.#options.clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  failures(key: Key): number {
    return this.#failures.get(key)?.count ?? 0;
  }

  forget(key: Key): void {
    this.#failures.delete(key);
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }

  start(process: ProcessKey): void {
    if (this.#process) throw new Error("the queue has been started already");
    this.#process = process;
    this.#pump();
  }

  async drain(patienceMs: number): Promise<void> {
    this.#isDraining = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#measureDepth();
    const patience = this.#options.clock.after(patienceMs, () => this.#stop.abort());
    if (this.#processing.size === 0) this.#drained.resolve();
    await this.#drained.promise;
    patience.cancel();
  }

  #enqueue(key: Key, addedMs: number): void {
    this.#ready.set(key, addedMs);
    this.#options.measurements.added();
    this.#measureDepth();
  }

  #measureDepth(): void {
    this.#options.measurements.depth(this.#ready.size);
  }

  #pump(): void {
    if (!this.#process || this.#isDraining) return;
    for (const [key, addedMs] of this.#ready) {
      if (this.#processing.size >= this.#options.concurrency) return;
      this.#ready.delete(key);
      this.#measureDepth();
      this.#options.measurements.waited(this.#options.clock.monotonicMs() - addedMs);
      void this.#work(key, this.#process);
    }
  }

  async #work(key: Key, process: ProcessKey): Promise<void> {
    const { clock, measurements } = this.#options;
    const startedMs = clock.monotonicMs();
    this.#processing.set(key, undefined);
    measurements.running(this.#processing.size);
    try {
      this.#succeeded(key, await process(key, this.#stop.signal));
    } catch (error) {
      this.#failed(key, error);
    }
    measurements.worked(clock.monotonicMs() - startedMs);
    this.#finish(key);
  }

  #finish(key: Key): void {
    const addedAgainMs = this.#processing.get(key);
    this.#processing.delete(key);
    this.#options.measurements.running(this.#processing.size);
    if (addedAgainMs !== undefined && !this.#isDraining) this.#enqueue(key, addedAgainMs);
    if (this.#isDraining && this.#processing.size === 0) this.#drained.resolve();
    this.#pump();
  }

  #succeeded(key: Key, result: PassResult): void {
    this.#failures.delete(key);
    if (result.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
  }

  #failed(key: Key, err: unknown): void {
    const { count, conflicts, said } = this.#failures.get(key) ?? NO_FAILURES;
    if (this.#isDraining) return;
    this.#options.measurements.retried();
    if (isConflict(err) && conflicts < MAX_CONFLICTS_IN_A_ROW) {
      this.#failures.set(key, { count, conflicts: conflicts + 1, ...(said !== undefined && { said }) });
      this.add(key);
      return;
    }
    const says = String(err);
    this.#failures.set(key, { count: count + 1, conflicts, said: says });
    const delayMs = equalJitterMs(count + 1, this.#options.backoff ?? DEFAULT_BACKOFF, this.#options.random);
    const fields = { key, failures: count + 1, requeueAfterMs: Math.round(delayMs), err };
    if (says === said) this.#options.logger.debug(fields, "a pass failed again");
    else this.#options.logger.warn(fields, "a pass failed");
    this.addAfter(key, delayMs);
  }
}

export function createWorkQueue(options: QueueOptions): WorkQueue {
  return new KeyedQueue(options);
}
