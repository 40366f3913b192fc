// The engine's settings: read once from the environment, checked as a whole, frozen. Bad ones are all listed at once.
import { isIP } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const port = z.coerce.number().int().min(1).max(65_535);
const positive = z.coerce.number().int().min(1);
const absolutePath = z.string().regex(/^\//, "must be an absolute path");

const schema = z.object({
  LAKE_CATALOG: z.string().min(1),
  LAKE_METADATA_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/)
    .default("ducklake"),
  LAKE_DATA_PATH: z.string().regex(/^(?:\/|s3:\/\/)/, "must be an absolute directory or s3://…"),
  LAKE_EXTENSIONS: absolutePath,
  LAKE_SOCKET_DIR: absolutePath,
  LAKE_PORT: port,
  LAKE_LISTEN: z
    .string()
    .regex(/^.+:\d+$/, "must be host:port")
    .optional(),
  LAKE_TLS_CERT: absolutePath.optional(),
  LAKE_TLS_KEY: absolutePath.optional(),
  LAKE_PASSWORD: z.string().min(1),
  PLANS_PASSWORD: z.string().min(1),
  LAKE_INIT_FILE: absolutePath.optional(),
  LAKE_MEMORY_LIMIT: z.string().default("1GB"),
  LAKE_THREADS: positive.default(2),
  LAKE_TEMP_DIRECTORY: absolutePath.optional(),
  LAKE_MAX_SESSIONS: positive.default(40),
  LAKE_MAX_RUNNING: positive.default(4),
  LAKE_INLINING_ROW_LIMIT: z.coerce.number().int().min(0).optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export interface Config {
  readonly catalog: string;
  readonly metadataSchema: string;
  readonly dataPath: string;
  readonly extensionsDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly listen: ListenAddress | null;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly passwords: { readonly lake: string; readonly plans: string };
  readonly initFile: string | null;
  readonly memoryLimit: string;
  readonly threads: number;
  readonly tempDirectory: string;
  readonly maxSessions: number;
  readonly maxRunning: number;
  readonly inliningRowLimit: number | null;
  readonly logLevel: string;
}

/** An empty variable counts as one that is not there, as docker compose and charts leave them behind. */
function withoutEmpty(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return Object.fromEntries(entries);
}

export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(withoutEmpty(environment));
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
  }
  const env = parsed.data;
  const listen = env.LAKE_LISTEN === undefined ? null : readListen(env.LAKE_LISTEN);
  const tls = readTls(env.LAKE_TLS_CERT, env.LAKE_TLS_KEY);
  if (listen !== null && tls === null && !isLoopback(listen.host)) {
    throw new ConfigError("LAKE_LISTEN: an address other than loopback needs LAKE_TLS_CERT and LAKE_TLS_KEY");
  }
  return Object.freeze({
    catalog: env.LAKE_CATALOG,
    metadataSchema: env.LAKE_METADATA_SCHEMA,
    dataPath: env.LAKE_DATA_PATH,
    extensionsDirectory: env.LAKE_EXTENSIONS,
    socketDirectory: env.LAKE_SOCKET_DIR,
    port: env.LAKE_PORT,
    listen,
    tls,
    passwords: { lake: env.LAKE_PASSWORD, plans: env.PLANS_PASSWORD },
    initFile: env.LAKE_INIT_FILE ?? null,
    memoryLimit: env.LAKE_MEMORY_LIMIT,
    threads: env.LAKE_THREADS,
    tempDirectory: env.LAKE_TEMP_DIRECTORY ?? join(tmpdir(), `pg_trickle-lake-${env.LAKE_PORT}`),
    maxSessions: env.LAKE_MAX_SESSIONS,
    maxRunning: env.LAKE_MAX_RUNNING,
    inliningRowLimit: env.LAKE_INLINING_ROW_LIMIT ?? null,
    logLevel: env.LOG_LEVEL,
  });
}

function readListen(text: string): ListenAddress {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(at + 1)) };
}

function readTls(certFile: string | undefined, keyFile: string | undefined): Config["tls"] {
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined || keyFile === undefined) {
    throw new ConfigError("LAKE_TLS_CERT, LAKE_TLS_KEY: both or neither");
  }
  return { certFile, keyFile };
}

export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "localhost" || host === "::1";
}

/** Sessions that plans have beyond LAKE_MAX_SESSIONS: refreshes go on when readers have taken every other one. */
export const RESERVED_FOR_PLANS = 8;

/**
 * Threads of the pool that DuckDB calls run on. A call holds its thread until it is back, waits for locks included, so
 * with Node's four a few long queries starve everything: two connections a session, and some for the engine itself.
 */
export function threadPoolSize(config: Config): number {
  return Math.min(1024, (config.maxSessions + RESERVED_FOR_PLANS) * 2 + availableParallelism() + 8);
}
