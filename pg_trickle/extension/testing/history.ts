/** A stream table with a history: three refreshes after its creation, the last of them with corrupted events. */
import { Client } from "pg";
import { afterEach, beforeAll, beforeEach } from "vitest";
import { createSummary, frontier, insertEvents } from "../../../test/support/summary-table.ts";
import { useTrickle } from "../../../test/support/trickle.ts";

export interface Moved {
  readonly from_snapshot: string;
  readonly to_snapshot: string;
  readonly strategy: string;
  readonly row_count: string;
  readonly fingerprint: string;
  readonly verified: string;
  readonly reason: string;
  readonly contradiction: object | null;
}

/** For a test file: `public.event_summary`, paused and at its last restore point before every test. */
export function useHistory() {
  const trickle = useTrickle();
  const clients: Client[] = [];
  /** Frontiers after each refresh, oldest first. */
  const restorePoints: number[] = [];

  const pool = () => trickle().pool();

  async function rows<T extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await pool().query<T>(text, values)).rows;
  }

  function rewind(snapshot: number, strategy = "Auto", assertions: unknown[] = [], tables = ["event_summary"]) {
    return rows<Moved>("select * from pgtrickle.rewind($1, $2, $3, $4)", [
      tables,
      snapshot,
      strategy,
      JSON.stringify(assertions),
    ]);
  }

  async function head(): Promise<number> {
    const [row] = await rows<{ head: number }>("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
    return row?.head ?? -1;
  }

  /** The table's query, run by PostgreSQL through a foreign table that is pinned to the snapshot. */
  async function truth(snapshot: number) {
    await pool().query(
      `create foreign table if not exists lake.events_at_${snapshot} (event_type text, value bigint) server lake
       options (schema_name 'main', table_name 'events@${snapshot}')`,
    );
    return rows(
      `select event_type collate "C" as event_type, count(*) as event_count, sum(value) as total_value
       from lake.events_at_${snapshot} group by 1 order by 1`,
    );
  }

  async function corruptRows(statement: string): Promise<void> {
    const client = new Client({ connectionString: trickle().url });
    clients.push(client);
    await client.connect();
    await client.query("set session_replication_role = replica");
    await client.query(statement);
  }

  beforeAll(async () => {
    await insertEvents(pool(), "click", 10);
    await createSummary(pool());
    restorePoints.push(await frontier(pool()));
    for (const type of ["view", "purchase", "CORRUPTED_EVENT"]) {
      await insertEvents(pool(), type, 5);
      await insertEvents(pool(), "click", 2);
      await pool().query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
      restorePoints.push(await frontier(pool()));
    }
  });

  beforeEach(async () => {
    await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
    await rewind(restorePoints.at(-1) ?? 0, "Full");
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
  });

  return { trickle, pool, rows, rewind, head, truth, corruptRows, restorePoints };
}
