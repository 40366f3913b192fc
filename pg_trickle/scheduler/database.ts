// The SQL that the scheduler speaks, and nothing more: what is due, refreshing and scrubbing it, what failed, how the lake is.
import { Client, type ClientBase, Pool } from "pg";

const LOCK_TIMEOUT_MS = 10_000;

export interface DueRefresh {
  readonly id: string;
  readonly tableName: string;
}

/** Beside the refreshes: a scrub, and whoever asks for metrics. */
const OTHER_WORKERS = 2;

export interface Scrubbed {
  /** What had to be healed; null: nothing. */
  readonly kind: "drift" | "damage" | null;
  /** null: the table was paused or dropped meanwhile. */
  readonly summary: string | null;
}

export interface ScrubFact {
  readonly tableName: string;
  /** null: it is not scrubbed now. */
  readonly ageSeconds: number | null;
  readonly driftCount: number;
  readonly damageCount: number;
  /** Seconds since 1970; null: never. */
  readonly lastDriftAt: number | null;
  readonly intervalSeconds: number;
}

/** Of what kind it is that keeps all stream tables from being refreshed; null: nothing that is known. */
export type LakeTrouble = "engine" | "version" | null;

/** All that /metrics tells. */
export interface Facts {
  readonly scrubs: readonly ScrubFact[];
  readonly lakeTrouble: LakeTrouble;
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
    max: max + OTHER_WORKERS,
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

/** The table that is to be scrubbed now; that its scrub has begun is noted. */
export async function beginScrub(workers: Pool): Promise<DueRefresh | undefined> {
  const { rows } = await workers.query<{ id: string; table_name: string }>(
    "select id, table_name from pgtrickle.scrub_due()",
  );
  return rows[0] && { id: rows[0].id, tableName: rows[0].table_name };
}

export async function scrub(workers: Pool, id: string): Promise<Scrubbed> {
  const { rows } = await workers.query<Scrubbed>("select kind, summary from pgtrickle.scheduled_scrub($1::bigint)", [
    id,
  ]);
  return rows[0] ?? { kind: null, summary: null };
}

export async function recordScrubFailure(
  workers: Pool,
  id: string,
  failure: { readonly durationMs: number; readonly error: Error },
): Promise<void> {
  await workers.query("select pgtrickle.record_scrub_failure($1::bigint, $2::numeric, $3, $4)", [
    id,
    failure.durationMs,
    sqlStateOf(failure.error) ?? "XX000",
    failure.error.message,
  ]);
}

export async function readFacts(workers: Pool): Promise<Facts> {
  const [scrubs, lakeTrouble] = await Promise.all([readScrubFacts(workers), readLakeTrouble(workers)]);
  return { scrubs, lakeTrouble };
}

async function readLakeTrouble(workers: Pool): Promise<LakeTrouble> {
  const { rows } = await workers.query<{ trouble: LakeTrouble }>("select pgtrickle.lake_trouble() as trouble");
  return rows[0]?.trouble ?? null;
}

async function readScrubFacts(workers: Pool): Promise<ScrubFact[]> {
  const { rows } = await workers.query<ScrubFact>(
    `select table_name as "tableName", age_seconds as "ageSeconds", drift_count::float as "driftCount",
       damage_count::float as "damageCount", last_drift_at as "lastDriftAt", interval_seconds as "intervalSeconds"
     from pgtrickle.scrub_facts()`,
  );
  return rows;
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
