/** An engine whose answers are wrong: verification does not take its word. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LyingEngine, startLyingEngine } from "../support/lying-engine.ts";
import { createSummary, failure, frontier, insertEvents, summary } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();
const PROXY_PORT = 5499;
let engine: LyingEngine;

beforeAll(async () => {
  const pool = trickle().pool();
  await insertEvents(pool, "click", 7_411);
  await createSummary(pool);
  const { socketDir, port } = trickle().lake;
  engine = await startLyingEngine(socketDir, port, PROXY_PORT);
  await pool.query(`alter server lake_engine options (set port '${PROXY_PORT}')`);
});

afterAll(async () => {
  await engine.close();
});

const verified = async (level: string) => {
  const { rows } = await trickle().pool().query("select ok from pgtrickle.verify('event_summary', $1)", [level]);
  return rows[0]?.ok;
};

test("through an honest proxy both levels agree", async () => {
  expect([await verified("engine"), await verified("rows")]).toEqual([true, true]);
});

test("an engine that answers differently now than at the refresh is caught at level engine", async () => {
  engine.lie("7411", "7412");
  expect(await verified("engine")).toBe(false);
  engine.beHonest();
  expect(await verified("engine")).toBe(true);
});

test("an engine that always lies is caught at level rows, where PostgreSQL computes the query itself", async () => {
  const pool = trickle().pool();
  engine.lie("7411", "7412");
  await pool.query("select pgtrickle.refresh('event_summary', 'FULL')");
  expect(await summary(pool)).toMatchObject([{ event_count: "7412" }]);
  expect(await verified("rows")).toBe(false);
  engine.beHonest();
  expect(await verified("engine")).toBe(false);
  await pool.query("select pgtrickle.refresh('event_summary', 'FULL')");
  expect(await verified("rows")).toBe(true);
});

test("a rewind that was lied to once publishes nothing; the undo journal needs no engine's word", async () => {
  const pool = trickle().pool();
  const good = await frontier(pool);
  await insertEvents(pool, "view", 3);
  await pool.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
  const before = await summary(pool);
  await pool.query("select pgtrickle.pause_scheduler(array['event_summary'])");
  engine.lie("7411", "7412", 1);
  const error = await failure(pool.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Full')", [good]));
  expect(error.code).toBe("TR010");
  expect(error.message).toContain("event_summary");
  expect(await summary(pool)).toEqual(before);
  engine.lie("7411", "7412");
  await pool.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Journal')", [good]);
  engine.beHonest();
  expect(await summary(pool)).toMatchObject([{ event_type: "click", event_count: "7411" }]);
  expect(await verified("rows")).toBe(true);
});
