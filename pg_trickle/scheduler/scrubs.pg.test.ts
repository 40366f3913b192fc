// The scheduler as a process scrubs by itself: what drifted is right again, told in its log and in its metrics, and nobody did anything.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StackProcess } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { createSummary, insertEvents, summary } from "../../test/support/summary-table.ts";
import { useScrubs } from "../extension/testing/scrubs.ts";

const SOON = { timeout: 50_000, interval: 50 };
const ROLE = `scrubber_${process.pid}`;
const { trickle, pool, rows, loseRows, force, scrubbed, history } = useScrubs();
let scheduler: StackProcess | undefined;

const logFile = () => join(trickle().dataPath, "../log/scrubs.log");
const logged = () =>
  readFileSync(logFile(), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: number; msg: string; table?: string; kind?: string; url?: string });
/** Between two scrubs: one that is under way would look at half of it, which no refresh ever shows. */
async function betweenScrubs(work: () => Promise<void>): Promise<void> {
  await rows("select pgtrickle.pause_scheduler(array['event_summary'])");
  await work();
  await rows("select pgtrickle.resume_scheduler(array['event_summary'])");
}
const click = async () => Number((await summary(pool())).find(({ event_type }) => event_type === "click")?.event_count);

beforeAll(async () => {
  await rows(`create role ${ROLE} login password 'scheduler' in role pgtrickle_scheduler`);
  await insertEvents(pool(), "click", 10);
  await createSummary(pool(), { schedule: "1h" });
  // Another one is refreshed all the time meanwhile.
  await rows("select pgtrickle.create_stream_table('busy', 'select count(*) as n from lake.events', '100ms')");
  await rows("insert into pgtrickle_internal.settings values ('scrub_interval_ms', 1), ('scrub_budget_percent', 100)");
  const url = new URL(trickle().url);
  url.username = ROLE;
  url.password = "scheduler";
  const env = { METRICS_ADDRESS: "127.0.0.1:0" };
  scheduler = await startScheduler({ databaseUrl: url.href, logFile: logFile(), env });
});

afterAll(async () => {
  await scheduler?.stop();
  await rows(`drop role ${ROLE}`);
});

describe("a scheduler with nobody beside it", () => {
  test("scrubs each table, again and again, and refreshes the others meanwhile", async () => {
    await expect.poll(async () => (await scrubbed())?.last_scrubbed_at, SOON).toBeTruthy();
    await expect.poll(async () => (await scrubbed("busy"))?.last_scrubbed_at, SOON).toBeTruthy();
    await insertEvents(pool(), "view", 1);
    await expect.poll(async () => (await rows("select n::int from busy"))[0], SOON).toEqual({ n: 11 });
    // By its scrub: its schedule is an hour. A refresh that is due later would mend by recomputing what the next tests break.
    await expect.poll(async () => (await summary(pool())).length, SOON).toBe(2);
  });

  test("heals what a delta lost, and tells it at error with the table", async () => {
    await betweenScrubs(() => loseRows("click", 3));
    await rows(
      "insert into pgtrickle_internal.settings values ('scrub_interval_ms', 1), ('scrub_budget_percent', 100)",
    );
    await expect.poll(click, SOON).toBe(10);
    await expect.poll(async () => (await scrubbed())?.drift_count, SOON).toBe(1);
    expect((await history())[0]?.reason).toMatch(/^drift: /);
    await expect
      .poll(() => logged().filter(({ level }) => level === 50), SOON)
      .toMatchObject([{ msg: "a stream table was not its query, and was healed", table: "public.event_summary" }]);
  });

  test("heals what somebody changed by force, and tells it apart", async () => {
    await betweenScrubs(() => force("update public.event_summary set event_count = 1 where event_type = 'click'"));
    await rows(
      "insert into pgtrickle_internal.settings values ('scrub_interval_ms', 1), ('scrub_budget_percent', 100)",
    );
    await expect.poll(click, SOON).toBe(10);
    await expect.poll(async () => (await scrubbed())?.damage_count, SOON).toBe(1);
    expect(await scrubbed()).toMatchObject({ drift_count: 1, scrub_error: null });
  });

  test("has it in its metrics", async () => {
    const url = logged().find((line) => line.url !== undefined)?.url ?? "";
    const text = await (await fetch(url)).text();
    expect(text).toContain('pgtrickle_drift_total{table="public.event_summary",kind="drift"} 1\n');
    expect(text).toContain('pgtrickle_drift_total{table="public.event_summary",kind="damage"} 1\n');
    expect(text).toContain('pgtrickle_drift_total{table="public.busy",kind="drift"} 0\n');
    expect(text).toMatch(/pgtrickle_scrub_age_seconds\{table="public.event_summary"\} [\d.e+-]+\n/);
    expect(text).toMatch(/pgtrickle_last_drift_timestamp_seconds\{table="public.event_summary"\} 1[\d.]+\n/);
  });
});
