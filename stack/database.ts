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

const EXAMPLE = fileURLToPath(new URL("../examples/timetravel/", import.meta.url));
const CATALOG_ROLE = "pgtrickle_catalog";
/** Roles belong to the whole cluster: databases that are set up at the same time must agree, and wait for each other. */
const SETUP_LOCK = 7_165_001;

export interface TrickleOptions {
  /** Data files, the engine's socket and logs go below. */
  readonly stateDir: string;
  /** For the engine's socket where `stateDir` is too long a path for one (107 bytes). */
  readonly socketDir?: string;
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
  /** An older version of the extension than the present one. */
  readonly extensionVersion?: string;
  /** False: no engine is started until `restartLake`; nothing that reads or writes the lake works before. */
  readonly engine?: boolean;
  readonly onDropped?: () => void;
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
  /** The engine that runs now, or ran last. */
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
      const { extensionVersion: version } = setup;
      await client.query(`create extension pg_trickle ${version === undefined ? "" : `version '${version}'`} cascade`);
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
  readonly extensionVersion: string | undefined;
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
  const setup: Setup = {
    socketDir: options.socketDir ?? join(options.stateDir, "lake"),
    port: 5433,
    passwords,
    locale: options.locale,
    extensionVersion: options.extensionVersion,
  };
  await prepareDatabase(postgres, name, setup);
  const database = new Trickle(postgres, name, { ...options, setup });
  try {
    if (options.engine !== false) await database.restartLake();
    await runSetup(database.url, options.setupFile);
    return database;
  } catch (error) {
    await database.drop();
    throw error;
  }
}

interface PreparedOptions extends TrickleOptions {
  readonly setup: Setup;
}

/** The sessions and the engine of one database, so that they end before it is dropped. */
class Trickle implements TrickleDatabase {
  readonly name: string;
  readonly url: string;
  readonly dataPath: string;
  readonly attach: AttachOptions;
  readonly #postgres: PostgresAddress;
  readonly #options: PreparedOptions;
  readonly #clients: DuckdbClient[] = [];
  #pool: Pool | undefined;
  #lake: Lake | undefined;

  constructor(postgres: PostgresAddress, name: string, options: PreparedOptions) {
    const { passwords } = options.setup;
    this.name = name;
    this.url = postgresUrl(postgres, name);
    this.dataPath = join(options.stateDir, "data");
    const role = { user: CATALOG_ROLE, password: passwords.catalog };
    this.attach = {
      catalog: { host: "127.0.0.1", port: postgres.port, database: name, ...role },
      dataPath: this.dataPath,
      extensions: options.extensions,
      readOnly: false,
    };
    this.#postgres = postgres;
    this.#options = options;
  }

  get lake(): Lake {
    if (!this.#lake) throw new Error("this database was made without an engine: restartLake() starts one");
    return this.#lake;
  }

  pool(): Pool {
    if (!this.#pool) {
      this.#pool = new Pool({ connectionString: this.url });
      // A session that a test has terminated is reported to whoever uses it next.
      this.#pool.on("error", () => {});
    }
    return this.#pool;
  }

  async duckdb({ readOnly = true }: { readonly readOnly?: boolean } = {}): Promise<DuckdbClient> {
    const client = await openDuckdb({ ...this.attach, readOnly });
    this.#clients.push(client);
    return client;
  }

  async restartLake(env: Readonly<Record<string, string>> = {}): Promise<Lake> {
    await this.#lake?.kill();
    const { setup, stateDir, logDir = join(stateDir, "log"), extensions, lakeInitFile, lakeEnv } = this.#options;
    this.#lake = await startLake({
      catalog: conninfo({ ...this.attach.catalog, host: this.#postgres.socketDir }),
      dataPath: this.dataPath,
      tempDir: join(stateDir, "lake-temp"),
      extensions,
      socketDir: setup.socketDir,
      port: setup.port,
      lakePassword: setup.passwords.lake,
      plansPassword: setup.passwords.plans,
      initFile: lakeInitFile ?? join(EXAMPLE, "lake.sql"),
      logFile: join(logDir, "lake.log"),
      env: { ...lakeEnv, ...env },
    });
    return this.#lake;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.#pool?.end();
    this.#pool = undefined;
    await this.#lake?.stop();
  }

  async drop(): Promise<void> {
    await this.stop();
    await withClient(postgresUrl(this.#postgres, "postgres"), (client) =>
      client.query(`drop database if exists ${quoteIdentifier(this.name)} with (force)`),
    );
    this.#options.onDropped?.();
  }
}
