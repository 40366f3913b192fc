// The benchmark's data: the lake's table filled by a plain DuckDB, the same rows in a local PostgreSQL table, and the sessions
// that measure, open from the start to the end.

import pg from "pg";
import type { TrickleDatabase } from "../stack/database.ts";
import type { DuckdbClient } from "../stack/ducklake.ts";

const COMMIT_ROWS = 100_000;

/** 5 event types; everything but the id follows from the row's number, so that runs are comparable. */
const ROW_OF = `
  uuid() as event_id,
  list_value('click', 'view', 'purchase', 'signup', 'refund')[1 + (hash(i) % 5)::int] as event_type,
  (hash(i * 7) % 1000)::bigint as value,
  timestamptz '2026-01-01 00:00:00+00' + to_seconds(i) as created_at`;

export const QUERY_AT = (snapshotId: number) =>
  `select event_type, count(*) as event_count, sum(value) as total_value
     from lake.main.events at (version => ${snapshotId}) group by event_type`;

export interface BenchDatabase {
  readonly session: pg.Client;
  readonly duckdb: DuckdbClient;
  readonly database: TrickleDatabase;
  head(): Promise<number>;
  /** One commit of some rows through lake.events. */
  insertThroughLake(rows: number): Promise<void>;
  close(): Promise<void>;
}

export async function openBenchDatabase(database: TrickleDatabase): Promise<BenchDatabase> {
  const session = new pg.Client({ connectionString: database.url });
  await session.connect();
  const duckdb = await database.duckdb({ readOnly: false });
  // As many as the engine has: a peer with one hand tied would flatter us.
  await duckdb.run("set threads = 2");
  return {
    session,
    duckdb,
    database,
    async head() {
      const { rows } = await session.query("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
      return rows[0].head as number;
    },
    async insertThroughLake(rows) {
      await session.query(INSERT_THROUGH_LAKE, [rows]);
    },
    close: () => session.end(),
  };
}

export const INSERT_THROUGH_LAKE = `
  insert into lake.events (event_id, event_type, value, created_at)
  select gen_random_uuid(), (array['click', 'view', 'purchase', 'signup', 'refund'])[1 + i % 5], i % 1000, now()
    from generate_series(1, $1::int) as i`;

/** Grows the lake's table to so many rows, in commits of 10^5. */
export async function fillLake({ duckdb }: BenchDatabase, rows: number): Promise<void> {
  const present = Number((await duckdb.rows("select count(*) as n from lake.main.events"))[0]?.["n"] ?? 0);
  for (let from = present; from < rows; from += COMMIT_ROWS) {
    const to = Math.min(rows, from + COMMIT_ROWS);
    await duckdb.run(`insert into lake.main.events select ${ROW_OF} from range(${from}, ${to}) as r(i)`);
  }
}

/** The same rows in a local table, and a materialized view of the same query over it. */
export async function fillLocal({ session }: BenchDatabase): Promise<void> {
  await session.query("drop schema if exists bench cascade");
  await session.query("create schema bench");
  await session.query("create table bench.events as select * from lake.events");
  await session.query("vacuum analyze bench.events");
  await session.query(
    `create materialized view bench.event_summary as
     select event_type, count(*) as event_count, sum(value) as total_value from bench.events group by event_type`,
  );
}
