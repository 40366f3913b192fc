// Which table is scrubbed when: its interval, the budget, what failed and what is paused. Times are those recorded, never a clock's.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSummary, insertEvents } from "../../test/support/summary-table.ts";
import { useScrubs } from "./testing/scrubs.ts";

const { pool, rows, loseRows, scrub, scrubbed, set } = useScrubs();

const SECOND_QUERY = "select count(*) as n from lake.events";

const begin = async () =>
  (await rows<{ id: string; table_name: string }>("select id, table_name from pgtrickle.scrub_due()"))[0];
const work = async (id: string) =>
  (await rows<{ kind: string | null; summary: string | null }>("select * from pgtrickle.scheduled_scrub($1)", [id]))[0];
const fail = (id: string, durationMs: number, sqlState: string, message: string) =>
  rows("select pgtrickle.record_scrub_failure($1, $2, $3, $4)", [id, durationMs, sqlState, message]);
const heal = () => rows("delete from pgtrickle_internal.lake_health");

/** Seconds between the last attempt and the next, as the view tells. */
async function waitSeconds(from: "begun_at" | "ended_at"): Promise<number> {
  const [found] = await rows<{ wait: number }>(
    `select extract(epoch from t.next_scrub_at - c.${from})::float as wait
     from pgtrickle.pgt_stream_tables t join pgtrickle_internal.scrubs c on c.stream_table_id = t.pgt_id
     where t.pgt_name = 'event_summary'`,
  );
  return found?.wait ?? Number.NaN;
}

beforeAll(() => insertEvents(pool(), "click", 10));

beforeEach(async () => {
  await rows("delete from pgtrickle_internal.holds");
  await rows("select pgtrickle.drop_stream_table(pgt_name) from pgtrickle.pgt_stream_tables");
  await createSummary(pool());
});

describe("a table is due", () => {
  test("an interval after it was made, and then after its last scrub", async () => {
    expect(await begin()).toBeUndefined();
    await rows("update pgtrickle_internal.stream_tables set created_at = created_at - interval '1 hour'");
    const due = await begin();
    expect(due?.table_name).toBe("public.event_summary");
    expect(await work(due?.id ?? "")).toMatchObject({ kind: null, summary: expect.stringContaining("as the query") });
    expect(await begin()).toBeUndefined();
    expect(await waitSeconds("begun_at")).toBeCloseTo(3600, 3);
  });

  test("if it was found right longer ago than the others", async () => {
    await rows("select pgtrickle.create_stream_table('second', $1, '1h')", [SECOND_QUERY]);
    await set("scrub_interval_ms", 0);
    await set("scrub_budget_percent", 100);
    const order: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const due = await begin();
      order.push(due?.table_name);
      await work(due?.id ?? "");
    }
    expect(order).toEqual(["public.event_summary", "public.second", "public.event_summary", "public.second"]);
  });

  test.each([
    ["paused", "select pgtrickle.pause_scheduler(array['event_summary'])"],
    ["without a schedule", "update pgtrickle_internal.stream_tables set schedule = null"],
    ["never, with a budget of 0", "insert into pgtrickle_internal.settings values ('scrub_budget_percent', 0)"],
  ])("not while it is %s", async (_name, statement) => {
    await set("scrub_interval_ms", 0);
    await rows(statement);
    expect(await begin()).toBeUndefined();
    expect(await scrubbed()).toMatchObject({ next_scrub_at: null });
  });

  test("not while the lake is known to be gone, nor in a restored database", async () => {
    await set("scrub_interval_ms", 0);
    await rows("select pgtrickle.record_lake_failure('08006', 'gone')");
    expect(await begin()).toBeUndefined();
    await heal();
    await rows("update pgtrickle_internal.installation set database_oid = 0");
    expect(await begin()).toBeUndefined();
    await rows(
      "update pgtrickle_internal.installation set database_oid = (select oid from pg_database where datname = current_database())",
    );
    expect(await begin()).toBeDefined();
  });

  test("and paused meanwhile: nothing is done, and nothing failed", async () => {
    await set("scrub_interval_ms", 0);
    const due = await begin();
    await loseRows("click", 1);
    await rows("select pgtrickle.pause_scheduler(array['event_summary'])");
    expect(await work(due?.id ?? "")).toEqual({ kind: null, summary: null });
    expect(await scrubbed()).toMatchObject({ last_scrubbed_at: null, drift_count: 0, scrub_error: null });
  });
});

