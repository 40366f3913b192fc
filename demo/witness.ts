// Reads the stream table from PostgreSQL, and what it should be from a plain DuckDB that knows nothing of the engine.

import type { Pool } from "pg";
import type { TrickleDatabase } from "../stack/database.ts";
import type { DuckdbClient } from "../stack/ducklake.ts";
import { CORRUPTED, type Summary, type SummaryRow, toSummary } from "./summary.ts";

export interface TableState {
  /** The snapshot that the rows claim to be of. */
  readonly snapshotId: number;
  readonly status: string;
  readonly summary: Summary;
}

// One statement, so one MVCC snapshot: the rows and what the catalog says of them belong together.
const READ_TABLE = `
  select t.contents_snapshot::int as snapshot_id, t.status,
         (select coalesce(jsonb_agg(jsonb_build_object(
                   'event_type', s.event_type, 'event_count', s.event_count::text, 'total_value', s.total_value::text)), '[]')
            from public.event_summary s) as rows
    from pgtrickle.pgt_stream_tables t
   where t.pgt_schema = 'public' and t.pgt_name = 'event_summary'`;

interface TableRow {
  readonly snapshot_id: number | null;
  readonly status: string;
  readonly rows: readonly SummaryRow[];
}

export interface RepairCommit {
  readonly snapshotId: number;
  readonly message: string;
}

export interface Witness {
  readTable(): Promise<TableState>;
  /** The table's query at a snapshot, by DuckDB. */
  truthAt(snapshotId: number): Promise<Summary>;
  /** All events but the corrupted ones at a snapshot, by DuckDB. */
  cleanEventsAt(snapshotId: number): Promise<bigint>;
  /** The lake's commits that carry the repair marker of this object. */
  repairCommits(uid: string): Promise<readonly RepairCommit[]>;
  pool: Pool;
}

export async function openWitness(database: TrickleDatabase): Promise<Witness> {
  const pool = database.pool();
  const duckdb = await database.duckdb();
  return {
    pool,
    readTable: () => readTable(pool),
    async truthAt(snapshotId) {
      const rows = await duckdb.rows(
        `select event_type, count(*) as event_count, sum(value) as total_value
           from lake.main.events at (version => ${snapshotId}) group by event_type`,
      );
      return toSummary(rows as unknown as SummaryRow[]);
    },
    async cleanEventsAt(snapshotId) {
      const rows = await duckdb.rows(
        // With a predicate, since a bare count(*) is answered from metadata and not from the files.
        `select count(*) as n from lake.main.events at (version => ${snapshotId}) where event_type <> '${CORRUPTED}'`,
      );
      return BigInt(String(rows[0]?.["n"] ?? 0));
    },
    repairCommits: (uid) => repairCommits(duckdb, uid),
  };
}

async function readTable(pool: Pool): Promise<TableState> {
  const { rows } = await pool.query<TableRow>(READ_TABLE);
  const row = rows[0];
  if (row === undefined) {
    throw new Error("there is no stream table public.event_summary");
  }
  return { snapshotId: row.snapshot_id ?? -1, status: row.status, summary: toSummary(row.rows) };
}

async function repairCommits(duckdb: DuckdbClient, uid: string): Promise<RepairCommit[]> {
  const rows = await duckdb.rows(
    `select snapshot_id, commit_message from ducklake_snapshots('lake')
      where commit_extra_info is not null
        and json_extract_string(commit_extra_info, '$.operation') = 'strw/${uid}/repair'`,
  );
  return rows.map((row) => ({ snapshotId: Number(row["snapshot_id"]), message: String(row["commit_message"]) }));
}

export interface Reader {
  /** Every state that differs from the one before it, in order. */
  readonly states: readonly TableState[];
  stop(): Promise<void>;
}

/** An application that reads the table all the time, as fast as it is answered: what it sees is what readers see. */
export function startReader(witness: Witness): Reader {
  const states: TableState[] = [];
  let isRunning = true;
  const reading = (async () => {
    while (isRunning) {
      const state = await witness.readTable();
      const last = states.at(-1);
      if (last === undefined || JSON.stringify(last) !== JSON.stringify(state)) {
        states.push(state);
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  })();
  // A failure shows at stop(), not as an unhandled rejection in between.
  reading.catch(() => undefined);
  return {
    states,
    async stop() {
      isRunning = false;
      await reading;
    },
  };
}
