/**
 * A plain DuckDB with the real DuckLake extension, attached to the same catalog as the engine: the independent witness in tests,
 * and the text with which a person's own DuckDB does the same.
 */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

export interface CatalogAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export interface AttachOptions {
  readonly catalog: CatalogAddress;
  readonly dataPath: string;
  readonly extensions: string;
  readonly readOnly: boolean;
  readonly metadataSchema?: string;
  /** Up to how many rows this client writes into the catalog instead of a file; DuckLake's default is 10. */
  readonly inliningRowLimit?: number;
}

export interface DuckdbClient {
  run(sql: string): Promise<void>;
  /** Rows by column name, each value as DuckDB writes it in JSON: wide integers and decimals are text. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  close(): void;
}

/** A value of libpq's key=value form. */
function conninfoValue(value: string): string {
  return /^[\w./-]+$/.test(value) ? value : `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** As libpq's key=value form. */
export function conninfo({ host, port, database, user, password }: CatalogAddress): string {
  const words = { host, port: String(port), dbname: database, user, password };
  return Object.entries(words)
    .map(([key, value]) => `${key}=${conninfoValue(value)}`)
    .join(" ");
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The statements that load the extensions and attach the lake as `lake`. */
export function attachStatements(options: AttachOptions): string[] {
  const { catalog, dataPath, extensions, readOnly, metadataSchema = "ducklake" } = options;
  const load = (name: string) => `load ${literal(join(extensions, `${name}.duckdb_extension`))}`;
  const settings = [`data_path ${literal(dataPath)}`, `metadata_schema ${literal(metadataSchema)}`];
  if (readOnly) settings.push("read_only");
  if (options.inliningRowLimit !== undefined) settings.push(`data_inlining_row_limit ${options.inliningRowLimit}`);
  return [
    load("postgres_scanner"),
    load("ducklake"),
    // Data files in S3; their keys are a secret of the client's own.
    ...(dataPath.startsWith("s3://") ? [load("httpfs")] : []),
    // Column statistics of today are used for reads of the past, https://github.com/duckdb/ducklake/issues/1377.
    "set disabled_optimizers = 'statistics_propagation'",
    `attach ${literal(`ducklake:postgres:${conninfo(catalog)}`)} as lake (${settings.join(", ")})`,
  ];
}

/** The same as one text for people: `duckdb -c "$DUCKLAKE_ATTACH from lake.events"`. */
export function attachText(options: AttachOptions): string {
  return attachStatements(options)
    .map((statement) => `${statement};`)
    .join(" ");
}

export async function openDuckdb(options: AttachOptions): Promise<DuckdbClient> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "512MB" });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    for (const statement of attachStatements(options)) await connection.run(statement);
  } catch (error) {
    close();
    throw error;
  }
  return {
    async run(sql) {
      await connection.run(sql);
    },
    async rows(sql) {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJson();
    },
    close,
  };
}
