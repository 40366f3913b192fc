// The scheduler's settings: read once from the environment, checked as a whole, frozen.
import { z } from "zod";

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const milliseconds = z.coerce.number().int().min(1);

const schema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgresql:// URL"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  MAX_REFRESHES: z.coerce.number().int().min(1).max(64).default(4),
  REFRESH_TIMEOUT_MS: milliseconds.default(600_000),
  HEALTH_INTERVAL_MS: milliseconds.default(2_000),
  HEALTH_TIMEOUT_MS: milliseconds.default(3_000),
  MAINTENANCE_INTERVAL_MS: milliseconds.default(600_000),
  METRICS_ADDRESS: z
    .string()
    .regex(/^([^\s:]*|\[[0-9a-f:]+\]):\d{1,5}$/i, "must be host:port, such as 127.0.0.1:9188; :9188 is every address")
    .optional(),
});

export interface Config {
  readonly databaseUrl: string;
  readonly logLevel: string;
  readonly maxRefreshes: number;
  readonly refreshTimeoutMs: number;
  readonly healthIntervalMs: number;
  readonly healthTimeoutMs: number;
  readonly maintenanceIntervalMs: number;
  /** Where /metrics is served; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
}

/** Throws one ConfigError that names every bad key. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigError(`bad configuration: ${problems.join("; ")}`);
  }
  const values = parsed.data;
  return Object.freeze({
    databaseUrl: values.DATABASE_URL,
    logLevel: values.LOG_LEVEL,
    maxRefreshes: values.MAX_REFRESHES,
    refreshTimeoutMs: values.REFRESH_TIMEOUT_MS,
    healthIntervalMs: values.HEALTH_INTERVAL_MS,
    healthTimeoutMs: values.HEALTH_TIMEOUT_MS,
    maintenanceIntervalMs: values.MAINTENANCE_INTERVAL_MS,
    metricsAddress: values.METRICS_ADDRESS,
  });
}
