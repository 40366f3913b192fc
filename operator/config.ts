/** The operator's settings: from the environment, once. */
import { z } from "zod";
import type { LeaseTimes } from "./kube/lease.ts";

const address = z
  .string()
  .regex(/^(\[[^\]]+\]|[^:]*):\d+$/, "must be host:port")
  .default("127.0.0.1:8080");

const seconds = z.coerce.number().min(0.1).max(600);

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
  LEADER_ELECTION: z
    .enum(["true", "false"])
    .default("false")
    .describe("One replica works at a time. Without it there may be only one."),
  LEASE_NAMESPACE: z.string().optional(),
  LEASE_NAME: z.string().default("streamtable-rewind"),
  LEASE_DURATION_SECONDS: seconds.default(15),
  LEASE_RENEW_DEADLINE_SECONDS: seconds.default(10),
  LEASE_RETRY_SECONDS: seconds.default(2),
  PREREQUISITES_SECONDS: seconds
    .default(30)
    .describe("How often the API server is asked whether it still has the kind and gives the rights."),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
});

const checkedSchema = environmentSchema.superRefine((data, context) => {
  const refuse = (key: keyof typeof data, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  if (data.LEADER_ELECTION === "true" && data.LEASE_NAMESPACE === undefined) {
    refuse("LEASE_NAMESPACE", "is needed with LEADER_ELECTION=true");
  }
  if (data.LEASE_RENEW_DEADLINE_SECONDS >= data.LEASE_DURATION_SECONDS) {
    refuse("LEASE_RENEW_DEADLINE_SECONDS", "must be less than LEASE_DURATION_SECONDS");
  }
  if (data.LEASE_RETRY_SECONDS * 2 >= data.LEASE_RENEW_DEADLINE_SECONDS) {
    refuse("LEASE_RETRY_SECONDS", "must be less than half of LEASE_RENEW_DEADLINE_SECONDS");
  }
});

export interface Lease {
  readonly namespace: string;
  readonly name: string;
  readonly times: LeaseTimes;
}

export interface Config {
  readonly namespaces: readonly string[];
  readonly metricsAddress: string;
  /** Who this cluster is in the operation logs; undefined: ask the API server. */
  readonly clusterId: string | undefined;
  readonly concurrency: number;
  readonly shutdownPatienceMs: number;
  readonly instance: string;
  /** undefined: no leader election. */
  readonly lease: Lease | undefined;
  readonly prerequisitesMs: number;
  readonly logLevel: string;
}

/** Lists every setting that is wrong, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const MS = 1000;
/** A standby looks this often: it is what people wait for at a graceful hand-over. */
const STANDBY_MS = 500;

function leaseOf(data: z.infer<typeof environmentSchema>): Lease | undefined {
  if (data.LEADER_ELECTION !== "true" || data.LEASE_NAMESPACE === undefined) return undefined;
  return {
    namespace: data.LEASE_NAMESPACE,
    name: data.LEASE_NAME,
    times: {
      durationMs: data.LEASE_DURATION_SECONDS * MS,
      renewDeadlineMs: data.LEASE_RENEW_DEADLINE_SECONDS * MS,
      renewMs: data.LEASE_RETRY_SECONDS * MS,
      standbyMs: STANDBY_MS,
    },
  };
}

export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = checkedSchema.safeParse(set);
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
    lease: leaseOf(data),
    prerequisitesMs: data.PREREQUISITES_SECONDS * MS,
    logLevel: data.LOG_LEVEL,
  });
}
