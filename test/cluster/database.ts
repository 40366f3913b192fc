/** psql in the pod of PostgreSQL, as its superuser. */
import { waitFor } from "../../demo/wait.ts";
import type { Namespace } from "./cluster.ts";

const CHANGE_MS = 90_000;
const CORRUPTED = "CORRUPTED_EVENT";

export interface ClusterDatabase {
  /** Rows as JSON has them. */
  rows<T>(sql: string): Promise<T[]>;
  run(sql: string): Promise<void>;
}

interface Place {
  readonly pod: string;
  readonly container: string;
  readonly database: string;
  /** The superuser. */
  readonly user?: string;
}

export function openDatabase(
  namespace: Namespace,
  { pod, container, database, user = "postgres" }: Place,
): ClusterDatabase {
  // The password is the container's own: it comes into no argument list on this side.
  const psql = `PGPASSWORD="$POSTGRES_PASSWORD" psql --no-psqlrc -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -U ${user} -d ${database}`;
  const execute = (sql: string) => namespace.kubectl(["exec", "-i", pod, "-c", container, "--", "sh", "-c", psql], sql);
  return {
    async rows<T>(sql: string) {
      const text = await execute(`select coalesce(json_agg(q), '[]') from (${sql}) q`);
      return JSON.parse(text) as T[];
    },
    async run(sql) {
      await execute(sql);
    },
  };
}

export interface SummaryRow {
  readonly event_type: string;
  readonly event_count: number;
  readonly total_value: number;
}

export interface TableState {
  readonly status: string;
  readonly snapshot: number | null;
  readonly summary: readonly SummaryRow[];
}

/** The stream table of the example. */
export async function readTable(database: ClusterDatabase): Promise<TableState> {
  const [state] = await database.rows<TableState>(
    `select t.status, t.contents_snapshot as snapshot,
       (select coalesce(json_agg(s order by s.event_type), '[]') from public.event_summary s) as summary
     from pgtrickle.pgt_stream_tables t where t.table_name = 'event_summary'`,
  );
  if (!state) throw new Error("there is no stream table event_summary");
  return state;
}

export function eventCount(state: TableState): number {
  return state.summary.reduce((sum, row) => sum + row.event_count, 0);
}

export function isCorrupt(state: TableState): boolean {
  return state.summary.some((row) => row.event_type === CORRUPTED);
}

/** A database that does not answer at a moment is asked again. */
export function waitForTable(
  database: ClusterDatabase,
  what: string,
  isSo: (state: TableState) => boolean,
): Promise<TableState> {
  const ask = async () => {
    const state = await readTable(database).catch(() => undefined);
    return state && isSo(state) ? state : undefined;
  };
  return waitFor(ask, { what, timeoutMs: CHANGE_MS });
}

/** A thousand bad rows, and the last state of the table before them. */
export async function damage(database: ClusterDatabase): Promise<TableState> {
  const good = await waitForTable(database, "the table is refreshed", ({ status }) => status === "ACTIVE");
  await database.run(
    `insert into lake.events select gen_random_uuid(), '${CORRUPTED}', 999999, now() from generate_series(1, 1000)`,
  );
  await waitForTable(database, "the summary is corrupt", isCorrupt);
  return good;
}
