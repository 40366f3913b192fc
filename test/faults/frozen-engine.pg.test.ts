/** A lake engine that hangs: pausing does not wait for it, and nothing that it began is published later. */
import { Client } from "pg";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents, status, summary } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";
import { until } from "../support/until.ts";

const trickle = useTrickle({ lakeEnv: { LAKE_MEMORY_LIMIT: "2GB" } });
const clients: Client[] = [];

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: trickle().url });
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** A query whose work is the square of the rows: long enough to be caught in the middle. */
const SLOW_QUERY = "select count(*) as pairs from lake.events a join lake.events b on a.event_type = b.event_type";

beforeAll(async () => {
  const pool = trickle().pool();
  await insertEvents(pool, "click", 200_000);
  await createSummary(pool);
  await pool.query("create schema slow");
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
});

async function startsWaitingForTheEngine(pid: number): Promise<void> {
  await until(async () => {
    const { rows } = await trickle()
      .pool()
      .query("select 1 from pg_stat_activity where pid = $1 and wait_event ilike '%postgresfdw%'", [pid]);
    return rows.length > 0;
  });
}

async function backendPid(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

describe("an engine that is frozen in the middle of a refresh", () => {
  test("pause_scheduler returns while it hangs, the status is PAUSED, and that refresh never publishes", async () => {
    const pool = trickle().pool();
    const before = { rows: await summary(pool), frontier: await frontier(pool) };
    await insertEvents(pool, "purchase", 10, 500);
    const refreshing = await connect();
    const pid = await backendPid(refreshing);
    // The engine is stopped before it can answer the refresh, which therefore waits for it.
    const engine = trickle().lake.enginePid();
    process.kill(engine, "SIGSTOP");
    const refresh = failure(refreshing.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')"));
    await startsWaitingForTheEngine(pid);
    const pausing = await connect();
    await pausing.query("set statement_timeout = '1s'");
    await pausing.query("select pgtrickle.pause_scheduler(array['event_summary'])");
    expect(await status(pausing)).toBe("PAUSED");
    const refused = await refresh;
    expect(refused.code).toMatch(/^(08006|08001|TR012|TR014|57014)$/);
    expect({ rows: await summary(pool), frontier: await frontier(pool) }).toEqual(before);
    await until(
      async () => (await pool.query("select 1 from lake.events limit 1").catch(() => undefined)) !== undefined,
    );
    expect({ rows: await summary(pool), frontier: await frontier(pool) }).toEqual(before);
    await pool.query("select pgtrickle.resume_scheduler(array['event_summary'])");
    await pool.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
    expect(await summary(pool)).toContainEqual({ event_type: "purchase", event_count: "10", total_value: "5000" });
  });

  /** Until it waits for rows: relations that nobody else sees are made when the engine has described the query. */
  async function computesRows(pid: number): Promise<void> {
    await until(async () => {
      const { rows } = await trickle()
        .pool()
        .query(
          `select 1 from pg_locks l where l.pid = $1 and l.locktype = 'relation'
             and not exists (select from pg_class c where c.oid = l.relation) having count(*) > 3`,
          [pid],
        );
      return rows.length > 0;
    });
    await startsWaitingForTheEngine(pid);
  }

  test("nor do readers and a pause wait for a change of the query, of which nothing stays", async () => {
    const pool = trickle().pool();
    const before = { rows: await summary(pool), frontier: await frontier(pool) };
    const changing = await connect();
    const pid = await backendPid(changing);
    const engine = trickle().lake.enginePid();
    const change = failure(
      changing.query(
        `select pgtrickle.alter_stream_table('event_summary', query => $q$${SLOW_QUERY}$q$, mode => 'FULL')`,
      ),
    );
    await computesRows(pid);
    process.kill(engine, "SIGSTOP");
    const other = await connect();
    await other.query("set statement_timeout = '1s'");
    expect(await summary(other)).toEqual(before.rows);
    await other.query("select pgtrickle.pause_scheduler(array['event_summary'])");
    process.kill(engine, "SIGKILL");
    expect(await change).toMatchObject({
      code: "TR014",
      message: expect.stringContaining("the lake engine cannot be reached"),
      hint: "Nothing was changed: the stream table has the query and the rows that it had. Start the engine and try again.",
    });
    expect({ rows: await summary(pool), frontier: await frontier(pool) }).toEqual(before);
    await until(
      async () => (await pool.query("select 1 from lake.events limit 1").catch(() => undefined)) !== undefined,
    );
    await pool.query("select pgtrickle.resume_scheduler(array['event_summary'])");
  });

  test("a refresh that the engine answers after the pause has returned is superseded", async () => {
    const pool = trickle().pool();
    await insertEvents(pool, "view", 10);
    const before = await frontier(pool);
    const refreshing = await connect();
    const pid = await backendPid(refreshing);
    const engine = trickle().lake.enginePid();
    process.kill(engine, "SIGSTOP");
    const refresh = failure(refreshing.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')"));
    await startsWaitingForTheEngine(pid);
    await pool.query("select pgtrickle.pause_scheduler(array['event_summary'])");
    // Well before the watchdog's patience ends: the engine answers as if nothing had happened.
    process.kill(engine, "SIGCONT");
    const refused = await refresh;
    expect(refused).toMatchObject({ code: "TR012" });
    expect(refused.hint).toBeTruthy();
    expect(await frontier(pool)).toBe(before);
    await pool.query("select pgtrickle.resume_scheduler(array['event_summary'])");
  });
});

describe("statement_timeout", () => {
  /** Every function that may call the engine, with arguments that make it do so. */
  const CALLS = [
    "select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')",
    "select pgtrickle.refresh('event_summary', 'FULL')",
    "select pgtrickle.reinitialize('event_summary')",
    "select * from pgtrickle.verify('event_summary')",
    "select * from pgtrickle.verify('event_summary', 'rows')",
    "select * from pgtrickle.at(null::public.event_summary, (select max(snapshot_id) from ducklake.ducklake_snapshot))",
    "select * from pgtrickle.diff(null::public.event_summary, (select max(snapshot_id) from ducklake.ducklake_snapshot))",
    `select pgtrickle.create_stream_table('slow', 'pairs', $q$${SLOW_QUERY}$q$, '1h', 'FULL')`,
    `select pgtrickle.alter_stream_table('event_summary', query => $q$${SLOW_QUERY}$q$, mode => 'FULL')`,
  ];

  test.each(CALLS)("ends %s while the engine is frozen, and the session goes on", async (call) => {
    const client = await connect();
    await client.query("set statement_timeout = '1s'");
    const engine = trickle().lake.enginePid();
    process.kill(engine, "SIGSTOP");
    const { code } = await failure(client.query(call));
    process.kill(engine, "SIGCONT");
    // 57014 at the timeout; the watchdog's kill, if it comes first, ends the call with a lost connection.
    expect(code).toMatch(/^(57014|08006|08001|TR014)$/);
    const { rows } = await client.query("select 1 as one");
    expect(rows).toEqual([{ one: 1 }]);
    await until(
      async () => (await client.query("select 1 from lake.events limit 1").catch(() => undefined)) !== undefined,
    );
  });

  test("ends a long query in the middle, and the session goes on", async () => {
    const client = await connect();
    await client.query("set statement_timeout = '1s'");
    const call = `select pgtrickle.create_stream_table('slow', 'pairs', $q$${SLOW_QUERY}$q$, '1h', 'FULL')`;
    const { code } = await failure(client.query(call));
    expect(code).toBe("57014");
    const { rows } = await client.query("select 1 as one");
    expect(rows).toEqual([{ one: 1 }]);
    expect((await client.query("select from pgtrickle.pgt_stream_tables where pgt_name = 'pairs'")).rowCount).toBe(0);
  });

  test("a pause needs no engine at all", async () => {
    const client = await connect();
    await client.query("set statement_timeout = '1s'");
    const engine = trickle().lake.enginePid();
    process.kill(engine, "SIGSTOP");
    await client.query("select pgtrickle.pause_scheduler(array['event_summary'])");
    expect(await status(client)).toBe("PAUSED");
    await client.query("select pgtrickle.resume_scheduler(array['event_summary'])");
    process.kill(engine, "SIGCONT");
  });
});
