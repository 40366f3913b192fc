// The generator's settings: read once from the environment and the command line, checked, frozen.

import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

// An empty value means the default, as in `BATCH_SIZE= make up` or an unset key of a Deployment.
const wholeNumber = (fallback: number, min: number, max: number) =>
  z.preprocess(
    (value) => (value === "" ? undefined : value),
    z.coerce.number().int().min(min).max(max).default(fallback),
  );

const schema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgresql:// URL"),
  BATCH_SIZE: wholeNumber(50, 1, 100_000),
  INTERVAL_MS: wholeNumber(2000, 0, 3_600_000),
  // Without a seed each run is a new one; it is logged, so that any run can be repeated.
  SEED: z.preprocess(
    (value) => (value === "" ? undefined : value),
    z.string().default(() => randomUUID()),
  ),
  SCENARIO: z.enum(["steady", "corrupted"]).default("steady"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export interface Config {
  readonly databaseUrl: string;
  readonly batchSize: number;
  readonly intervalMs: number;
  readonly seed: string;
  readonly scenario: "steady" | "corrupted";
  readonly logLevel: string;
}

function argumentsAsEnvironment(args: readonly string[]): Record<string, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { scenario: { type: "string" }, seed: { type: "string" } },
    });
    return {
      ...(values.scenario === undefined ? {} : { SCENARIO: values.scenario }),
      ...(values.seed === undefined ? {} : { SEED: values.seed }),
    };
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

export function readConfig(env: Readonly<Record<string, string | undefined>>, args: readonly string[]): Config {
  const parsed = schema.safeParse({ ...env, ...argumentsAsEnvironment(args) });
  if (!parsed.success) {
    // Names and reasons only: a value could be a connection string with a password.
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigError(`invalid configuration: ${problems.join("; ")}`);
  }
  const { data } = parsed;
  return Object.freeze({
    databaseUrl: data.DATABASE_URL,
    batchSize: data.BATCH_SIZE,
    intervalMs: data.INTERVAL_MS,
    seed: data.SEED,
    scenario: data.SCENARIO,
    logLevel: data.LOG_LEVEL,
  });
}
