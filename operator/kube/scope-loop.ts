/**
 * Keeps one store equal to the API server's objects of one scope: list, watch, recover, and from time to time a list beside
 * the running watch that finds what the watch lost. Nothing of it starts after its signal aborted.
 */
import type { WatchEvent } from "./line-parser.ts";
import type { ListWatch } from "./list-watch.ts";
import { keyOf } from "./paths.ts";
import { type EndReason, type LoopState, type RoundEnd, recover } from "./recovery.ts";
import { sleep } from "./sleep.ts";
import type { ObjectStore } from "./store.ts";
import type { RawStream } from "./transport.ts";
import type { Clock, Key, KubeObject, Logger, Random, ReflectorMeasurements } from "./types.ts";
import { describeFailure, readWatch } from "./watch-session.ts";

type StoreEvent<T extends KubeObject> = Exclude<WatchEvent<T>, { type: "ERROR" }>;

export interface ScopeLoopOptions<T extends KubeObject> {
  readonly resource: string;
  readonly source: ListWatch<T>;
  readonly store: ObjectStore<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly measurements: ReflectorMeasurements;
  readonly relistMs: number;
  /** How long the watch may lag behind a list before a difference counts as a miss. */
  readonly graceMs: number;
  readonly onChange: (keys: readonly Key[]) => void;
  readonly onSynced: () => void;
  readonly onMissed: (count: number) => void;
}

export class ScopeLoop<T extends KubeObject> {
  readonly #options: ScopeLoopOptions<T>;
  #version: string | undefined;
  #lastStepMs: number;
  #lastListMs = 0;

  constructor(options: ScopeLoopOptions<T>) {
    this.#options = options;
    this.#lastStepMs = options.clock.monotonicMs();
  }

  ageMs(): number {
    return this.#options.clock.monotonicMs() - this.#lastStepMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    let state: LoopState = { version: undefined, failures: 0 };
    while (!signal.aborted) {
      this.#step();
      const end = await this.#round(state, signal);
      if (signal.aborted) return;
      this.#options.measurements.watchRestarted(this.#options.resource, end.reason);
      const next = recover(state, end, random);
      state = next.state;
      if (next.delayMs > 0) await sleep(clock, next.delayMs, signal);
    }
  }

  async #round(state: LoopState, signal: AbortSignal): Promise<RoundEnd> {
    this.#version = state.version;
    let watchingSinceMs: number | undefined;
    const watchedMs = () => (watchingSinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - watchingSinceMs);
    try {
      if (this.#version === undefined) await this.#list(signal);
      signal.throwIfAborted();
      const reason = await this.#watch(signal, () => {
        watchingSinceMs = this.#options.clock.monotonicMs();
      });
      return { reason, version: this.#version, watchedMs: watchedMs() };
    } catch (error) {
      const failure = describeFailure(error);
      if (!signal.aborted) this.#log(error, failure.reason);
      return { ...failure, version: this.#version, watchedMs: watchedMs() };
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { source, store } = this.#options;
    const listing = await source.list(signal);
    if (signal.aborted) return;
    this.#step();
    this.#lastListMs = this.#options.clock.monotonicMs();
    const changed = store.replace(listing.objects);
    this.#version = listing.version;
    this.#options.onSynced();
    this.#options.onChange(changed);
  }

  /** One watch, and beside it the lists that check it. */
  async #watch(signal: AbortSignal, onOpen: () => void): Promise<EndReason> {
    const session = new AbortController();
    const abort = () => session.abort();
    signal.addEventListener("abort", abort, { once: true });
    const check = { hasMissed: false, done: Promise.resolve() };
    try {
      const stream = await this.#options.source.watch(this.#version ?? "", session.signal);
      onOpen();
      check.done = this.#checkUntilMiss(session.signal).then((hasMissed) => {
        check.hasMissed = hasMissed;
        // what lost a change once may lose another: a new watch, from the version of the list
        if (hasMissed) session.abort();
      });
      return await this.#read(stream);
    } catch (error) {
      if (check.hasMissed) return "missed";
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      session.abort();
      await check.done;
    }
  }

  #read(stream: RawStream): Promise<EndReason> {
    return readWatch<T>(stream, this.#options.clock, {
      onEvent: (event) => this.#apply(event),
      onBytes: () => this.#step(),
    });
  }

  #apply(event: StoreEvent<T>): void {
    if (event.type === "BOOKMARK") {
      this.#version = event.resourceVersion;
      return;
    }
    const { store, onChange } = this.#options;
    const { object } = event;
    const isNews = event.type === "DELETED" ? store.delete(object) : store.set(object);
    this.#version = object.metadata.resourceVersion;
    if (isNews) onChange([keyOf(object)]);
  }

  /** True: the watch had lost something (repaired by now). False: the session is over. */
  async #checkUntilMiss(session: AbortSignal): Promise<boolean> {
    const { clock, relistMs } = this.#options;
    while (!session.aborted) {
      await sleep(clock, this.#lastListMs + relistMs - clock.monotonicMs(), session);
      if (session.aborted) return false;
      this.#lastListMs = clock.monotonicMs();
      const missed = await this.#check(session).catch((error: unknown) => {
        if (!session.aborted) this.#log(error, "relist");
        return 0;
      });
      if (missed > 0) return true;
    }
    return false;
  }

  async #check(session: AbortSignal): Promise<number> {
    const { source, store, clock, graceMs } = this.#options;
    store.rememberDeletions();
    try {
      const listing = await source.list(session);
      await sleep(clock, graceMs, session);
      if (session.aborted) return 0;
      this.#step();
      const missed = store.reconcile(listing.objects, listing.version);
      if (missed.length > 0) this.#repaired(missed, listing.version);
      return missed.length;
    } finally {
      store.forgetDeletions();
    }
  }

  #repaired(missed: readonly Key[], version: string): void {
    const { measurements, resource, logger, onMissed, onChange } = this.#options;
    this.#version = version;
    measurements.missed(resource, missed.length);
    logger.warn({ resource, missed: missed.length }, "the watch had lost changes, the list brought them");
    onMissed(missed.length);
    onChange(missed);
  }

  #step(): void {
    this.#lastStepMs = this.#options.clock.monotonicMs();
  }

  #log(err: unknown, reason: string): void {
    const { logger, resource } = this.#options;
    logger.debug({ resource, reason, err }, "a list or watch failed, it goes on by itself");
  }
}
