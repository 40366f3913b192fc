/** The operator's settings: from the environment, once. */
import { z } from "zod";

const address = z
  .string()
  .regex(/^(\[[^\]]+\]|[^:]*):\d+$/, "must be host:port")
  .default("127.0.0.1:8080");

const environmentSchema = z.object({
  WATCH_NAMESPACES: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    )
    .describe("Namespaces to watch, separated by commas; empty: all."),
  METRICS_ADDRESS: address,
  CLUSTER_ID: z
    .string()
    .trim()
    .optional()
    .transform((id) => (id === "" ? undefined : id)),
  CONCURRENCY: z.coerce.number().int().min(1).max(100).default(10),
  SHUTDOWN_PATIENCE_MS: z.coerce.number().int().min(0).max(600_000).default(10_000),
  POD_NAME: z.string().optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
});

export interface Config {
  readonly namespaces: readonly string[];
  readonly metricsAddress: string;
  /** Who this cluster is in the journals; undefined: ask the API server. */
  readonly clusterId: string | undefined;
  readonly concurrency: number;
  readonly shutdownPatienceMs: number;
  readonly instance: string;
  readonly logLevel: string;
}

/** Lists every setting that is wrong, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
  }
  const { data } = parsed;
  return Object.freeze({
    namespaces: data.WATCH_NAMESPACES,
    metricsAddress: data.METRICS_ADDRESS,
    clusterId: data.CLUSTER_ID,
    concurrency: data.CONCURRENCY,
    shutdownPatienceMs: data.SHUTDOWN_PATIENCE_MS,
    instance: data.POD_NAME ?? `operator-${process.pid}`,
    logLevel: data.LOG_LEVEL,
  });
}
