/** A stream table t that counts and sums events by type; each test begins with a new one. */
import { beforeEach } from "vitest";
import { insertEvents } from "../../../test/support/summary-table.ts";
import { useTrickle } from "../../../test/support/trickle.ts";
import { useStreamTables } from "./stream-tables.ts";

export const trickle = useTrickle();
export const { pool, sql, value, head, create, lastRefresh, preferStrategy } = useStreamTables(trickle);

export const BY_TYPE = "select event_type, count(*) as n, sum(value) as total from lake.events group by event_type";
export const LARGE =
  "select event_type, count(*) as n, sum(value) as total from lake.events where value > 10 group by event_type";

export const change = (query: string, others = "") =>
  sql(`select pgtrickle.alter_stream_table('t', query => $1${others})`, [query]);
export const rowsOf = async (query = "select * from t order by 1") => (await sql(query)).rows;
export const registry = async () =>
  (
    await sql(
      `select relid::oid, defining_query, refresh_mode, schedule::text, contents_snapshot::int, frontier_snapshot::int as frontier, status
       from pgtrickle.pgt_stream_tables join (select id, frontier_snapshot from pgtrickle_internal.stream_tables) s on s.id = pgt_id
       where pgt_name = 't'`,
    )
  ).rows[0];
export const verified = async () =>
  (
    await sql("select level, ok from unnest(array['engine', 'rows', 'fingerprint']) l, pgtrickle.verify('t', l)")
  ).rows.map(({ level, ok }) => `${level} ${ok}`);
export const RIGHT = ["engine true", "rows true", "fingerprint true"];

/** Everything that the database knows of the table, for "nothing was changed". */
export const everything = async () =>
  JSON.stringify([
    await registry(),
    await rowsOf(),
    await rowsOf("select * from pgtrickle_internal.sources order by 1, 2"),
    await rowsOf("select id::text, action from pgtrickle_internal.refreshes order by 1"),
    await rowsOf(
      "select relname from pg_class where relnamespace in ('pgtrickle_state'::regnamespace, 'pgtrickle_lake'::regnamespace) order by 1",
    ),
  ]);

beforeEach(async () => {
  await sql("delete from pgtrickle_internal.settings; drop view if exists seen; drop table if exists referring");
  const { rows } = await sql("select pgt_schema, pgt_name from pgtrickle.pgt_stream_tables");
  for (const { pgt_name } of rows) {
    await sql("delete from pgtrickle_internal.holds");
    await sql("select pgtrickle.drop_stream_table($1)", [pgt_name]);
  }
  await sql("delete from lake.events");
  await insertEvents(pool(), "click", 2, 5);
  await insertEvents(pool(), "view", 3, 20);
  await create("t", BY_TYPE);
});
