/** The lake's maintenance, as a plain DuckDB calls it. None of it changes a row at the head. */
import { createRandom } from "./random.ts";
import type { LakeTable, Maintenance } from "./script.ts";

export interface Upkeep {
  readonly act: Maintenance;
  readonly table: LakeTable;
  readonly pick: number;
}

/** How far an expiry may go. */
export interface Expirable {
  /** Snapshots that there are, ascending. */
  readonly snapshots: readonly number[];
  /** The oldest that an open transaction reads; the head, if there is none. */
  readonly oldestView: number;
}

/** Some stay, so that there is something to rewind to. */
const KEPT_SNAPSHOTS = 6;

/**
 * Old snapshots, or some of them, which leaves holes; none that is as new as an open transaction's view: that makes a deletion
 * of this transaction vanish (https://github.com/duckdb/ducklake/issues/1472), and nobody could tell it.
 */
function expirable({ snapshots, oldestView }: Expirable, pick: number): number[] {
  const random = createRandom(pick);
  const old = snapshots.slice(0, -KEPT_SNAPSHOTS).filter((snapshot) => snapshot < oldestView);
  if (random.chance(0.5)) return old;
  return old.filter(() => random.chance(0.5));
}

/** `undefined`: there is nothing to do. */
export function maintenanceText({ act, table, pick }: Upkeep, expiry: Expirable): string | undefined {
  switch (act) {
    case "flush":
      return pick % 2 === 0
        ? "call ducklake_flush_inlined_data('lake')"
        : `call ducklake_flush_inlined_data('lake', table_name => '${table}')`;
    case "merge-files":
      return "call ducklake_merge_adjacent_files('lake')";
    case "rewrite":
      return `call ducklake_rewrite_data_files('lake', '${table}', delete_threshold => ${pick % 2 === 0 ? 0 : 0.2})`;
    case "checkpoint":
      return "checkpoint lake";
    case "expire": {
      const versions = expirable(expiry, pick);
      return versions.length === 0
        ? undefined
        : `call ducklake_expire_snapshots('lake', versions => [${versions.join(", ")}])`;
    }
    case "cleanup":
      return "call ducklake_cleanup_old_files('lake', cleanup_all => true)";
  }
}
