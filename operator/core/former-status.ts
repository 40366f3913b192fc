/**
 * A status as version 0.1.0 wrote it, under the names of today. It is read so in every pass, and written once: the record of a
 * rewind that has ended is read for years. Pure.
 */
import type { StreamTableRewindStatus, TableStatus } from "../api/status.ts";
import { present } from "./mirror.ts";
import { tableList } from "./texts.ts";

const formerNames = ["frontierBefore", "frontierAfter", "heldBefore"] as const satisfies readonly (keyof TableStatus)[];

export function isFormer({ tables = [] }: StreamTableRewindStatus): boolean {
  return tables.some((table) => formerNames.some((name) => table[name] !== undefined));
}

function renewedTable(given: TableStatus, rewoundTo: number | undefined): TableStatus {
  const { frontierBefore, frontierAfter, heldBefore, ...table } = given;
  // A table that has names of both was last written under those of today.
  return present({
    contentsSnapshotIdBefore: frontierBefore,
    contentsSnapshotIdAfter: rewoundTo,
    contentsSnapshotId: frontierAfter,
    holdersBefore: heldBefore,
    ...table,
  }) as TableStatus;
}

/** What was called frontier were the contents: those now, also after the replay. What the rewind left is the target. */
export function renewed(status: StreamTableRewindStatus): StreamTableRewindStatus {
  const { tables = [], steps = [], target } = status;
  if (!isFormer(status)) return status;
  const isRewound = steps.some(({ name, state }) => name === "Rewind" && state === "Done");
  return {
    ...status,
    tableSummary: status.tableSummary ?? tableList(tables.map(({ name }) => name)),
    tables: tables.map((table) => renewedTable(table, isRewound ? target?.snapshotId : undefined)),
  };
}
