// For tests only: lake tables that other clients write to, each below a stream table with deltas and one without.
import { beforeAll } from "vitest";
import type { useStreamTables } from "./stream-tables.ts";

type Tools = Pick<ReturnType<typeof useStreamTables>, "sql" | "duckdb">;

export const MODES = ["DIFFERENTIAL", "FULL"];

/** Counts and sums of `v` by `k`, as any client of the lake may ask for them. */
export const summaryOf = (table: string): string =>
  `select k, count(*)::integer as n, sum(v)::integer as total from lake.${table} group by k order by k`;

export const streamTableOf = (table: string, mode: string): string => `${table}_${mode.toLowerCase()}`;

export function useFollowedTables({ sql, duckdb }: Tools) {
  // As without an engine: small writes are inlined, and have to be flushed.
  beforeAll(() => duckdb().run("call lake.set_option('data_inlining_row_limit', 10)"));
  return {
    async create(table: string): Promise<void> {
      await duckdb().run(`create table lake.${table} (k varchar, v integer, w integer)`);
      await duckdb().run(`insert into lake.${table} select 'a', i, i from range(30) r (i)`);
      await sql(
        `create foreign table lake.${table} (k text, v integer, w integer) server lake options (schema_name 'main', table_name '${table}')`,
      );
      for (const mode of MODES) {
        const query = `select k, count(*) as n, sum(v) as total from lake.${table} group by k`;
        const name = streamTableOf(table, mode);
        await sql("select pgtrickle.create_stream_table('public', $1, $2, '1h', $3)", [name, query, mode]);
      }
    },

    /** Of a stream table. */
    rows: async (name: string) => (await sql(`select k, n::int, total::int from ${name} order by k`)).rows,

    /** By which ways the one with deltas has come here. */
    async strategies(table: string): Promise<string[]> {
      const { rows } = await sql(
        `select distinct strategy from pgtrickle_internal.refreshes
         where stream_table_id = pgtrickle_internal.resolve($1) and action = 'Scheduled' and outcome = 'Succeeded' order by 1`,
        [streamTableOf(table, "DIFFERENTIAL")],
      );
      return rows.map(({ strategy }) => strategy);
    },
  };
}
