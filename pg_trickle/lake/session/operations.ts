// Looks an operation's marker up in the catalog. Always on a connection of its own in autocommit: inside the caller's lake
// transaction the catalog would be seen as it was when that began.
import { METADATA_CATALOG } from "../duck/instance.ts";
import type { Lake } from "../duck/lake.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { quoteIdentifier } from "../planner/quoting.ts";
import { carriesOperation } from "./marker.ts";

export interface OperationQuery {
  readonly lake: Lake;
  readonly metadataSchema: string;
  readonly operation: string;
  readonly signal: AbortSignal;
}

/** The snapshot that the operation made, or null. */
function findOperation(query: OperationQuery): Promise<string | null> {
  return query.lake.healing(() => lookUp(query));
}

async function lookUp(query: OperationQuery): Promise<string | null> {
  const connection = await query.lake.connect();
  try {
    const rows = await connection.all(
      `select snapshot_id::varchar, commit_extra_info
        from ${METADATA_CATALOG}.${quoteIdentifier(query.metadataSchema)}.ducklake_snapshot_changes
        where contains(commit_extra_info, $1)`,
      query.signal,
      [query.operation],
    );
    const found = rows.find(([, extraInfo]) => carriesOperation(String(extraInfo), query.operation));
    return found === undefined ? null : String(found[0]);
  } finally {
    connection.close();
  }
}

export async function refuseRepeated(query: OperationQuery): Promise<void> {
  const snapshotId = await findOperation(query);
  if (snapshotId === null) return;
  throw new LakeError(SQL_STATE.markerApplied, `operation ${query.operation} has been committed to the lake already`, {
    detail: `It is in snapshot ${snapshotId}.`,
    hint: "Nothing is lost and nothing has to be run again; record the operation as done.",
  });
}
