/**
 * Leader election by a Lease. It says who should work, so that replicas don't get into each other's way; it does not prove
 * it: a process can be frozen between the look at its lease and its next statement. That nothing is done twice is the
 * fencing token's job, in the transaction itself.
 *
 * A leader believes in itself until `renewDeadlineMs` after the start of its last successful renewal, the others believe in
 * it for `durationMs` after they saw that renewal: shorter here than there, so that at most one believes in itself.
 */
import { randomUUID } from "node:crypto";
import { isConflict, isNotFound } from "./errors.ts";
import { heldSpec, isFree, type LeaseRecord, releasedSpec, type Sighting, sightingOf } from "./lease-record.ts";
import type { LeaseStore } from "./lease-store.ts";
import { sleep } from "./sleep.ts";
import type { Clock, Logger, Random, TimerHandle } from "./types.ts";

export interface LeaseTimes {
  /** How long the others wait for a leader that says nothing. */
  readonly durationMs: number;
  /** How long a leader works on without a successful renewal; less than `durationMs`. */
  readonly renewDeadlineMs: number;
  /** Between two renewals; less than half of `renewDeadlineMs`. */
  readonly renewMs: number;
  /** Between two looks of a standby: the bigger part of a graceful hand-over. */
  readonly standbyMs: number;
}

export interface LeaseMeasurements {
  leading(isLeader: boolean): void;
  /** The leader is another one than before. */
  transition(): void;
}

export interface ElectorOptions {
  readonly store: LeaseStore;
  /** Name of the pod. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly measurements: LeaseMeasurements;
  readonly times: LeaseTimes;
}

/** One's time as the leader. */
export interface Term {
  /** Aborted as soon as the lease is lost or released: nothing may be begun or go on after it. */
  readonly signal: AbortSignal;
}

export interface Elector {
  readonly identity: string;
  /** Waits until this one leads; undefined if `signal` was aborted before. Once in a life. */
  acquire(signal: AbortSignal): Promise<Term | undefined>;
  /** Gives the lease back, so that nobody has to wait for its end. Call it when the work has ended. Never rejects. */
  release(): Promise<void>;
}

/** A release that the API server doesn't answer is not waited for: the lease ends by itself. */
const RELEASE_PATIENCE_MS = 2_000;

function assertTimes({ durationMs, renewDeadlineMs, renewMs }: LeaseTimes): void {
  if (renewDeadlineMs >= durationMs) throw new Error("the renew deadline must be shorter than the lease's duration");
  if (renewMs * 2 >= renewDeadlineMs) throw new Error("there must be time for two renewals before the deadline");
}

class LeaseElector implements Elector {
  readonly identity: string;
  readonly #options: ElectorOptions;
  readonly #times: LeaseTimes;
  readonly #end = new AbortController();
  #record: LeaseRecord | undefined;
  #sighting: Sighting | undefined;
  #deadline: TimerHandle | undefined;
  #renewing: Promise<void> | undefined;
  #isLeading = false;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#times = options.times;
    assertTimes(this.#times);
    this.identity = `${options.instance}_${randomUUID().slice(0, 8)}`;
    options.measurements.leading(false);
  }

  async acquire(signal: AbortSignal): Promise<Term | undefined> {
    const { clock, random, logger } = this.#options;
    let said: string | undefined;
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      // not ended by the signal: a write whose answer nobody waits for would hold the lease for nobody
      const isOurs = await this.#take(new AbortController().signal).catch((err: unknown) => {
        // Twice a second: the same again is not told again.
        if (!isConflict(err) && String(err) !== said) logger.warn({ err }, "the lease cannot be read or taken");
        said = String(err);
        return false;
      });
      if (isOurs) {
        this.#begin(startedMs);
        if (!signal.aborted) return { signal: this.#end.signal };
        await this.release();
        return undefined;
      }
      await sleep(clock, this.#times.standbyMs * (0.75 + random() / 2), signal);
    }
    return undefined;
  }

