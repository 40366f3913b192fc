// What the tests of the extension say to a database with a lake.
import type { Pool } from "pg";
import { beforeAll } from "vitest";
import type { TrickleDatabase } from "../../../stack/database.ts";
import type { DuckdbClient } from "../../../stack/ducklake.ts";

/** Valid inside tests and hooks, as the database is. */
export function useStreamTables(trickle: () => TrickleDatabase) {
  let client: DuckdbClient | undefined;
  beforeAll(async () => {
    client = await trickle().duckdb({ readOnly: false });
  });

  const pool = (): Pool => trickle().pool();
  const sql = (text: string, values: unknown[] = []) => pool().query(text, values);
  const duckdb = (): DuckdbClient => {
    if (!client) throw new Error("the client is made in beforeAll");
    return client;
  };

  async function value<T>(text: string, values: unknown[] = []): Promise<T> {
    const { rows } = await sql(`select (${text}) as value`, values);
    return (rows[0] as { value: T }).value;
  }

  const head = () => value<string>("select max(snapshot_id) from ducklake.ducklake_snapshot").then(Number);

  async function create(name: string, query: string, mode = "DIFFERENTIAL"): Promise<void> {
    await sql("select pgtrickle.create_stream_table('public', $1, $2, null, $3)", [name, query, mode]);
  }

  const lastRefresh = async (name: string) =>
    (
      await sql(
        `select action, strategy, rows_removed::int, rows_added::int, snapshots_read from pgtrickle_internal.refreshes
         where stream_table_id = pgtrickle_internal.resolve($1) order by id desc limit 1`,
        [name],
      )
    ).rows[0];

  /** Makes one strategy so dear that the other one is taken. */
  async function preferStrategy(strategy: "Delta" | "Full"): Promise<void> {
    await sql("delete from pgtrickle_internal.settings");
    const dear = strategy === "Delta" ? "recompute_base_ms" : "delta_base_ms";
    await sql("insert into pgtrickle_internal.settings (name, value) values ($1, 1000000)", [dear]);
  }

  return { pool, sql, duckdb, value, head, create, lastRefresh, preferStrategy };
}
