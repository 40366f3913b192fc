// Makes one DuckDB instance with the lake attached and everything locked that must not change afterwards. DuckDB can
// read files, run SQL in PostgreSQL and load code: the locks here are the second line behind the statement gate.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Logger } from "pino";
import { asDirectory, readDataPathMismatch } from "./catalog-data-path.ts";
import { readVersionMismatch } from "./catalog-version.ts";
import { explainInitFailure } from "./init-failure.ts";
import { DEFAULT_INLINING_ROW_LIMIT, storeInliningLimit } from "./inlining-limit.ts";

export interface LakeOptions {
  /** libpq conninfo of the catalog role. */
  readonly catalog: string;
  readonly metadataSchema: string;
  readonly dataPath: string;
  readonly extensionsDirectory: string;
  readonly memoryLimit: string;
  readonly threads: number;
  readonly tempDirectory: string;
  /** For every client of the lake; null: what the catalog says, and DEFAULT_INLINING_ROW_LIMIT if it says nothing. */
  readonly inliningRowLimit: number | null;
  readonly initFile: string | null;
}

/** The catalog inside DuckDB through which DuckLake itself reads PostgreSQL; only this folder may name it. */
export const METADATA_CATALOG = "__ducklake_metadata_lake";
const APPLICATION_NAME = "pg_trickle lake engine";
const TERMINATE_WAIT_MS = 5000;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const PROCESS_ID = randomUUID();

/**
 * Same id for every catalog session of this process, and for no other. The setting lets them through the trigger in which
 * commits of others wait for this engine's turn (session/turn.ts); an option survives the pool's DISCARD ALL. Of two options
 * libpq takes the last, so those that were given are in it.
 */
export function catalogConninfo(catalog: string, processId: string = PROCESS_ID): string {
  const words = catalog.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S*))/g);
  const given = [...words].filter(([, name]) => name === "options").map(([, , quoted, bare]) => `${quoted ?? bare} `);
  const options = `${given.at(-1) ?? ""}-c pgtrickle.turn=mine`;
  return `${catalog} application_name='${APPLICATION_NAME} ${processId}' options='${options}'`;
}

async function loadExtensions(connection: DuckDBConnection, options: LakeOptions): Promise<void> {
  const directory = options.extensionsDirectory;
  for (const name of ["postgres_scanner", "ducklake"]) {
    await connection.run(`load ${literal(join(directory, `${name}.duckdb_extension`))}`);
  }
  const httpfs = join(directory, "httpfs.duckdb_extension");
  if (!existsSync(httpfs)) return;
  await connection.run(`load ${literal(httpfs)}`);
  // A request cannot be interrupted, so these bound what a storage that accepts and never answers can hold up: 30 s for a
  // read, 90 s for a write, where DuckDB's own values make it 2 and 6 minutes. Since 1.5.5 the time is that without a byte,
  // not the whole transfer's. The file that is run at the start may set others.
  for (const setting of ["http_timeout = 10", "http_retries = 2"]) await connection.run(`set global ${setting}`);
  // For keys that come from a service account. It is large, and only S3 has a use for it.
  const aws = join(directory, "aws.duckdb_extension");
  if (options.dataPath.startsWith("s3://") && existsSync(aws)) await connection.run(`load ${literal(aws)}`);
}

async function attach(connection: DuckDBConnection, options: LakeOptions): Promise<void> {
  const target = `ducklake:postgres:${catalogConninfo(options.catalog)}`;
  try {
    await connection.run(
      `attach ${literal(target)} as lake (data_path ${literal(asDirectory(options.dataPath))},
        metadata_schema ${literal(options.metadataSchema)}, data_inlining_row_limit ${options.inliningRowLimit ?? DEFAULT_INLINING_ROW_LIMIT})`,
    );
  } catch (error) {
    throw readVersionMismatch(error) ?? readDataPathMismatch(error, options.metadataSchema) ?? error;
  }
}

/**
 * A killed engine can leave a catalog session behind whose COMMIT is still on its way. It must be over before this engine
 * answers whether an operation's marker is there, so sessions of earlier processes are ended first. Not those of a dead
 * instance in this one: a commit of it is still awaited, with the operation's gate held; and DuckDB, when it gives up a
 * transaction whose catalog session was ended, takes the whole process with it.
 */
async function endEarlierProcesses(connection: DuckDBConnection): Promise<void> {
  const sql = `select pg_terminate_backend(pid, ${TERMINATE_WAIT_MS}) as ended from pg_stat_activity
    where datname = current_database() and usename = current_user and application_name like '${APPLICATION_NAME} %'
      and application_name <> '${APPLICATION_NAME} ${PROCESS_ID}'`;
  await connection.run(`select * from postgres_query(${literal(METADATA_CATALOG)}, ${literal(sql)})`);
}

async function initialise(connection: DuckDBConnection, initFile: string | null): Promise<void> {
  if (initFile === null) return;
  const sql = await readFile(initFile, "utf8");
  try {
    await connection.run(sql);
  } catch (error) {
    // Without its cause, which quotes the SQL.
    throw new Error(explainInitFailure(error instanceof Error ? error.message : String(error), sql));
  }
}

// GLOBAL, because a plain SET reaches only this connection, and the ones that matter come later.
function settings(options: LakeOptions): readonly string[] {
  const directories = [asDirectory(options.dataPath), asDirectory(options.tempDirectory)].map(literal).join(", ");
  return [
    // Reads at old snapshots use today's column statistics otherwise: DuckLake issue 1377.
    "set global disabled_optimizers = 'statistics_propagation'",
    "set global integer_division = true",
    "set global TimeZone = 'UTC'",
    // 3 s in all. DuckLake repeats a refused commit too, wherever one of its words for a conflict stands in the statements.
    "set global ducklake_max_retry_count = 30",
    "set global ducklake_retry_wait_ms = 20",
    "set global ducklake_retry_backoff = 1.1",
    "set global allowed_configs = ['TimeZone']",
    `set global allowed_directories = [${directories}]`,
    "set global enable_external_access = false",
    "set global lock_configuration = true",
  ];
}

export async function createInstance(options: LakeOptions, logger: Pick<Logger, "info">): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threads),
    memory_limit: options.memoryLimit,
    temp_directory: options.tempDirectory,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  await loadExtensions(connection, options);
  await attach(connection, options);
  await endEarlierProcesses(connection);
  await storeInliningLimit(connection, options.inliningRowLimit, logger);
  await initialise(connection, options.initFile);
  for (const setting of settings(options)) await connection.run(setting);
  connection.disconnectSync();
  return instance;
}
