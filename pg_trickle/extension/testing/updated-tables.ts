/** What a database has when its extension is updated: stream tables of each kind, holds, rewinds. Made in the same way in any version. */
import { randomUUID } from "node:crypto";
import type { TrickleDatabase } from "../../../stack/database.ts";
import { insertEvents, type Sql } from "../../../test/support/summary-table.ts";

export const QUERIES = {
  active: "select event_type, count(*) as n, sum(value) as total from lake.events group by event_type",
  paused: "select count(*) as n from lake.events",
  rewinding: "select event_type, max(value) as top from lake.events group by event_type",
  left_paused: "select event_id, value from lake.events where value > 10",
  joined:
    "select e.event_type, k.label, count(*) as n from lake.events e join lake.kinds k on k.kind = e.event_type group by 1, 2",
  outgrown: "select kind, count(*) as n from lake.growing group by kind",
} as const;
const FULL = new Set<string>(["rewinding", "left_paused", "joined"]);

export async function rows(sql: Sql, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  return (await sql.query<Record<string, unknown>>(text, values)).rows;
}

/** The same in both versions. */
export async function fill(database: TrickleDatabase): Promise<void> {
  const client = await database.duckdb({ readOnly: false });
  // As in a lake of then: small writes are in tables of the catalog that come into being with them.
  await client.run("call lake.set_option('data_inlining_row_limit', 10)");
  await client.run("create table lake.kinds (kind varchar, label varchar)");
  await client.run("create table lake.growing (kind varchar)");
  await client.run("insert into lake.kinds values ('click', 'Click')");
  await client.run("insert into lake.growing values ('a'), ('b')");
  const pool = database.pool();
  for (const [name, columns] of [
    ["kinds", "kind text, label text"],
    ["growing", "kind text"],
  ]) {
    await pool.query(
      `create foreign table lake.${name} (${columns}) server lake options (schema_name 'main', table_name '${name}')`,
    );
  }
  await insertEvents(pool, "click", 10);
  for (const [name, query] of Object.entries(QUERIES)) {
    await pool.query("select pgtrickle.create_stream_table('public', $1, $2, '1h', $3)", [
      name,
      query,
      FULL.has(name) ? "FULL" : "DIFFERENTIAL",
    ]);
  }
  await pool.query(
    "create foreign table lake.passing (kind text) server lake options (schema_name 'main', table_name 'growing')",
  );
  await pool.query(
    "select pgtrickle.create_stream_table('public', 'orphaned', 'select kind from lake.passing', null, 'FULL')",
  );
  await insertEvents(pool, "view", 3);
}

/** The source of `outgrown` gets a column that the stream table knows nothing of, and that of `orphaned` goes. */
export async function changeSources(database: TrickleDatabase): Promise<void> {
  const client = await database.duckdb({ readOnly: false });
  await client.run("alter table lake.growing add column size bigint");
  await database.pool().query("alter foreign table lake.growing add column size bigint");
  await database.pool().query("drop foreign table lake.passing");
}

async function claim(pool: Sql, table: string): Promise<[string, unknown]> {
  const uid = randomUUID();
  const [row] = await rows(
    pool,
    "select pgtrickle_rewind.claim('cluster', $1, 'default', 'rewind-' || $1, 'key', array[$2]) ->> 'token' as token",
    [uid, table],
  );
  return [uid, row?.["token"]];
}

/** A finished operation, one at work, one that failed and left its table paused; and a person's pause. */
export async function leaveOperations(pool: Sql): Promise<void> {
  const done = await claim(pool, "public.active");
  await pool.query("select pgtrickle_rewind.pause($1, $2)", done);
  await pool.query("select pgtrickle_rewind.release($1, $2, 'Succeeded')", done);
  await pool.query("select pgtrickle_rewind.pause($1, $2)", await claim(pool, "public.rewinding"));
  const held = await claim(pool, "public.left_paused");
  await pool.query("select pgtrickle_rewind.pause($1, $2)", held);
  await pool.query("select pgtrickle_rewind.fail_step($1, $2, 'Rewind', 'TR010', 'not verified')", held);
  await pool.query("select pgtrickle_rewind.abandon($1, $2, 'not verified')", held);
  await pool.query("select pgtrickle.pause_scheduler(array['paused'])");
}
