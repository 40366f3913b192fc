/** Two sessions that move one stream table at the same time: one publishes, the other says that it came second. */
import type { PoolClient } from "pg";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSummary, failure, insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";
import { until } from "../support/until.ts";

const trickle = useTrickle();
const pool = () => trickle().pool();

async function isBlocked(pid: number): Promise<boolean> {
  const { rows } = await pool().query<{ blocked: boolean }>("select cardinality(pg_blocking_pids($1)) > 0 as blocked", [
    pid,
  ]);
  return rows[0]?.blocked ?? false;
}

/** What the second of two refreshes gets when the first one commits while the second waits for it. */
async function second(statement: string): Promise<{ code: string; message: string }> {
  const [first, other] = [await pool().connect(), await pool().connect()] as [PoolClient, PoolClient];
  try {
    const { rows } = await other.query<{ pid: number }>("select pg_backend_pid() as pid");
    await first.query("begin");
    await first.query(statement);
    const answer = failure(other.query(statement));
    await until(() => isBlocked(rows[0]?.pid ?? 0));
    await first.query("commit");
    return await answer;
  } finally {
    first.release();
    other.release();
  }
}

beforeAll(async () => {
  await insertEvents(pool(), "click", 10);
  await createSummary(pool());
  await pool().query("create schema other");
});

describe.each(["Delta", "Full"])("refreshed by %s", (strategy) => {
  beforeEach(async () => {
    await pool().query("delete from pgtrickle_internal.settings");
    await pool().query("insert into pgtrickle_internal.settings values ($1, 1000000)", [
      strategy === "Delta" ? "recompute_base_ms" : "delta_base_ms",
    ]);
  });
  test.each([
    ["a new group", () => insertEvents(pool(), `new ${strategy}`, 1)],
    ["a changed group", () => insertEvents(pool(), "click", 1)],
    ["a group that goes", () => pool().query("delete from lake.events where event_type = $1", [`new ${strategy}`])],
  ])("the second one is told so: %s", async (_name, change) => {
    await change();
    const { code, message } = await second("select pgtrickle.refresh('event_summary')");
    expect({ code, message }).toEqual({ code: "TR012", message: expect.any(String) });
    const { rows } = await pool().query("select ok from pgtrickle.verify('event_summary')");
    expect(rows).toEqual([{ ok: true }]);
  });
});

describe("maintenance", () => {
  test("that takes long keeps no pause waiting", async () => {
    await createSummary(pool(), { schema: "other" });
    for (const table of ["public.event_summary", "other.event_summary"]) {
      await insertEvents(pool(), "click", 1);
      await pool().query("select pgtrickle.refresh($1)", [table]);
    }
    await pool().query("insert into pgtrickle_internal.settings values ('journal_keep_refreshes', 0)");
    const [maintainer, blocker] = [await pool().connect(), await pool().connect()];
    const { rows } = await maintainer.query<{ pid: number }>("select pg_backend_pid() as pid");
    await blocker.query("begin");
    await blocker.query(
      `do $$ begin execute (select format('lock table %s in share mode', s.layout ->> 'journal')
       from pgtrickle_internal.stream_tables s where s.schema_name = 'other'); end $$`,
    );
    const maintained = maintainer.query("select pgtrickle.maintain()");
    await until(() => isBlocked(rows[0]?.pid ?? 0));
    await pool().query("select pgtrickle.pause_scheduler(array['public.event_summary', 'other.event_summary'])");
    expect(await isBlocked(rows[0]?.pid ?? 0)).toBe(true);
    await blocker.query("rollback");
    await maintained;
    maintainer.release();
    blocker.release();
    expect((await pool().query("select ok from pgtrickle.verify('public.event_summary', 'fingerprint')")).rows).toEqual(
      [{ ok: true }],
    );
  });

  test("keeps what says how the rows are, whatever failed since", async () => {
    await pool().query("insert into pgtrickle_internal.settings values ('history_keep_refreshes', 2)");
    for (let failed = 0; failed < 5; failed += 1) {
      await pool().query(
        "select pgtrickle.record_failure(pgtrickle_internal.resolve('public.event_summary'), 'TR014', 'gone')",
      );
    }
    await pool().query("select pgtrickle.maintain()");
    expect((await pool().query("select ok from pgtrickle.verify('public.event_summary', 'fingerprint')")).rows).toEqual(
      [{ ok: true }],
    );
    const { rows } = await pool().query(
      "select journal_floor from pgtrickle_internal.stream_tables s where exists (select from pgtrickle_internal.refreshes r where r.id = s.journal_floor) and s.schema_name = 'public'",
    );
    expect(rows).toHaveLength(1);
  });
});
