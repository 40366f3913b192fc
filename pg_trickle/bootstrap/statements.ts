// The SQL of the bootstrap. Names and passwords are quoted by PostgreSQL's own format().
import type { ClientBase } from "pg";

/** Runs the statement that format() makes of these. */
async function runFormatted(client: ClientBase, format: string, values: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ statement: string }>("select format($1, variadic $2::text[]) as statement", [
    format,
    values,
  ]);
  await client.query(rows[0]?.statement ?? "");
}

async function isThere(client: ClientBase, question: string, values: readonly string[]): Promise<boolean> {
  const { rowCount } = await client.query(question, [...values]);
  return (rowCount ?? 0) > 0;
}

/** Two bootstraps at once wait for each other; the lock ends with the session. */
export async function lockBootstrap(client: ClientBase): Promise<void> {
  await client.query("select pg_advisory_lock(hashtext('pg_trickle bootstrap'))");
}

export async function isSuperuser(client: ClientBase): Promise<boolean> {
  return isThere(client, "select from pg_roles where rolname = current_user and rolsuper", []);
}

/** True if it was made. */
export async function createDatabase(client: ClientBase, name: string): Promise<boolean> {
  if (await isThere(client, "select from pg_database where datname = $1", [name])) return false;
  await runFormatted(client, "create database %I", [name]);
  return true;
}

export interface Versions {
  readonly installed: string | null;
  readonly available: string | null;
}

export async function extensionVersions(client: ClientBase): Promise<Versions> {
  const { rows } = await client.query<{ installed: string | null; available: string | null }>(
    `select (select extversion from pg_extension where extname = 'pg_trickle') as installed,
            (select default_version from pg_available_extensions where name = 'pg_trickle') as available`,
  );
  return rows[0] ?? { installed: null, available: null };
}

export async function createExtension(client: ClientBase): Promise<void> {
  await client.query("create extension if not exists pg_trickle cascade");
}

export async function updateExtension(client: ClientBase): Promise<void> {
  await client.query("alter extension pg_trickle update");
}

export interface Attachment {
  readonly host: string;
  readonly port: number;
  readonly sslMode: string | null;
  readonly sslRootCert: string | null;
  /** The engine's LAKE_DATA_PATH. */
  readonly dataPath: string | null;
  readonly passwords: { readonly lake: string; readonly plans: string; readonly catalog: string };
}

export async function attachLake(client: ClientBase, to: Attachment): Promise<void> {
  await client.query(
    `select pgtrickle.attach_lake(host => $1, port => $2, lake_password => $3, plans_password => $4,
       catalog_password => $5, sslmode => $6, data_path => $7)`,
    [to.host, to.port, to.passwords.lake, to.passwords.plans, to.passwords.catalog, to.sslMode, to.dataPath],
  );
  for (const server of ["lake", "lake_engine"]) {
    await client.query("select pgtrickle_internal.attach_server($1, $2::text[])", [server, tcpOptions(to.sslRootCert)]);
  }
}

/**
 * An engine's address may vanish without a word, with its pod or its node. Without these PostgreSQL waits two minutes for an
 * answer to its first packet, and two hours for one within a session.
 */
function tcpOptions(sslRootCert: string | null): (string | null)[] {
  const options: Record<string, string | null> = {
    connect_timeout: "10",
    keepalives_idle: "5",
    keepalives_interval: "5",
    keepalives_count: "3",
    tcp_user_timeout: "20000",
    // A path on PostgreSQL's side, or `system`; NULL takes it away.
    sslrootcert: sslRootCert,
  };
  return Object.entries(options).flat();
}

export async function createLogin(client: ClientBase, role: string, password: string): Promise<void> {
  if (!(await isThere(client, "select from pg_roles where rolname = $1", [role]))) {
    await runFormatted(client, "create role %I", [role]);
  }
  await runFormatted(client, "alter role %I with login password %L", [role, password]);
}

export async function grantRole(client: ClientBase, granted: string, role: string): Promise<void> {
  await runFormatted(client, "grant %I to %I", [granted, role]);
}

export async function grantConnect(client: ClientBase, database: string, role: string): Promise<void> {
  await runFormatted(client, "grant connect on database %I to %I", [database, role]);
}

/** Where it is written down which seed files have run, so that each runs once in the life of the database. */
export async function createSeedRecord(client: ClientBase): Promise<void> {
  await client.query("create schema if not exists pgtrickle_bootstrap");
  await client.query(
    `create table if not exists pgtrickle_bootstrap.seeds (
       name text primary key,
       seeded_at timestamptz not null default now()
     )`,
  );
}

export async function readSeeds(client: ClientBase): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>("select name from pgtrickle_bootstrap.seeds");
  return new Set(rows.map((row) => row.name));
}

/** Whether the engine serves: it has created the lake's tables by then, which its catalog alone does not tell. */
export async function lakeAnswers(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ is_healthy: boolean }>("select pgtrickle.check_lake() as is_healthy");
  return rows[0]?.is_healthy === true;
}

/** The file and its record in one transaction: a file that fails in its middle leaves nothing. */
export async function applySeed(client: ClientBase, name: string, sql: string): Promise<void> {
  await client.query("begin");
  try {
    await client.query(sql);
    await client.query("insert into pgtrickle_bootstrap.seeds (name) values ($1)", [name]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}
