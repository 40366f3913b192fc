/** Who may read the past of a stream table. */
import type { PoolClient } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { useHistory } from "./testing/history.ts";

const { pool, rows } = useHistory();

describe("a role that may SELECT the stream table and nothing else", () => {
  const ROLE = `past_reader_${process.pid}`;
  const OUTSIDER = `outsider_${process.pid}`;

  beforeAll(async () => {
    await pool().query(`create role ${ROLE}; create role ${OUTSIDER}; grant select on event_summary to ${ROLE}`);
  });

  afterAll(async () => {
    await pool().query(`drop owned by ${ROLE}, ${OUTSIDER}; drop role ${ROLE}, ${OUTSIDER}`);
  });

  async function as<T>(role: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool().connect();
    try {
      await client.query(`set role ${role}`);
      return await work(client);
    } finally {
      client.release(true);
    }
  }

  const READS = [
    "select * from pgtrickle.at(null::public.event_summary, 2)",
    "select * from pgtrickle.diff(null::public.event_summary, 2)",
    "select * from pgtrickle.verify('event_summary')",
    "select * from pgtrickle.verify('event_summary', 'rows')",
    "select * from pgtrickle.snapshots('event_summary')",
    "select * from pgtrickle.explain('event_summary')",
    "select * from pgtrickle.refresh_history",
  ];

  test.each(READS)("may: %s", async (statement) => {
    expect((await as(ROLE, (client) => client.query(statement))).rows.length).toBeGreaterThan(0);
  });

  test.each(READS.slice(0, -1))("without that SELECT may not: %s", async (statement) => {
    const { code } = await failure(as(OUTSIDER, (client) => client.query(statement)));
    expect(code).toBe("42501");
  });

  test.each([
    "select * from pgtrickle.step('event_summary', -1)",
    "select pgtrickle.plan_rewind(array['event_summary'], 2)",
    "select pgtrickle_internal.finish_moves()",
    "select * from pgtrickle_reading.secret",
    "select * from pgtrickle_reading.verify('event_summary', 'engine', row(10, 'x')::pgtrickle_reading.caller)",
    "select * from pgtrickle_reading.at(null::public.event_summary, 2, row(10, 'x')::pgtrickle_reading.caller)",
  ])("may not: %s", async (statement) => {
    expect((await failure(as(ROLE, (client) => client.query(statement)))).code).toBe("42501");
  });

  test("changes_<oid> shows rows of the lake, so it needs SELECT on the lake table", async () => {
    const [found] = await rows<{ oid: string }>("select 'public.event_summary'::regclass::oid::text as oid");
    const view = `pgtrickle_changes.changes_${found?.oid}`;
    expect((await failure(as(ROLE, (client) => client.query(`select * from ${view}`)))).code).toBe("42501");
    await pool().query(`grant select on ${view} to ${ROLE}`);
    await insertEvents(pool(), "fresh", 1);
    expect((await failure(as(ROLE, (client) => client.query(`select * from ${view}`)))).code).toBe("42501");
    await pool().query(`grant usage on schema lake to ${ROLE}`);
    expect((await as(ROLE, (client) => client.query(`select * from ${view}`))).rows).toEqual([]);
    expect((await rows(`select * from ${view}`)).length).toBeGreaterThan(0);
  });

  test("a superuser's ANALYZE does not lend its rights to somebody's index expression", async () => {
    await pool().query(`create schema trap authorization ${OUTSIDER}`);
    await as(OUTSIDER, async (client) => {
      await client.query("create table trap.bait (a int)");
      await client.query("insert into trap.bait values (1), (2)");
      await client.query(
        `create function trap.peek(int) returns int language plpgsql immutable as $$
         begin if session_user = 'postgres' and pg_catalog.current_setting('trap.armed', true) = 'on' then
           return (select pg_catalog.count(*) from pgtrickle.at(null::public.event_summary, 2)); end if; return 0; end $$`,
      );
      await client.query("create index on trap.bait (trap.peek(a))");
    });
    const client = await pool().connect();
    try {
      await client.query("set trap.armed = 'on'");
      expect((await failure(client.query("analyze trap.bait"))).code).toBe("42501");
    } finally {
      client.release(true);
      await pool().query("drop schema trap cascade");
    }
  });
});
