/** One Lease object in the API server: read, create, and replace only what was read. */
import { type Calls, MERGE_PATCH } from "./calls.ts";
import { isNotFound } from "./errors.ts";
import type { LeaseRecord, LeaseSpec } from "./lease-record.ts";
import { recordOf } from "./lease-record.ts";
import { resourcePath } from "./paths.ts";
import type { CallOptions, ResourceDefinition } from "./types.ts";

const LEASES: ResourceDefinition = { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease" };

export interface LeaseStore {
  read(options: CallOptions): Promise<LeaseRecord | undefined>;
  /** Rejects with a conflict (`isConflict`) if it is there by now. */
  create(spec: LeaseSpec, options: CallOptions): Promise<LeaseRecord>;
  /** Rejects with a conflict (`isConflict`) if it is no longer the one that was read. */
  replace(observed: LeaseRecord, spec: LeaseSpec, options: CallOptions): Promise<LeaseRecord>;
}

export interface LeaseStoreOptions {
  readonly calls: Calls;
  readonly namespace: string;
  readonly name: string;
  /** Of one call: short enough that a lost connection costs no leadership. */
  readonly timeoutMs: number;
}

export function createLeaseStore({ calls, namespace, name, timeoutMs }: LeaseStoreOptions): LeaseStore {
  const path = resourcePath(LEASES, { namespace, name });
  const common = { resource: LEASES.plural, timeoutMs };
  return {
    read: async ({ signal }) => {
      try {
        return recordOf(await calls.send({ ...common, verb: "GET", path, signal }));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    create: async (spec, { signal }) => {
      const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace, name }, spec };
      return recordOf(
        await calls.send({ ...common, verb: "POST", path: resourcePath(LEASES, { namespace }), body, signal }),
      );
    },
    replace: async ({ resourceVersion }, spec, { signal }) => {
      const body = { metadata: { resourceVersion }, spec };
      return recordOf(await calls.send({ ...common, verb: "PATCH", path, body, contentType: MERGE_PATCH, signal }));
    },
  };
}
