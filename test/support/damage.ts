/** An incident's data: good rows, a snapshot that is known to be good, then a batch job's damage. Anew for each test. */
import type { Pool } from "pg";
import { createSummary, insertEvents } from "./summary-table.ts";

export const CORRUPTED = "CORRUPTED_EVENT";
export const TABLE = "public.event_summary";

export interface Damage {
  /** The last snapshot without the damage. */
  readonly good: number;
  /** The snapshot of the damage, which the table shows. */
  readonly bad: number;
}

export interface DamageOptions {
  /** How often the scheduler refreshes the table; seldom by default, so that nothing happens but what the test does. */
  readonly schedule?: string;
}

/** What a failed rewind has left must not reach the next test: the table is made anew, and its holds go with it. */
async function dropSummary(pool: Pool): Promise<void> {
  await pool.query("delete from pgtrickle_internal.holds");
  const { rowCount } = await pool.query("select from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'");
  if (rowCount) await pool.query("select pgtrickle.drop_stream_table($1)", [TABLE]);
}

async function contents(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ snapshot: number }>(
    "select contents_snapshot::int as snapshot from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'",
  );
  return rows[0]?.snapshot ?? -1;
}

/** 30 clicks and 10 purchases, then 20 bad rows in one commit. */
export async function damage(pool: Pool, options: DamageOptions = {}): Promise<Damage> {
  await dropSummary(pool);
  await pool.query("delete from lake.events");
  await insertEvents(pool, "click", 30);
  await insertEvents(pool, "purchase", 10, 500);
  await createSummary(pool, options);
  const good = await contents(pool);
  await insertEvents(pool, CORRUPTED, 20, -1);
  await pool.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
  return { good, bad: await contents(pool) };
}
