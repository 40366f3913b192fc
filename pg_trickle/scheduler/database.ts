// The SQL that the scheduler speaks, and nothing more: what is due, refreshing it, what failed, how the lake is.
import { Client, type ClientBase, Pool } from "pg";

const LOCK_TIMEOUT_MS = 10_000;

export interface DueRefresh {
  readonly id: string;
  readonly tableName: string;
}

export function createCoordinator(databaseUrl: string): Client {
  return new Client({
    connectionString: databaseUrl,
    application_name: "pg_trickle scheduler",
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
  });
}

export function createWorkers(databaseUrl: string, max: number, refreshTimeoutMs: number): Pool {
  return new Pool({
    connectionString: databaseUrl,
    application_name: "pg_trickle refresh",
    max,
    statement_timeout: refreshTimeoutMs,
    // Somebody's open transaction must not keep a refresh waiting with its locks held.
    lock_timeout: LOCK_TIMEOUT_MS,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
  });
}

/** False while another scheduler holds the lock. The lock goes with the session, so a dead scheduler blocks nobody. */
export async function becomeScheduler(client: ClientBase): Promise<boolean> {
  const result = await client.query<{ is_scheduler: boolean }>("select pgtrickle.scheduler_start() as is_scheduler");
  return result.rows[0]?.is_scheduler === true;
}

export async function checkLake(client: ClientBase, timeoutMs: number): Promise<boolean> {
  await client.query("select set_config('statement_timeout', $1, false)", [String(timeoutMs)]);
  try {
    const result = await client.query<{ is_healthy: boolean }>("select pgtrickle.check_lake() as is_healthy");
    return result.rows[0]?.is_healthy === true;
  } catch (error) {
    // An engine that froze in the middle of the call: postgres_fdw refuses to commit over the connection that it cut.
    const sqlState = sqlStateOf(error);
    if (!(error instanceof Error) || sqlState === undefined) throw error;
    await client.query("select pgtrickle.record_lake_failure($1, $2)", [sqlState, error.message]);
    return false;
  }
}

export async function listDue(client: ClientBase): Promise<DueRefresh[]> {
  const result = await client.query<{ id: string; table_name: string }>(
    "select id, table_name from pgtrickle.due_refreshes()",
  );
  return result.rows.map((row) => ({ id: row.id, tableName: row.table_name }));
}

export async function readNextDueMs(client: ClientBase): Promise<number | null> {
  const result = await client.query<{ next_due_ms: number | null }>("select pgtrickle.next_due_ms() as next_due_ms");
  return result.rows[0]?.next_due_ms ?? null;
}

/** What was done, or null if there was nothing to do. */
export async function refresh(workers: Pool, id: string): Promise<string | null> {
  const result = await workers.query<{ summary: string | null }>(
    "select pgtrickle.scheduled_refresh($1::bigint) as summary",
    [id],
  );
  return result.rows[0]?.summary ?? null;
}

/** The wait until the next try, chosen by the database: it survives a restart of the scheduler. */
export async function recordFailure(workers: Pool, id: string, failure: Error): Promise<number | null> {
  const result = await workers.query<{ wait_ms: number | null }>(
    "select pgtrickle.record_failure($1::bigint, $2, $3) as wait_ms",
    [id, sqlStateOf(failure) ?? "XX000", failure.message],
  );
  return result.rows[0]?.wait_ms ?? null;
}

export async function maintain(workers: Pool): Promise<void> {
  await workers.query("select pgtrickle.maintain()");
}

export function sqlStateOf(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code)) {
    return error.code;
  }
  return undefined;
}
