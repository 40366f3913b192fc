/**
 * A status as version 0.1.0 wrote it, under the names of today. It is read so in every pass; of a rewind that has ended, whose
 * record is read for years, it is written too. Pure.
 */
import type { StreamTableRewindStatus, TableStatus } from "../api/status.ts";
import { present } from "./mirror.ts";
import { tableList } from "./texts.ts";

const formerNames = ["frontierBefore", "frontierAfter", "heldBefore"] as const satisfies readonly (keyof TableStatus)[];

const names = [
  "contentsSnapshotIdBefore",
  "contentsSnapshotId",
  "holdersBefore",
] as const satisfies readonly (keyof TableStatus)[];

function hasFormerNames(table: TableStatus): boolean {
  return formerNames.some((name) => table[name] !== undefined);
}

export function isFormer({ tables = [] }: StreamTableRewindStatus): boolean {
  return tables.some(hasFormerNames);
}

/**
 * First the new names beside the former ones, then without them: under a CustomResourceDefinition that is older than the operator
 * the API server drops the new ones, and the record would be lost.
 */
function renewedTable(given: TableStatus, rewoundTo: number | undefined): TableStatus {
  const { frontierBefore, frontierAfter, heldBefore, ...table } = given;
  if (names.some((name) => table[name] !== undefined) || !hasFormerNames(given)) return table;
  return present({
    ...given,
    contentsSnapshotIdBefore: frontierBefore,
    contentsSnapshotIdAfter: rewoundTo,
    contentsSnapshotId: frontierAfter,
    holdersBefore: heldBefore,
  }) as TableStatus;
}

/**
 * One step nearer to today; twice is enough. What was called frontier were the contents: those now, also after the replay. What the
 * rewind left is the target.
 */
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