  async release(): Promise<void> {
    const { clock, store, logger } = this.#options;
    const wasLeading = this.#isLeading;
    this.#finish();
    await this.#renewing;
    if (!wasLeading || this.#record === undefined) return;
    const patience = new AbortController();
    const timer = clock.after(RELEASE_PATIENCE_MS, () => patience.abort());
    try {
      await store.replace(this.#record, releasedSpec(this.#record, clock.now()), { signal: patience.signal });
      logger.info({ identity: this.identity }, "the lease is released");
    } catch (err) {
      logger.warn({ err }, "the lease could not be released, it ends by itself");
    } finally {
      timer.cancel();
    }
  }

  /** Reads, and takes or renews if that is allowed. False: somebody else holds it. */
  async #take(signal: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#options;
    const record = await store.read({ signal });
    const nowMs = clock.monotonicMs();
    if (record !== undefined) {
      this.#see(record, nowMs);
      if (!isFree(record, this.#sighting as Sighting, this.identity, nowMs)) return false;
    }
    const holding = { identity: this.identity, durationMs: this.#times.durationMs, now: clock.now() };
    const spec = heldSpec(record, holding);
    const taken = record === undefined ? store.create(spec, { signal }) : store.replace(record, spec, { signal });
    this.#see(await taken, clock.monotonicMs());
    return true;
  }

  #see(record: LeaseRecord, nowMs: number): void {
    const previous = this.#record?.holder;
    const isNew = record.holder !== undefined && record.holder !== previous;
    // who led before we looked for the first time is no change
    if (isNew && (this.#record !== undefined || record.holder === this.identity)) {
      this.#options.measurements.transition();
    }
    this.#sighting = sightingOf(record, this.#sighting, nowMs);
    this.#record = record;
  }

  #begin(renewedMs: number): void {
    this.#isLeading = true;
    this.#options.measurements.leading(true);
    this.#options.logger.info({ identity: this.identity, transitions: this.#record?.transitions }, "leading");
    this.#extend(renewedMs);
    this.#renewing = this.#renewUntilEnd();
  }

  /** From the start of the renewal on, which the others can't have seen earlier. */
  #extend(renewedMs: number): void {
    const { clock } = this.#options;
    this.#deadline?.cancel();
    const leftMs = renewedMs + this.#times.renewDeadlineMs - clock.monotonicMs();
    if (leftMs <= 0) this.#lose("the lease could not be renewed in time");
    else this.#deadline = clock.after(leftMs, () => this.#lose("the lease could not be renewed in time"));
  }

  async #renewUntilEnd(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await sleep(this.#options.clock, this.#times.renewMs, signal);
      if (!signal.aborted) await this.#renewOnce(signal);
    }
  }

  async #renewOnce(signal: AbortSignal): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    try {
      const isKept = await this.#renew(signal);
      if (signal.aborted) return;
      if (isKept) this.#extend(startedMs);
      else this.#lose(`the lease is held by ${this.#record?.holder ?? "nobody"}`);
    } catch (err) {
      if (!signal.aborted) this.#options.logger.warn({ err }, "the lease could not be renewed, trying again");
    }
  }

  /** Without a read, as long as the object is the one that we wrote. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#options;
    const record = this.#record as LeaseRecord;
    const holding = { identity: this.identity, durationMs: this.#times.durationMs, now: clock.now() };
    try {
      this.#see(await store.replace(record, heldSpec(record, holding), { signal }), clock.monotonicMs());
      return true;
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const current = await store.read({ signal });
    // deleted by somebody: whoever creates it first, leads
    if (current === undefined) return this.#take(signal);
    this.#see(current, clock.monotonicMs());
    return current.holder === this.identity && this.#take(signal);
  }

  #lose(reason: string): void {
    if (!this.#isLeading) return;
    this.#finish();
    this.#options.logger.warn({ identity: this.identity, reason }, "no longer leading");
  }

  #finish(): void {
    this.#deadline?.cancel();
    if (this.#isLeading) this.#options.measurements.leading(false);
    this.#isLeading = false;
    this.#end.abort();
  }
}

export function createElector(options: ElectorOptions): Elector {
  return new LeaseElector(options);
}
