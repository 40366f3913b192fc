/** What an ordinary reader of a stream table may see, and what no text may reach. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSummary, failure, insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();
let reader: Client;
const ROLE = `reader_${process.pid}`;

beforeAll(async () => {
  const pool = trickle().pool();
  await insertEvents(pool, "click", 10);
  await createSummary(pool);
  await pool.query(`create role ${ROLE} login password 'reader'`);
  await pool.query(`grant select on event_summary to ${ROLE}`);
  const url = new URL(trickle().url);
  url.username = ROLE;
  url.password = "reader";
  reader = new Client({ connectionString: url.href });
  await reader.connect();
});

afterAll(async () => {
  await reader.end();
  const pool = trickle().pool();
  await pool.query(`drop owned by ${ROLE}`);
  await pool.query(`drop role ${ROLE}`);
});

describe("a role with SELECT on event_summary only", () => {
  test("reads the table, its past and its state", async () => {
    expect((await reader.query("select * from event_summary")).rowCount).toBe(1);
    expect((await reader.query("select * from pgtrickle.verify('event_summary')")).rows[0]).toMatchObject({ ok: true });
    const { rows } = await reader.query("select pgt_name, status from pgtrickle.pgt_stream_tables");
    expect(rows).toHaveLength(1);
  });

  const FORBIDDEN = [
    "select * from lake.events",
    "select * from pgtrickle_internal.stream_tables",
    "select * from pgtrickle_rewind.operations",
    "select rolpassword from pg_authid",
    "select pgtrickle.pause_scheduler(array['event_summary'])",
    "select pgtrickle.resume_scheduler(array['event_summary'])",
    "select pgtrickle.refresh('event_summary', 'FULL')",
    "select pgtrickle.reinitialize('event_summary')",
    "select * from pgtrickle.rewind(array['event_summary'], 1)",
    "select pgtrickle.drop_stream_table('event_summary')",
    "update pgtrickle.pgt_stream_tables set frontier = '{}'",
    "select pgtrickle.attach_lake(host => '/tmp', port => 1, lake_password => 'x', plans_password => 'x', catalog_password => 'x')",
    "select * from pgtrickle.at(null::pg_catalog.pg_authid, 1)",
    "select * from pgtrickle.diff(null::pg_catalog.pg_authid, 1)",
    "select * from pgtrickle.verify('pg_catalog.pg_authid')",
    "create foreign table pg_temp.steal (plan text) server lake_engine options (schema_name 'engine', table_name 'recompute')",
    "create user mapping for current_user server lake_engine options (user 'plans', password 'plans')",
    "insert into event_summary values ('x', 1, 1)",
    "select pgtrickle.create_stream_table('public', 'mine', 'select event_type, count(*) as n from lake.events group by event_type', '5s', 'DIFFERENTIAL')",
    "select pgtrickle.create_lake_table('mine', 'id integer')",
    "select pgtrickle_rewind.claim('c', 'u', 'n', 'm', 'k', array['event_summary'])",
  ];
  test.each(FORBIDDEN)("is refused: %s", async (statement) => {
    const { code } = await failure(reader.query(statement));
    expect(code).toMatch(/^(42501|TR001|TR013|3F000)$/);
  });
});

describe("no text reaches SQL inside PostgreSQL or the file system through the engine", () => {
  const TEXTS = [
    "select * from postgres_query('__ducklake_metadata_lake', 'select 1')",
    "select * from read_text('/etc/passwd')",
    "select content from read_csv('/etc/passwd')",
    "select * from __ducklake_metadata_lake.ducklake.ducklake_snapshot",
    'select * from "__ducklake_metadata_lake"."ducklake"."ducklake_snapshot"',
    "select event_type, (select count(*) from read_text('/etc/passwd')) as n from lake.events",
    "select getenv('HOME') as home from lake.events",
  ];
  test.each(TEXTS)("create_stream_table refuses %s", async (text) => {
    const { code, message } = await failure(
      trickle().pool().query("select pgtrickle.create_stream_table('public', 'evil', $1, '5s', 'FULL')", [text]),
    );
    expect(code).toMatch(/^(42P01|42883|42601|3F000|TR009|TR016|0A000)$/);
    expect(message).toBeTruthy();
  });

  test("a function of PostgreSQL with the name of a dangerous one does not open the way", async () => {
    const pool = trickle().pool();
    await pool.query(
      "create function public.read_text(text) returns text language sql immutable as 'select null::text'",
    );
    const { code } = await failure(
      pool.query("select pgtrickle.create_stream_table('public', 'evil', $1, '5s', 'FULL')", [
        "select public.read_text('/etc/passwd') as t, count(*) as n from lake.events group by 1",
      ]),
    );
    expect(code).toBe("TR009");
    await pool.query("drop function public.read_text(text)");
  });

  test("an assertion and a repair are SQL of PostgreSQL with the caller's rights", async () => {
    const pool = trickle().pool();
    await pool.query("select pgtrickle.pause_scheduler(array['event_summary'])");
    const { rows } = await pool.query<{ head: number }>(
      "select max(snapshot_id)::int as head from ducklake.ducklake_snapshot",
    );
    for (const sql of [
      "select count(*) > 0 from postgres_query('__ducklake_metadata_lake', 'select 1')",
      "select count(*) > 0 from lake.events where read_text('/etc/passwd') is null and event_type = 'click'",
      "select true; drop table event_summary",
    ]) {
      const { code } = await failure(
        pool.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Full', $2)", [
          rows[0]?.head,
          JSON.stringify([{ name: "evil", sql }]),
        ]),
      );
      expect(code, sql).not.toBe("");
    }
    expect((await pool.query("select * from event_summary")).rowCount).toBe(1);
    await pool.query("select pgtrickle.resume_scheduler(array['event_summary'])");
  });
});
