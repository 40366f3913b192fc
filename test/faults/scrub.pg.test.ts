/** Scrubs beside refreshes, pauses and engines that are away or lie: drift is what the table has wrong, nothing else. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TABLE, useScrubs } from "../../pg_trickle/extension/testing/scrubs.ts";
import { type LyingEngine, startLyingEngine } from "../support/lying-engine.ts";
import { createSummary, failure, insertEvents, summary } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

const { trickle, pool, rows, loseRows, scrub, scrubbed, set, isRight } = useScrubs();
const PROXY_PORT = 5498;

async function isBlocked(pid: number): Promise<boolean> {
  const [found] = await rows<{ blocked: boolean }>("select cardinality(pg_blocking_pids($1)) > 0 as blocked", [pid]);
  return found?.blocked ?? false;
}

beforeEach(async () => {
  await rows("delete from pgtrickle_internal.holds");
  await rows("select pgtrickle.drop_stream_table(pgt_name) from pgtrickle.pgt_stream_tables");
  await rows("delete from lake.events");
  await insertEvents(pool(), "click", 7_411);
  await createSummary(pool());
});

/** A scrub that heals and must wait for a row; `meanwhile` runs then. */
async function whileHealing(meanwhile: () => Promise<unknown>): Promise<{ code: string; message: string }> {
  await loseRows("click", 1);
  const [blocker, worker] = [await pool().connect(), await pool().connect()];
  try {
    const { rows: pids } = await worker.query<{ pid: number }>("select pg_backend_pid() as pid");
    await blocker.query("begin");
    await blocker.query("select from public.event_summary for update");
    const answer = failure(worker.query("select pgtrickle.scrub($1)", [TABLE]));
    await until(() => isBlocked(pids[0]?.pid ?? 0));
    await meanwhile();
    await blocker.query("rollback");
    return await answer;
  } finally {
    blocker.release();
    worker.release();
  }
}

describe("a scrub that heals", () => {
  test("keeps no pause waiting, and publishes nothing after it", async () => {
    let wrong: unknown;
    const { code, message } = await whileHealing(async () => {
      wrong = await summary(pool());
      // While the scrub still waits: that this ends is what is tested.
      await rows("select pgtrickle.pause_scheduler(array['event_summary'])");
    });
    expect({ code, message }).toEqual({
      code: "TR012",
      message: expect.stringContaining("was paused, edited or refreshed"),
    });
    expect(await summary(pool())).toEqual(wrong);
    expect(await scrubbed()).toMatchObject({ drift_count: 0, last_scrubbed_at: null });
  });

  test("beside a refresh that publishes first takes its word back; the next one heals", async () => {
    const { code } = await whileHealing(async () => {
      // What a publication does to the gate.
      await rows("update pgtrickle_internal.stream_tables set generation = generation + 1");
    });
    expect(code).toBe("TR012");
    expect(await scrub()).toContain("drift healed");
    expect(await isRight()).toEqual([true, true, true]);
  });
});

test("scrubs beside refreshes and writers never see drift where there is none", async () => {
  const writes = async () => {
    for (let count = 0; count < 12; count += 1) await insertEvents(pool(), `type ${count % 3}`, 3);
  };
  const refreshes = async () => {
    const codes: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      codes.push(
        await rows("select pgtrickle.refresh($1)", [TABLE]).then(
          () => "",
          (error: { code: string }) => error.code,
        ),
      );
    }
    return codes;
  };
  const scrubs = async () => {
    const codes: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      codes.push(
        await scrub().then(
          () => "",
          (error: { code: string }) => error.code,
        ),
      );
    }
    return codes;
  };
  const [, refreshed, cleaned] = await Promise.all([writes(), refreshes(), scrubs()]);
  expect([...refreshed, ...cleaned].filter((code) => code !== "" && code !== "TR012")).toEqual([]);
  expect(await scrub()).toContain("as the query gives them");
  expect(await scrubbed()).toMatchObject({ drift_count: 0, damage_count: 0 });
});

describe("an engine that lies", () => {
  let engine: LyingEngine;

  beforeEach(async () => {
    const { socketDir, port } = trickle().lake;
    engine = await startLyingEngine(socketDir, port, PROXY_PORT);
    await rows(`alter server lake_engine options (set port '${PROXY_PORT}')`);
  });

  afterEach(async () => {
    await rows(`alter server lake_engine options (set port '${trickle().lake.port}')`);
    await engine.close();
  });

  test("always: PostgreSQL's own answer stops the scrub, and nothing is made wrong", async () => {
    engine.lie("7411", "7412");
    const { code, message, hint } = await failure(scrub());
    engine.beHonest();
    expect({ code, message }).toEqual({
      code: "TR010",
      message: expect.stringMatching(
        /^PostgreSQL and the lake engine do not agree on stream table public\.event_summary at snapshot \d+: 1 rows by the engine, 1 by PostgreSQL$/,
      ),
    });
    expect(hint).toContain("select * from pgtrickle.verify('public.event_summary', 'rows')");
    expect(await isRight()).toEqual([true, true, true]);
    expect(await scrubbed()).toMatchObject({ drift_count: 0 });
  });

  test("about many rows, where only the engine can count, does not get past the second look", async () => {
    await set("scrub_rows_limit", 0);
    engine.lie("7411", "7412", 2);
    const { code, message } = await failure(scrub());
    engine.beHonest();
    expect({ code, message }).toEqual({
      code: "TR010",
      message: expect.stringMatching(/differs from its query at snapshot \d+, and differs again when it is rebuilt/),
    });
    expect(await isRight()).toEqual([true, true, true]);
    expect(await scrubbed()).toMatchObject({ drift_count: 0 });
  });
});

test("an engine that is away: told, and no drift", async () => {
  await set("scrub_interval_ms", 0);
  await trickle().lake.stop();
  const { code, message } = await failure(scrub());
  expect({ code, message }).toEqual({
    code: "TR014",
    message: expect.stringContaining("the lake engine cannot be reached"),
  });
  expect(await scrubbed()).toMatchObject({ drift_count: 0, damage_count: 0, last_scrubbed_at: null });
  await trickle().restartLake();
  expect(await scrub()).toContain("as the query gives them");
});
