// The bootstrap's settings: read once from the environment, checked as a whole, frozen. Bad ones are all listed at once.
import { isAbsolute } from "node:path";
import { z } from "zod";

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, "must be a name of PostgreSQL");
const path = z.string().refine(isAbsolute, "must be an absolute path");
const secret = z.string().min(1, "is missing");

const schema = z.object({
  // The superuser; the password may come by PGPASSWORD instead.
  ADMIN_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgresql:// URL"),
  DATABASE_NAME: name,
  LAKE_HOST: z.string().min(1, "is missing"),
  LAKE_PORT: z.coerce.number().int().min(1).max(65_535),
  LAKE_SSLMODE: z.enum(["disable", "require", "verify-ca", "verify-full"]).optional(),
  LAKE_SSLROOTCERT: z.string().optional(),
  // As the engine has it: a catalog whose files are elsewhere is told.
  LAKE_DATA_PATH: z.string().optional(),
  LAKE_PASSWORD: secret,
  PLANS_PASSWORD: secret,
  CATALOG_PASSWORD: secret,
  OPERATOR_ROLE: name.default("timetravel_operator"),
  OPERATOR_PASSWORD: secret,
  SCHEDULER_ROLE: name.default("timetravel_scheduler"),
  SCHEDULER_PASSWORD: secret,
  GENERATOR_ROLE: name.default("timetravel_generator"),
  GENERATOR_PASSWORD: secret.optional(),
  SEED_DIR: path.optional(),
  // Folders that only this user may enter, such as the one of the engine's socket.
  PRIVATE_DIRS: z.string().default(""),
  // What DuckDB runs at each start of the engine: this file, preceded by the credentials for S3.
  LAKE_INIT_SOURCE: path.optional(),
  LAKE_INIT_TARGET: path.optional(),
  // Where the keys come from: the two below, or whatever gives this pod's service account some.
  S3_CREDENTIALS: z.enum(["Secret", "ServiceAccount"]).default("Secret"),
  S3_KEY_ID: z.string().optional(),
  S3_SECRET: z.string().optional(),
  S3_SESSION_TOKEN: z.string().optional(),
  S3_ENDPOINT: z
    .string()
    .regex(/^[^/]*$/, "must be host:port, without https://")
    .optional(),
  S3_REGION: z.string().optional(),
  S3_URL_STYLE: z.enum(["path", "vhost"]).optional(),
  S3_USE_SSL: z.enum(["true", "false"]).optional(),
  // The authority that signed the service's certificate, as the engine sees the file.
  S3_CA_FILE: path.optional(),
  WAIT_MS: z.coerce.number().int().min(0).default(300_000),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export interface Login {
  readonly role: string;
  readonly password: string;
  readonly memberOf: string | null;
}

export interface LakeAddress {
  readonly host: string;
  readonly port: number;
  readonly sslMode: string | null;
  readonly sslRootCert: string | null;
  readonly dataPath: string | null;
}

interface S3Keys {
  readonly keyId: string;
  readonly secret: string;
  readonly sessionToken?: string | undefined;
}

export interface S3Settings {
  /** Null: they are asked for when the engine starts, and again when they have expired. */
  readonly keys: S3Keys | null;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly urlStyle?: string | undefined;
  readonly useSsl?: string | undefined;
  readonly caFile?: string | undefined;
}

export interface Config {
  readonly adminUrl: string;
  readonly database: string;
  readonly lake: LakeAddress;
  readonly passwords: { readonly lake: string; readonly plans: string; readonly catalog: string };
  readonly logins: readonly Login[];
  readonly seedDir: string | null;
  readonly privateDirs: readonly string[];
  readonly lakeInit: { readonly source: string; readonly target: string; readonly s3: S3Settings | null } | null;
  readonly waitMs: number;
  readonly logLevel: string;
}

type Environment = z.infer<typeof schema>;

function readLogins(env: Environment): Login[] {
  const logins: Login[] = [
    { role: env.OPERATOR_ROLE, password: env.OPERATOR_PASSWORD, memberOf: "pgtrickle_admin" },
    { role: env.SCHEDULER_ROLE, password: env.SCHEDULER_PASSWORD, memberOf: "pgtrickle_scheduler" },
  ];
  if (env.GENERATOR_PASSWORD)
    logins.push({ role: env.GENERATOR_ROLE, password: env.GENERATOR_PASSWORD, memberOf: null });
  return logins;
}

function readKeys(env: Environment): S3Keys | null {
  const { S3_KEY_ID: keyId, S3_SECRET: secret, S3_SESSION_TOKEN: sessionToken } = env;
  if (!keyId && !secret) return null;
  if (!keyId || !secret) throw new ConfigError("S3_KEY_ID, S3_SECRET: both or neither");
  return { keyId, secret, sessionToken };
}

function readS3(env: Environment): S3Settings | null {
  const keys = readKeys(env);
  const isServiceAccount = env.S3_CREDENTIALS === "ServiceAccount";
  if (keys === null && !isServiceAccount) return null;
  if (keys !== null && isServiceAccount)
    throw new ConfigError("S3_CREDENTIALS: ServiceAccount comes without S3_KEY_ID");
  return {
    keys,
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION,
    urlStyle: env.S3_URL_STYLE,
    useSsl: env.S3_USE_SSL,
    caFile: env.S3_CA_FILE,
  };
}

function readLakeInit(env: Environment): Config["lakeInit"] {
  const { LAKE_INIT_SOURCE: source, LAKE_INIT_TARGET: target } = env;
  if (!source && !target) return null;
  if (!source || !target) throw new ConfigError("LAKE_INIT_SOURCE, LAKE_INIT_TARGET: both or neither");
  return { source, target, s3: readS3(env) };
}

/** An empty variable counts as one that is not there, as charts leave them behind. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== "")));
  if (!parsed.success) {
    // Names and reasons only: a value could be a password.
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
  }
  const env = parsed.data;
  return Object.freeze({
    adminUrl: env.ADMIN_URL,
    database: env.DATABASE_NAME,
    lake: {
      host: env.LAKE_HOST,
      port: env.LAKE_PORT,
      sslMode: env.LAKE_SSLMODE ?? null,
      sslRootCert: env.LAKE_SSLROOTCERT ?? null,
      dataPath: env.LAKE_DATA_PATH ?? null,
    },
    passwords: { lake: env.LAKE_PASSWORD, plans: env.PLANS_PASSWORD, catalog: env.CATALOG_PASSWORD },
    logins: readLogins(env),
    seedDir: env.SEED_DIR ?? null,
    privateDirs: env.PRIVATE_DIRS.split(",").filter((dir) => dir !== ""),
    lakeInit: readLakeInit(env),
    waitMs: env.WAIT_MS,
    logLevel: env.LOG_LEVEL,
  });
}
