/** What every step may rely on: the checks before have seen to it. */
import type { StreamTableRewindSpec } from "../../api/spec.ts";
import { isInvalid, type Observed, type ObservedWorld, tableName, targetOf } from "../observed.ts";

export interface Ready {
  readonly world: ObservedWorld;
  readonly spec: StreamTableRewindSpec;
  readonly tables: readonly string[];
  readonly snapshotId: number;
}

export function ready(o: Observed): Ready | undefined {
  const { world, spec } = o;
  if (world.kind !== "observed" || isInvalid(spec)) return undefined;
  const snapshotId = targetOf(o);
  if (snapshotId === undefined) return undefined;
  return { world, spec, snapshotId, tables: world.tables.map(tableName) };
}
