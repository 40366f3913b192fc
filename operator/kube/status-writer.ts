/**
 * The only writer of status: one compare-and-set a pass, nothing if nothing differs. What it is given was read from etcd: a cache
 * may still show the copy from before our own last write (Argo repeated effects because of that: workflows #14833).
 */
import { isDeepStrictEqual } from "node:util";
import { ConflictError, isConflict } from "./errors.ts";
import { mergePatch, normalised } from "./merge-patch.ts";
import type { CallOptions, CustomObject, ResourceClient, StatusMeasurements, StatusWriter } from "./types.ts";

export interface StatusWriterOptions<T extends CustomObject> {
  readonly client: ResourceClient<T>;
  readonly measurements: StatusMeasurements;
}

const MAX_ATTEMPTS = 4;

class CompareAndSetWriter<T extends CustomObject> implements StatusWriter<T> {
  readonly #options: StatusWriterOptions<T>;

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  async write(observed: T, status: NonNullable<T["status"]>, options: CallOptions = {}): Promise<T> {
    let base = observed;
    for (let attempt = 1; ; attempt += 1) {
      const patch = mergePatch(base.status, status);
      if (patch === undefined) return base;
      try {
        return await this.#options.client.patchStatus(base, patch, options);
      } catch (error) {
        if (!isConflict(error) || attempt >= MAX_ATTEMPTS) throw error;
        this.#options.measurements.conflict();
        base = await this.#rebase(observed, status, options);
      }
    }
  }

  /** The live object, if what this status was decided from still holds there; its own lost answer counts as written. */
  async #rebase(observed: T, status: NonNullable<T["status"]>, options: CallOptions): Promise<T> {
    const { name, namespace = "" } = observed.metadata;
    const live = await this.#options.client.get(namespace, name, options);
    if (live.metadata.uid === observed.metadata.uid && isDeepStrictEqual(live.status, normalised(status))) return live;
    const isSame =
      live.metadata.uid === observed.metadata.uid &&
      live.metadata.generation === observed.metadata.generation &&
      live.metadata.deletionTimestamp === observed.metadata.deletionTimestamp &&
      isDeepStrictEqual(live.status, normalised(observed.status));
    if (!isSame) throw new ConflictError(`${namespace}/${name} was changed by somebody else since it was observed`);
    return live;
  }
}

export function createStatusWriter<T extends CustomObject>(options: StatusWriterOptions<T>): StatusWriter<T> {
  return new CompareAndSetWriter<T>(options);
}
