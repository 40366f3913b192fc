/** Readers see the old rows or the new ones, and never rows of a rewind that failed its checks. */
import { Client } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents, summary } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();
let good: number;

beforeAll(async () => {
  const pool = trickle().pool();
  for (let i = 0; i < 5; i++) await insertEvents(pool, `type ${i}`, 100);
  await createSummary(pool);
  good = await frontier(pool);
  await insertEvents(pool, "CORRUPTED_EVENT", 1000, 999_999);
  await pool.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
  await pool.query("select pgtrickle.pause_scheduler(array['event_summary'])");
});

/** Reads until told to stop; gives the distinct states seen, as text. */
async function watch(done: () => boolean): Promise<Set<string>> {
  const client = new Client({ connectionString: trickle().url });
  await client.connect();
  const seen = new Set<string>();
  try {
    while (!done()) seen.add(JSON.stringify(await summary(client)));
    seen.add(JSON.stringify(await summary(client)));
  } finally {
    await client.end();
  }
  return seen;
}

async function whileWatched(work: () => Promise<unknown>): Promise<Set<string>> {
  let finished = false;
  const watching = watch(() => finished);
  try {
    await work();
  } finally {
    finished = true;
  }
  return watching;
}

describe("readers during a rewind", () => {
  test("see one consistent state: the old rows or the new ones", async () => {
    const pool = trickle().pool();
    const corrupt = JSON.stringify(await summary(pool));
    const seen = await whileWatched(() =>
      pool.query("select * from pgtrickle.rewind(array['event_summary'], $1)", [good]),
    );
    const clean = JSON.stringify(await summary(pool));
    expect(clean).not.toEqual(corrupt);
    for (const state of seen) expect([corrupt, clean]).toContain(state);
    await pool.query(
      "select * from pgtrickle.rewind(array['event_summary'], (select max(snapshot_id) from ducklake.ducklake_snapshot))",
    );
  });

  test("a failed assertion publishes nothing and readers never see the rewound rows", async () => {
    const pool = trickle().pool();
    const corrupt = JSON.stringify(await summary(pool));
    const before = await frontier(pool);
    const assertions = JSON.stringify([{ name: "impossible", sql: "select count(*) = 4711 from event_summary" }]);
    const seen = await whileWatched(async () => {
      const error = await failure(
        pool.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Auto', $2)", [good, assertions]),
      );
      expect(error.code).toBe("TR011");
      expect(error.message).toContain("impossible");
    });
    expect([...seen]).toEqual([corrupt]);
    expect(await frontier(pool)).toBe(before);
  });

  test("an assertion has no side effect", async () => {
    const pool = trickle().pool();
    await pool.query("create table marks (a int)");
    await pool.query(
      "create function leave_mark() returns boolean language sql as 'insert into marks values (1); select true'",
    );
    const assertions = JSON.stringify([{ name: "marks", sql: "select leave_mark()" }]);
    await pool
      .query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Auto', $2)", [good, assertions])
      .catch(() => {});
    expect((await pool.query("select * from marks")).rowCount).toBe(0);
  });

  test("rewinding to the same snapshot at different times and in different ways gives the same rows", async () => {
    const pool = trickle().pool();
    await pool.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Full')", [good]);
    const first = await pool.query("select * from event_summary order by event_type");
    await insertEvents(pool, "view", 20);
    await pool.query("select pgtrickle.resume_scheduler(array['event_summary'])");
    await pool.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
    await pool.query("select pgtrickle.pause_scheduler(array['event_summary'])");
    for (const strategy of ["Journal", "Full", "Auto"]) {
      await pool.query("select * from pgtrickle.rewind(array['event_summary'], $1, $2)", [good, strategy]);
      expect((await pool.query("select * from event_summary order by event_type")).rows, strategy).toEqual(first.rows);
    }
    await pool.query(
      "update pgtrickle.pgt_stream_tables set frontier = jsonb_set(frontier, '{sources,ducklake:lake.events,snapshot_id}', $1::jsonb) where pgt_name = 'event_summary'",
      [String(good)],
    );
    await pool.query("select pgtrickle.refresh('event_summary', 'FULL')");
    expect((await pool.query("select * from event_summary order by event_type")).rows, "by hand").toEqual(first.rows);
  });
});

describe("verify", () => {
  /** Changes rows behind the engine's back, as a disk fault or a superuser would. */
  async function corruptRows(statement: string): Promise<void> {
    const client = new Client({ connectionString: trickle().url });
    await client.connect();
    try {
      await client.query("set session_replication_role = replica");
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  test.each([
    ["one corrupted row", "update event_summary set total_value = total_value + 1 where event_type = 'type 1'"],
    ["one count", "update event_summary set event_count = event_count + 1 where event_type = 'type 2'"],
    ["one NULL key", "update event_summary set event_type = null where event_type = 'type 3'"],
    ["one missing row", "delete from event_summary where event_type = 'type 0'"],
  ])("fails on %s and shows it", async (_name, statement) => {
    const pool = trickle().pool();
    expect((await pool.query("select ok from pgtrickle.verify('event_summary')")).rows).toEqual([{ ok: true }]);
    await corruptRows(statement);
    for (const level of ["engine", "rows"]) {
      const { rows } = await pool.query("select * from pgtrickle.verify('event_summary', $1)", [level]);
      expect(rows[0].ok).toBe(false);
      expect(rows[0].fingerprint).not.toBe(rows[0].expected_fingerprint);
      expect(Number(rows[0].missing_count) + Number(rows[0].unexpected_count)).toBeGreaterThan(0);
    }
    await pool.query("select pgtrickle.refresh('event_summary', 'FULL')");
    expect((await pool.query("select ok from pgtrickle.verify('event_summary')")).rows).toEqual([{ ok: true }]);
  });

  test("fails on one duplicate, which only a dropped index lets in", async () => {
    await corruptRows(
      "drop index event_summary_event_type_idx; insert into event_summary select * from event_summary where event_type = 'type 4'",
    );
    for (const level of ["engine", "rows"]) {
      const { rows } = await trickle().pool().query("select * from pgtrickle.verify('event_summary', $1)", [level]);
      expect(rows[0]).toMatchObject({ ok: false, unexpected_count: "1", missing_count: "0" });
    }
  });
});
