/** An engine that dies while nobody uses it: the status says so by itself, and is good again by itself. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { createSummary, insertEvents, status, summary } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";
import { until } from "../support/until.ts";

const trickle = useTrickle();
const folder = temporaryFolder();
let scheduler: Awaited<ReturnType<typeof startScheduler>> | undefined;

beforeAll(async () => {
  await insertEvents(trickle().pool(), "click", 100);
  await createSummary(trickle().pool(), { schedule: "1s" });
});

afterAll(async () => {
  await scheduler?.stop();
  folder.remove();
});

test("without a scheduler the status is ERROR; with one it is ACTIVE", async () => {
  expect(await status(trickle().pool())).toBe("ERROR");
  scheduler = await startScheduler({ databaseUrl: trickle().url, logFile: join(folder.path, "scheduler.log") });
  await until(async () => (await status(trickle().pool())) === "ACTIVE");
});

test("an engine that is frozen while idle: ERROR by itself, ACTIVE again by itself once the watchdog has replaced it", async () => {
  const engine = trickle().lake.enginePid();
  process.kill(engine, "SIGSTOP");
  await until(async () => (await status(trickle().pool())) === "ERROR");
  const { rows } = await trickle()
    .pool()
    .query<{ last_error: string }>(
      "select last_error from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'",
    );
  expect(rows[0]?.last_error).toMatch(/lake/i);
  await until(async () => (await status(trickle().pool())) === "ACTIVE");
  expect(trickle().lake.enginePid()).not.toBe(engine);
});

test("a killed engine comes back and what was written meanwhile is refreshed", async () => {
  process.kill(trickle().lake.enginePid(), "SIGKILL");
  const pool = trickle().pool();
  await until(
    async () =>
      (await insertEvents(pool, "view", 7).then(
        () => true,
        () => false,
      )) && true,
  );
  await until(async () => (await summary(pool)).some((row) => row.event_type === "view" && row.event_count === "7"));
  await until(async () => (await status(pool)) === "ACTIVE");
});
