// Which DuckLake the catalog is of. A client with a newer one migrates it: an engine that is attached notices only by looking
// (catalog-watch.ts), and could not attach again. The extension says the same in SQL (sql/lake/catalog.sql), for an engine that is down.
import { LakeError, SQL_STATE } from "../errors.ts";

/** What the DuckLake extension of this DuckDB makes and reads; a test compares it with a new catalog. */
export const KNOWN_VERSION = "1.0";

const MISMATCH =
  /DuckLake catalog version mismatch: catalog version is (.*?), but the extension requires version (\S+)\.(?:\s|$)/;

/** For a catalog that this engine must not touch. */
export function versionError(found: string, known: string, cause?: unknown): LakeError {
  const wayOut =
    found.localeCompare(known, "en", { numeric: true }) < 0
      ? `After a backup, attach it once in a DuckDB that has DuckLake ${known}, with AUTOMATIC_MIGRATION.`
      : `A newer client has migrated it. Install a pg_trickle that knows ${found}; or stop all clients and restore database and data files from a backup of before.`;
  const problem = `the lake's catalog has DuckLake version ${found}, and the lake engine knows ${known}`;
  return new LakeError(SQL_STATE.otherVersion, `${problem}. ${wayOut}`, { cause });
}

/** DuckLake's own refusal to attach, whose advice would migrate a newer catalog; or null. */
export function readVersionMismatch(error: unknown): LakeError | null {
  const [, found, known] = MISMATCH.exec(error instanceof Error ? error.message : "") ?? [];
  return found === undefined || known === undefined ? null : versionError(found, known, error);
}
