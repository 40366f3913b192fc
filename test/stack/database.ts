/**
 * A database with pg_trickle in it and a lake engine beside it, as an installation makes them: extension, attach_lake, engine,
 * the lake's tables, the foreign tables. Several may live in one cluster; each has its own engine and data files.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, Pool } from "pg";
import { type AttachOptions, conninfo, type DuckdbClient, openDuckdb } from "./ducklake.ts";
import { type Lake, startLake } from "./lake.ts";
import { type PostgresAddress, postgresUrl } from "./postgres.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/timetravel/", import.meta.url));
const CATALOG_ROLE = "pgtrickle_catalog";
/** Roles belong to the whole cluster: databases that are set up at the same time must agree, and wait for each other. */
const SETUP_LOCK = 7_165_001;

export interface TrickleOptions {
  /** Data files, sockets and logs go below; the path must be short. */
  readonly stateDir: string;
  readonly logDir?: string;
  /** The folder with DuckDB's extensions. */
  readonly extensions: string;
  /** Such as `en_US`: the database sorts by that language's rules. */
  readonly locale?: string | undefined;
  /** DuckDB SQL for the lake; the example's table by default. */
  readonly lakeInitFile?: string;
  /** PostgreSQL SQL run once at the end; `false` for none, only the example's foreign table by default. */
  readonly setupFile?: string | false;
  /** More settings of the engine, by the names that it reads. */
  readonly lakeEnv?: Readonly<Record<string, string>> | undefined;
  readonly passwords?: Partial<Passwords>;
}

interface Passwords {
  readonly lake: string;
  readonly plans: string;
  /** One for the whole cluster. */
  readonly catalog: string;
}

export interface TrickleDatabase {
  readonly name: string;
  /** The superuser's. */
  readonly url: string;
  /** The engine that runs now. */
  readonly lake: Lake;
  readonly dataPath: string;
  /** How a plain DuckDB attaches the lake, as the catalog's owner. */
  readonly attach: AttachOptions;
  /** One pool of superuser sessions, ended by `drop`. */
  pool(): Pool;
  /** A plain DuckDB client on the same catalog: another one than the engine, which knows nothing of it. */
  duckdb(options?: { readonly readOnly?: boolean }): Promise<DuckdbClient>;
  /** Starts the engine again after it was stopped or killed, with other settings if need be. */
  restartLake(env?: Readonly<Record<string, string>>): Promise<Lake>;
  /** Stops the engine and leaves database and files. */
  stop(): Promise<void>;
  drop(): Promise<void>;
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function createStatement(name: string, locale: string | undefined): string {
  const create = `create database ${quoteIdentifier(name)}`;
  if (locale === undefined) return create;
  return `${create} template template0 locale_provider icu icu_locale '${locale.replace(/[^\w-]/g, "").replace("_", "-")}'`;
}

/** Creates the database and what the extension needs in it; the engine may run afterwards. */
async function prepareDatabase(postgres: PostgresAddress, name: string, setup: Setup): Promise<void> {
  await withClient(postgresUrl(postgres, "postgres"), async (maintenance) => {
    await maintenance.query("select pg_advisory_lock($1)", [SETUP_LOCK]);
    await maintenance.query(createStatement(name, setup.locale));
    await withClient(postgresUrl(postgres, name), async (client) => {
      await client.query("create extension pg_trickle cascade");
      await client.query(
        "select pgtrickle.attach_lake(host => $1, port => $2, lake_password => $3, plans_password => $4, catalog_password => $5)",
        [setup.socketDir, setup.port, setup.passwords.lake, setup.passwords.plans, setup.passwords.catalog],
      );
    });
  });
}

interface Setup {
  readonly socketDir: string;
  readonly port: number;
  readonly passwords: Passwords;
  readonly locale: string | undefined;
}

/** The example's first part: schema and foreign table, without a stream table. */
const FOREIGN_TABLE = `
create schema if not exists lake;
create foreign table if not exists lake.events (event_id uuid, event_type text, value bigint, created_at timestamptz)
  server lake options (schema_name 'main', table_name 'events')`;

async function runSetup(url: string, setupFile: string | false | undefined): Promise<void> {
  if (setupFile === false) return;
  const sql = setupFile === undefined ? FOREIGN_TABLE : await readFile(setupFile, "utf8");
  await withClient(url, (client) => client.query(sql));
}

export async function createTrickleDatabase(
  postgres: PostgresAddress,
  name: string,
  options: TrickleOptions,
): Promise<TrickleDatabase> {
  const passwords = { lake: "lake", plans: "plans", catalog: "catalog", ...options.passwords };
  const setup: Setup = { socketDir: join(options.stateDir, "lake"), port: 5433, passwords, locale: options.locale };
  const dataPath = join(options.stateDir, "data");
  const url = postgresUrl(postgres, name);
  const catalog = {
    host: "127.0.0.1",
    port: postgres.port,
    database: name,
    user: CATALOG_ROLE,
    password: passwords.catalog,
  };
  await prepareDatabase(postgres, name, setup);
  const start = (env: Readonly<Record<string, string>> = {}) =>
    startLake({
      ...setup,
      dataPath,
      catalog: conninfo({ ...catalog, host: postgres.socketDir }),
      extensions: options.extensions,
      lakePassword: passwords.lake,
      plansPassword: passwords.plans,
      initFile: options.lakeInitFile ?? join(EXAMPLE, "lake.sql"),
      logFile: join(options.logDir ?? join(options.stateDir, "log"), "lake.log"),
      env: { ...options.lakeEnv, ...env },
    });
  const attach = { catalog, dataPath, extensions: options.extensions, readOnly: false };
  let lake = await start();
  const database = new Opened({ name, url, attach, maintenanceUrl: postgresUrl(postgres, "postgres") });
  await runSetup(url, options.setupFile).catch(async (error: unknown) => {
    await lake.kill();
    throw error;
  });
  return {
    name,
    url,
    dataPath,
    attach,
    get lake() {
      return lake;
    },
    pool: () => database.pool(),
    duckdb: ({ readOnly = true } = {}) => database.duckdb(readOnly),
    async restartLake(env) {
      await lake.kill();
      lake = await start(env);
      return lake;
    },
    async stop() {
      await database.close();
      await lake.stop();
    },
    async drop() {
      await database.close();
      await lake.stop();
      await database.drop();
    },
  };
}

interface OpenedOptions {
  readonly name: string;
  readonly url: string;
  readonly maintenanceUrl: string;
  readonly attach: AttachOptions;
}

/** The sessions that were opened on a database here, so that they can be closed before it is dropped. */
class Opened {
  readonly #options: OpenedOptions;
  readonly #clients: DuckdbClient[] = [];
  #pool: Pool | undefined;

  constructor(options: OpenedOptions) {
    this.#options = options;
  }

  pool(): Pool {
    if (!this.#pool) {
      this.#pool = new Pool({ connectionString: this.#options.url });
      // A session that a test has terminated is reported to whoever uses it next.
      this.#pool.on("error", () => {});
    }
    return this.#pool;
  }

  async duckdb(readOnly: boolean): Promise<DuckdbClient> {
    const client = await openDuckdb({ ...this.#options.attach, readOnly });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.#pool?.end();
    this.#pool = undefined;
  }

  async drop(): Promise<void> {
    const { maintenanceUrl, name } = this.#options;
    await withClient(maintenanceUrl, (client) => client.query(`drop database ${quoteIdentifier(name)} with (force)`));
  }
}