describe("the budget", () => {
  test.each([
    [5, 19_000],
    [50, 1_000],
    [100, 0],
  ])("of %i percent lets %i ms pass after a scrub of a second, and wins over the interval", async (percent, wantMs) => {
    await set("scrub_interval_ms", 0);
    await set("scrub_budget_percent", percent);
    await scrub();
    await rows("update pgtrickle_internal.scrubs set begun_at = ended_at - interval '1 second', duration_ms = 1000");
    expect(await waitSeconds("ended_at")).toBeCloseTo(wantMs / 1000, 3);
    expect((await begin()) === undefined).toBe(wantMs > 0);
  });

  test("counts what another table has used", async () => {
    await rows("select pgtrickle.create_stream_table('second', $1, '1h')", [SECOND_QUERY]);
    await set("scrub_interval_ms", 0);
    await scrub("second");
    await rows("update pgtrickle_internal.scrubs set duration_ms = 3600000");
    expect(await begin()).toBeUndefined();
    await rows("update pgtrickle_internal.scrubs set ended_at = ended_at - interval '20 hours'");
    expect((await begin())?.table_name).toBe("public.event_summary");
  });

  test("is used by a scrub that failed, too", async () => {
    await set("scrub_interval_ms", 0);
    const due = await begin();
    await fail(due?.id ?? "", 60_000, "TR014", "the engine is away");
    expect(await begin()).toBeUndefined();
    expect(await waitSeconds("ended_at")).toBeCloseTo(1140, 3);
  });
});

describe("a scrub that fails", () => {
  test("is told, is no drift, and comes back later and later, at last once an interval", async () => {
    await rows("update pgtrickle_internal.stream_tables set created_at = created_at - interval '1 hour'");
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const due = await begin();
      await fail(due?.id ?? "", 0, "TR014", "the lake engine cannot be reached");
      waits.push(Math.round(await waitSeconds("begun_at")));
      expect(await begin()).toBeUndefined();
      await rows("update pgtrickle_internal.scrubs set begun_at = begun_at - interval '1 hour'");
    }
    expect(waits).toEqual([360, 720, 1440, 2880, 3600, 3600]);
    expect(await scrubbed()).toMatchObject({
      ...{ last_scrubbed_at: null, drift_count: 0, damage_count: 0 },
      scrub_error: "the lake engine cannot be reached",
    });
    const due = await begin();
    await work(due?.id ?? "");
    expect(await scrubbed()).toMatchObject({ last_scrubbed_at: expect.any(Date), scrub_error: null });
  });

  test("because somebody else moved the table is not told, and not tried at once again", async () => {
    await rows("update pgtrickle_internal.stream_tables set created_at = created_at - interval '1 hour'");
    const due = await begin();
    await fail(due?.id ?? "", 5, "TR012", "superseded");
    expect(await scrubbed()).toMatchObject({ scrub_error: null });
    expect(Math.round(await waitSeconds("begun_at"))).toBe(360);
  });

  test("by the end of the server is not the first thing that the next one does, and is told with the next begun", async () => {
    await rows("select pgtrickle.create_stream_table('second', $1, '1h')", [SECOND_QUERY]);
    await rows("update pgtrickle_internal.stream_tables set created_at = created_at - interval '1 hour'");
    expect((await begin())?.table_name).toBe("public.event_summary");
    expect((await begin())?.table_name).toBe("public.second");
    expect(await begin()).toBeUndefined();
    expect((await scrubbed())?.scrub_error).toMatch(/^the scrub of 20.* did not end: scheduler or server went away$/);
  });
});

test("facts for metrics: the age since the last scrub or the creation, none for what is not scrubbed", async () => {
  await rows("select pgtrickle.create_stream_table('second', $1, '1h')", [SECOND_QUERY]);
  await rows("select pgtrickle.pause_scheduler(array['second'])");
  await rows("update pgtrickle_internal.stream_tables set created_at = created_at - interval '5 hours'");
  const facts = await rows("select * from pgtrickle.scrub_facts()");
  expect(facts).toMatchObject([
    { table_name: "public.event_summary", drift_count: "0", damage_count: "0", interval_seconds: 3600 },
    { table_name: "public.second", age_seconds: null },
  ]);
  expect(Math.floor(Number(facts[0]?.["age_seconds"]) / 3600)).toBe(5);
  await scrub();
  const [after] = await rows("select age_seconds < 3600 as is_young from pgtrickle.scrub_facts()");
  expect(after).toEqual({ is_young: true });
});
