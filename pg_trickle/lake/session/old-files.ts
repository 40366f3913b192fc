// Files that a transaction has written stand in no catalog before its commit: to a clean-up by another client they are orphans.
import { LakeError, SQL_STATE } from "../errors.ts";

/**
 * The catalog does not know a transaction's files before COMMIT, so that a clean-up of orphaned files takes them once they are
 * old enough, by DuckLake's default after two days; COMMIT would not notice. Older ones are written anew.
 */
const FILES_LIMIT_MS = 24 * 60 * 60_000;

/** @param sinceMs when the transaction's first file may have been written; null: it has none. */
export function refuseOldFiles(sinceMs: number | null, nowMs: number): void {
  if (sinceMs !== null && nowMs - sinceMs > FILES_LIMIT_MS) throw filesTooOld();
}

/** As a conflict, so that whatever can be done again is. */
function filesTooOld(): LakeError {
  return new LakeError(
    SQL_STATE.serializationFailure,
    "the transaction has files that are older than a day: a clean-up of orphaned files may have taken them",
    { hint: "Nothing of it is in the lake. Run it again, so that it takes less than a day." },
  );
}
