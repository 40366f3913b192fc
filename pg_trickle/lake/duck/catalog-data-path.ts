// Where the catalog says that the lake's files are. An engine that looks elsewhere would find none of them, and one that is
// attached when the catalog is changed would go on writing to the old place. The extension says the same in SQL
// (sql/lake/catalog.sql), for an engine that is down.
import { LakeError, SQL_STATE } from "../errors.ts";
import { text } from "../planner/quoting.ts";

const MISMATCH = /DATA_PATH parameter "(.*?)" does not match existing data path in the catalog "(.*?)"\./s;

export function asDirectory(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

export interface DataPaths {
  readonly ofCatalog: string;
  readonly ofEngine: string;
  readonly metadataSchema: string;
}

/** For a catalog whose files are elsewhere. */
export function dataPathError({ ofCatalog, ofEngine, metadataSchema }: DataPaths, cause?: unknown): LakeError {
  const own = asDirectory(ofEngine);
  const wayOut = `Set LAKE_DATA_PATH (in the chart pgTrickle.lake.s3.bucket and .prefix) to the catalog's. Or, if the files were moved, stop all clients and run in PostgreSQL: update ${metadataSchema}.ducklake_metadata set value = ${text(own)} where key = 'data_path';`;
  const problem = `the lake's catalog has the data path ${ofCatalog}, and the lake engine is set to ${own}`;
  return new LakeError(SQL_STATE.connectionFailure, `${problem}. ${wayOut}`, { cause });
}

/** DuckLake's own refusal to attach, whose advice would leave the files where they are; or null. */
export function readDataPathMismatch(error: unknown, metadataSchema: string): LakeError | null {
  const [, ofEngine, ofCatalog] = MISMATCH.exec(error instanceof Error ? error.message : "") ?? [];
  if (ofEngine === undefined || ofCatalog === undefined) return null;
  return dataPathError({ ofCatalog, ofEngine, metadataSchema }, error);
}
