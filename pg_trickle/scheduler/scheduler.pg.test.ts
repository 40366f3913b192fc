// The scheduler as a process, against a real database and lake: it advances, gives up nothing, and ends when asked.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StackProcess } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { createSummary, insertEvents, status, summary } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";

const SOON = { timeout: 50_000, interval: 50 };
const ROLE = `scheduler_${process.pid}`;
const trickle = useTrickle();
const running: StackProcess[] = [];

const pool = () => trickle().pool();
const start = async (name: string) => {
  const logFile = join(trickle().dataPath, `../log/${name}.log`);
  // As in an installation: a role that may do what a scheduler does, and nothing else.
  const url = new URL(trickle().url);
  url.username = ROLE;
  url.password = "scheduler";
  const scheduler = await startScheduler({ databaseUrl: url.href, logFile });
  running.push(scheduler);
  return scheduler;
};
const counted = async () => (await summary(pool())).map((row) => [row.event_type, Number(row.event_count)]);
const schedulerPids = async () =>
  (
    await pool().query<{ pid: number }>(
      "select l.pid from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and l.locktype = 'advisory' and l.objid = 0 and l.granted",
    )
  ).rows.map((row) => row.pid);

beforeAll(async () => {
  await pool().query(`create role ${ROLE} login password 'scheduler' in role pgtrickle_scheduler`);
  await insertEvents(pool(), "click", 1);
  await createSummary(pool(), { schedule: "200ms" });
});

afterAll(async () => {
  for (const scheduler of running) await scheduler.stop();
  await pool().query(`drop role ${ROLE}`);
});

describe("one scheduler", () => {
  test("advances the stream tables on their schedule", async () => {
    await start("first");
    await expect.poll(() => status(pool()), SOON).toBe("ACTIVE");
    await insertEvents(pool(), "click", 4);
    await expect.poll(counted, SOON).toEqual([["click", 5]]);
  });

  test("has its sessions terminated and goes on", async () => {
    const before = await schedulerPids();
    await pool().query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name in ('pg_trickle scheduler', 'pg_trickle refresh')",
    );
    await expect.poll(async () => (await schedulerPids()).filter((pid) => !before.includes(pid)).length, SOON).toBe(1);
    await insertEvents(pool(), "view", 2);
    await expect.poll(counted, SOON).toEqual([
      ["click", 5],
      ["view", 2],
    ]);
  });

  test("records a failing table, tries it less often, and keeps the others going", async () => {
    await pool().query(
      "create foreign table lake.doomed (event_type text) server lake options (schema_name 'main', table_name 'events')",
    );
    await pool().query(
      "select pgtrickle.create_stream_table('orphan', 'select event_type, count(*) as n from lake.doomed group by 1', '100ms')",
    );
    await pool().query("drop foreign table lake.doomed cascade");
    await insertEvents(pool(), "click", 1);
    await expect.poll(() => status(pool(), "orphan"), SOON).toBe("ERROR");
    await expect.poll(counted, SOON).toContainEqual(["click", 6]);
    expect(await status(pool())).toBe("ACTIVE");
    const { rows } = await pool().query(
      "select last_sqlstate, next_due_at > last_failed_at + interval '400 ms' as waits from pgtrickle_internal.stream_tables where table_name = 'orphan'",
    );
    expect(rows).toEqual([{ last_sqlstate: "TR016", waits: true }]);
    await pool().query("select pgtrickle.drop_stream_table('orphan')");
  });

  test("leaves a paused table alone and catches up when it is resumed", async () => {
    await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
    await insertEvents(pool(), "click", 1);
    // Another table that runs meanwhile shows that the scheduler had its turn.
    await pool().query(
      "select pgtrickle.create_stream_table('other', 'select count(*) as n from lake.events', '100ms')",
    );
    await insertEvents(pool(), "click", 1);
    await expect.poll(async () => (await pool().query("select n::int from other")).rows, SOON).toEqual([{ n: 10 }]);
    expect(await counted()).toContainEqual(["click", 6]);
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    await expect.poll(counted, SOON).toContainEqual(["click", 8]);
  });
});

describe("two schedulers", () => {
  test("take turns: the second waits, and follows when the first is gone", async () => {
    const second = await start("second");
    const [first] = running;
    const before = await schedulerPids();
    expect(before).toHaveLength(1);
    await first?.stop();
    expect(await first?.exited).toMatch(/code 0|0/);
    await expect.poll(async () => (await schedulerPids()).filter((pid) => !before.includes(pid)).length, SOON).toBe(1);
    await insertEvents(pool(), "purchase", 1);
    await expect.poll(counted, SOON).toContainEqual(["purchase", 1]);
    expect(second.hasExited()).toBe(false);
  });
});
