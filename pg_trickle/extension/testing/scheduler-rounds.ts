// For tests only: what the scheduler does for one table, when the test wants it and in a session of the test's own.
import type { PoolClient } from "pg";
import { afterAll } from "vitest";
import type { TrickleDatabase } from "../../../stack/database.ts";

export interface RoundOutcome {
  readonly status: string;
  /** What is wrong, as `pgt_stream_tables` shows it. */
  readonly error: string | null;
}

export function useSchedulerRounds(trickle: () => TrickleDatabase): (name: string) => Promise<RoundOutcome> {
  let session: PoolClient | undefined;
  afterAll(() => session?.release(true));

  async function scheduler(): Promise<PoolClient> {
    if (session === undefined) {
      session = await trickle().pool().connect();
      await session.query("select pgtrickle.scheduler_start()");
    }
    await session.query("select pgtrickle.check_lake()");
    return session;
  }

  return async (name) => {
    const client = await scheduler();
    const { rows } = await client.query("select pgtrickle_internal.resolve($1) as id", [name]);
    try {
      await client.query("select pgtrickle.scheduled_refresh($1)", [rows[0].id]);
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      await client.query("select pgtrickle.record_failure($1, $2, $3)", [rows[0].id, code, message]);
    }
    const found = await client.query(
      "select status, last_error as error from pgtrickle.pgt_stream_tables where pgt_name = $1",
      [name],
    );
    return found.rows[0];
  };
}
