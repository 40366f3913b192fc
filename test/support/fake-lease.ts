/** A Lease in memory, with the API server's compare-and-set, and ways to reach it that fail as a test says. */
import { CallTimeoutError, ConflictError, TransportError } from "../../operator/kube/errors.ts";
import { type LeaseRecord, type LeaseSpec, recordOf } from "../../operator/kube/lease-record.ts";
import type { LeaseStore } from "../../operator/kube/lease-store.ts";
import { sleep } from "../../operator/kube/sleep.ts";
import type { Clock } from "../../operator/kube/types.ts";

/**
 * `refused`: not done; `lost`: done, but the answer never came; `hangs`: never done, never answered; `late`: no answer, and done
 * long after the caller gave up.
 */
export type Fate = "ok" | "refused" | "lost" | "hangs" | "late";

/** A call's own timeout. */
const TIMEOUT_MS = 5_000;
const LATE_MS = 7_000;

export class FakeLease {
  spec: Partial<LeaseSpec> | undefined;
  readonly #clock: Clock;
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get holder(): string | undefined {
    return this.spec?.holderIdentity || undefined;
  }

  /** Somebody touches the object without touching its spec. */
  touch(): void {
    this.#version += 1;
  }

  write(spec: Partial<LeaseSpec>): void {
    this.spec = spec;
    this.#version += 1;
  }

  remove(): void {
    this.spec = undefined;
  }

  /** One client's way to it. */
  store(fate: (verb: "read" | "write") => Fate = () => "ok"): LeaseStore {
    return {
      read: ({ signal }) => this.#through(fate("read"), signal, () => this.#record()),
      create: (spec, { signal }) =>
        this.#through(fate("write"), signal, () => {
          if (this.spec !== undefined) throw new ConflictError("it is there already");
          return this.#put(spec);
        }),
      replace: (observed, spec, { signal }) =>
        this.#through(fate("write"), signal, () => {
          if (this.#record()?.resourceVersion !== observed.resourceVersion)
            throw new ConflictError("it is another one");
          return this.#put(spec);
        }),
    };
  }

  #put(spec: LeaseSpec): LeaseRecord {
    this.write(spec);
    return this.#record() as LeaseRecord;
  }

  #record(): LeaseRecord | undefined {
    if (this.spec === undefined) return undefined;
    return recordOf({ metadata: { resourceVersion: String(this.#version) }, spec: this.spec });
  }

  async #through<T>(fate: Fate, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    if (fate === "refused") throw new TransportError("no connection", { sent: false });
    if (fate === "late") {
      this.#clock.after(LATE_MS, () => {
        try {
          work();
        } catch {
          // it was too late, and nobody is there to be told
        }
      });
    }
    if (fate === "hangs" || fate === "late") {
      await sleep(this.#clock, TIMEOUT_MS, signal);
      throw new CallTimeoutError("no answer");
    }
    const result = work();
    if (fate === "lost") throw new TransportError("no answer", { sent: true });
    return result;
  }
}
