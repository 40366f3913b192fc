/** What every step may rely on: the checks before have seen to it. */
import type { StreamTableRewindSpec } from "../../api/spec.ts";
import { isInvalid, type Observed, type ObservedWorld } from "../observed.ts";

export interface Ready {
  readonly world: ObservedWorld;
  readonly spec: StreamTableRewindSpec;
  readonly tables: readonly string[];
  readonly snapshotId: number;
}

export function ready(o: Observed): Ready | undefined {
  const { world, spec } = o;
  if (world.kind !== "observed" || isInvalid(spec)) return undefined;
  // The id that was shown is the one that runs, also when it came from a timestamp.
  const snapshotId = o.status.target?.snapshotId ?? world.target.snapshotId;
  if (snapshotId === undefined) return undefined;
  return { world, spec, snapshotId, tables: world.tables.map((table) => table.name ?? table.requested) };
}
