/**
 * The only writer of status: one compare-and-set a pass, nothing if nothing differs.
 *
 * It also remembers the version of its last write of each object, because the cache may still show the copy from before it
 * (Argo repeated effects because of that: workflows #14833); such a copy is recognised and left alone.
 */
import { isDeepStrictEqual } from "node:util";
import { ConflictError, isConflict } from "./errors.ts";
import { mergePatch, normalised } from "./merge-patch.ts";
import type { CallOptions, Clock, CustomObject, ResourceClient, StatusMeasurements, StatusWriter } from "./types.ts";
import { isOlder } from "./versions.ts";

export interface StatusWriterOptions<T extends CustomObject> {
  readonly client: ResourceClient<T>;
  readonly clock: Clock;
  readonly measurements: StatusMeasurements;
}

const MAX_ATTEMPTS = 4;
/** Much longer than any watch lags; after it we rather believe the cache (etcd restored from a backup counts lower). */
const REMEMBER_MS = 10 * 60_000;

interface LastWrite {
  readonly version: string;
  readonly atMs: number;
}

class CompareAndSetWriter<T extends CustomObject> implements StatusWriter<T> {
  readonly #options: StatusWriterOptions<T>;
  /** By uid, oldest write first. */
  readonly #lastWrites = new Map<string, LastWrite>();

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  async write(observed: T, status: NonNullable<T["status"]>, options: CallOptions = {}): Promise<T> {
    let base = observed;
    for (let attempt = 1; ; attempt += 1) {
      const patch = mergePatch(base.status, status);
      if (patch === undefined) return base;
      try {
        const written = await this.#options.client.patchStatus(base, patch, options);
        this.wrote(written);
        return written;
      } catch (error) {
        if (!isConflict(error) || attempt >= MAX_ATTEMPTS) throw error;
        this.#options.measurements.conflict();
        base = await this.#rebase(observed, status, options);
      }
    }
  }

  isStale(cached: T): boolean {
    const last = this.#lastWrites.get(cached.metadata.uid);
    const isStale = last !== undefined && isOlder(cached.metadata.resourceVersion, last.version) && !this.#isOld(last);
    if (isStale) this.#options.measurements.staleReadSkipped();
    return isStale;
  }

  wrote(object: T): void {
    const { uid, resourceVersion } = object.metadata;
    const last = this.#lastWrites.get(uid);
    if (last && isOlder(resourceVersion, last.version)) return;
    this.#lastWrites.delete(uid);
    this.#lastWrites.set(uid, { version: resourceVersion, atMs: this.#options.clock.monotonicMs() });
    this.#prune();
  }

  /** The live object, if what this status was decided from still holds there; its own lost answer counts as written. */
  async #rebase(observed: T, status: NonNullable<T["status"]>, options: CallOptions): Promise<T> {
    const { name, namespace = "" } = observed.metadata;
    const live = await this.#options.client.get(namespace, name, options);
    if (live.metadata.uid === observed.metadata.uid && isDeepStrictEqual(live.status, normalised(status))) {
      this.wrote(live);
      return live;
    }
    const isSame =
      live.metadata.uid === observed.metadata.uid &&
      live.metadata.generation === observed.metadata.generation &&
      live.metadata.deletionTimestamp === observed.metadata.deletionTimestamp &&
      isDeepStrictEqual(live.status, normalised(observed.status));
    if (!isSame) throw new ConflictError(`${namespace}/${name} was changed by somebody else since it was observed`);
    return live;
  }

  #isOld(last: LastWrite): boolean {
    return this.#options.clock.monotonicMs() - last.atMs > REMEMBER_MS;
  }

  #prune(): void {
    for (const [uid, last] of this.#lastWrites) {
      if (!this.#isOld(last)) return;
      this.#lastWrites.delete(uid);
    }
  }
}

export function createStatusWriter<T extends CustomObject>(options: StatusWriterOptions<T>): StatusWriter<T> {
  return new CompareAndSetWriter<T>(options);
}
