/** The seed's stream table and the statements that tests play against it. */
import type { ClientBase, Pool } from "pg";

/** A pool or one client: whatever runs a statement. */
export type Sql = Pick<ClientBase, "query"> | Pool;

export interface SummaryRow {
  readonly event_type: string;
  readonly event_count: string;
  readonly total_value: string;
}

const DEFINING_QUERY =
  "SELECT event_type, COUNT(*) AS event_count, SUM(value) AS total_value FROM lake.events GROUP BY event_type";

/** Creates `public.event_summary`; its schedule is long, so that only the test itself refreshes it. */
export async function createSummary(sql: Sql, { schedule = "1h", schema = "public" } = {}): Promise<void> {
  await sql.query("select pgtrickle.create_stream_table($1, 'event_summary', $2, $3, 'DIFFERENTIAL')", [
    schema,
    DEFINING_QUERY,
    schedule,
  ]);
}

/** Inserts `count` events of one type in one transaction, so in one snapshot. */
export async function insertEvents(sql: Sql, type: string | null, count: number, value: number | null = 50) {
  await sql.query(
    `insert into lake.events (event_id, event_type, value, created_at)
     select gen_random_uuid(), $1, $2::bigint, now() from generate_series(1, $3)`,
    [type, value, count],
  );
}

export async function summary(sql: Sql): Promise<SummaryRow[]> {
  const { rows } = await sql.query<SummaryRow>(
    "select event_type, event_count, total_value from event_summary order by event_type",
  );
  return rows;
}

/** The snapshot that the frontier names. */
export async function frontier(sql: Sql, table = "event_summary"): Promise<number> {
  const { rows } = await sql.query<{ snapshot: number }>(
    `select (frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id')::int as snapshot
     from pgtrickle.pgt_stream_tables where pgt_name = $1`,
    [table],
  );
  const [row] = rows;
  if (!row) throw new Error(`no stream table ${table}`);
  return row.snapshot;
}

export async function status(sql: Sql, table = "event_summary"): Promise<string | undefined> {
  const { rows } = await sql.query<{ status: string }>(
    "select status from pgtrickle.pgt_stream_tables where pgt_name = $1",
    [table],
  );
  return rows[0]?.status;
}

/** What a statement fails with; fails itself when the statement does not. */
export async function failure(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; hint: string | undefined; detail: string | undefined }> {
  try {
    await promise;
  } catch (error) {
    const { code, message, hint, detail } = error as Record<string, string | undefined>;
    return { code: code ?? "", message: message ?? "", hint, detail };
  }
  throw new Error("the statement succeeded; an error was expected");
}
