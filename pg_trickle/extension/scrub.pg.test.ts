// A stream table that is not its query any more is found by a scrub and healed, whatever made it wrong; one that is right stays as it is.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSummary, failure, insertEvents, summary } from "../../test/support/summary-table.ts";
import { TABLE, useScrubs } from "./testing/scrubs.ts";

const { pool, rows, force, relation, loseRows, scrub, scrubbed, history, set, isRight } = useScrubs();

const counts = async () => (await summary(pool())).map((row) => [row.event_type, Number(row.event_count)]);
const head = async () =>
  (await rows<{ head: number }>("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot"))[0]?.head;
const table = async () =>
  (
    await rows<{ contents: number; generation: string }>(
      "select contents_snapshot::int as contents, generation from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'",
    )
  )[0];

beforeAll(async () => {
  await insertEvents(pool(), "click", 10);
  await insertEvents(pool(), "view", 5);
});

beforeEach(async () => {
  await rows("delete from pgtrickle_internal.holds");
  await rows("select pgtrickle.drop_stream_table(pgt_name) from pgtrickle.pgt_stream_tables");
  await createSummary(pool());
});

describe("a table that is right", () => {
  test("is brought to the newest snapshot, and leaves no row in the history", async () => {
    await insertEvents(pool(), "click", 1);
    const said = await scrub();
    expect(said).toMatch(
      /^public\.event_summary: 2 rows at snapshot \d+, as the query gives them, level rows, \d+ ms$/,
    );
    expect((await table())?.contents).toBe(await head());
    expect(await history()).toEqual([]);
    expect(await scrubbed()).toMatchObject({
      ...{ last_scrubbed_at: expect.any(Date), next_scrub_at: expect.any(Date), last_drift_at: null },
      ...{ drift_count: 0, damage_count: 0, scrub_error: null },
    });
  });

  test("at the newest snapshot is not published again", async () => {
    const before = await table();
    await scrub();
    expect(await table()).toEqual(before);
  });

  test("with more source rows than scrub_rows_limit is compared by the engine only", async () => {
    await set("scrub_rows_limit", 3);
    expect(await scrub()).toContain("level engine");
  });
});

describe("drift: rows that were published and are not the query's", () => {
  test("of a delta that lost rows is healed, counted and told", async () => {
    const right = await counts();
    await scrub();
    await loseRows("view", 2);
    expect(await isRight()).toEqual([false, false, true]);
    expect(await scrub()).toMatch(
      /drift healed: 2 rows at snapshot \d+, the query gives 2; 1 missing, 1 unexpected, 2 different in the hidden state/,
    );
    expect(await counts()).toEqual(right);
    expect(await isRight()).toEqual([true, true, true]);
    const [told] = await history();
    expect(told).toMatchObject({ action: "Scrub", strategy: "Full", rows_removed: "1", rows_added: "1" });
    expect(told?.reason).toMatch(
      /^drift: 2 rows .* the query gives 2; 1 missing, 1 unexpected.*found right for the last time at snapshot \d+, 20/,
    );
    expect(await scrubbed()).toMatchObject({ drift_count: 1, damage_count: 0, last_drift_at: expect.any(Date) });
  });

  test("of the hidden state alone is found before the next delta makes it seen", async () => {
    const state = await relation("base");
    await force(`update ${state} set s1 = s1 + 1000 where k1 = 'view'`);
    // The rows themselves say nothing.
    expect(await isRight()).toEqual([true, true, true]);
    expect(await scrub()).toMatch(/drift healed: .* 0 missing, 0 unexpected, 2 different in the hidden state/);
    await set("recompute_base_ms", 1_000_000);
    await insertEvents(pool(), "view", 1);
    await rows("select pgtrickle.refresh($1)", [TABLE]);
    expect(await isRight()).toEqual([true, true, true]);
  });

  test("is healed at the newest snapshot, the changes since included, and the next scrub finds nothing", async () => {
    await loseRows("click", 1);
    await insertEvents(pool(), "purchase", 4);
    await set("recompute_base_ms", 1_000_000);
    expect(await scrub()).toContain("drift healed");
    expect((await counts()).filter(([type]) => type === "purchase")).toEqual([["purchase", 4]]);
    expect(await scrub()).toContain("as the query gives them");
    expect(await scrubbed()).toMatchObject({ drift_count: 1 });
    await rows("delete from lake.events where event_type = 'purchase'");
  });
});

describe("damage: rows that were never published", () => {
  test.each([
    ["changed", "update public.event_summary set event_count = 99 where event_type = 'click'"],
    ["deleted", "delete from public.event_summary where event_type = 'view'"],
    ["invented", "insert into public.event_summary values ('forged', 1, 1)"],
    [
      "swapped",
      "update public.event_summary set event_type = case event_type when 'click' then 'a view' else 'a click' end",
    ],
  ])("%s rows are healed and told as damage", async (_name, statement) => {
    const right = await counts();
    await force(statement);
    expect(await scrub()).toContain("damage healed");
    expect(await counts()).toEqual(right);
    expect(await isRight()).toEqual([true, true, true]);
    expect(await scrubbed()).toMatchObject({ drift_count: 0, damage_count: 1, last_drift_at: expect.any(Date) });
  });

  test("of a table without hidden state, a multiset, is healed too", async () => {
    await rows(
      "select pgtrickle.create_stream_table('plain', 'select event_type, value from lake.events', '1h', 'FULL')",
    );
    const [{ right } = { right: 0 }] = await rows<{ right: number }>("select count(*)::int as right from plain");
    await force("delete from plain where event_type = 'view'", "insert into plain select * from plain limit 1");
    const found = await scrub("plain");
    expect(found).toMatch(/damage healed: \d+ rows .* \d missing, 1 unexpected/);
    expect(found).toContain(`the query gives ${right};`);
    expect(await rows("select ok from pgtrickle.verify('plain', 'fingerprint')")).toEqual([{ ok: true }]);
    expect(await scrub("plain")).toContain("as the query gives them");
  });

  test("that a delta would stumble over is healed, and the changes arrive", async () => {
    await force(`delete from ${await relation("base")} where k1 = 'view'`);
    await set("recompute_base_ms", 1_000_000);
    await rows("delete from lake.events where event_type = 'view'");
    await insertEvents(pool(), "click", 1);
    expect(await scrub()).toMatch(
      /damage healed: its refresh from snapshot \d+ to \d+ was not possible: recomputed, since the delta failed: .*constraint/,
    );
    expect(await isRight()).toEqual([true, true, true]);
    await insertEvents(pool(), "view", 5);
  });

  test("that a FULL refresh has mended already is not told again", async () => {
    await force(`update ${await relation("base")} set n = n + 7`);
    await rows("select pgtrickle.refresh($1, 'FULL')", [TABLE]);
    expect(await scrub()).toContain("as the query gives them");
    expect(await scrubbed()).toMatchObject({ drift_count: 0, damage_count: 0 });
  });
});

describe("who may not be scrubbed", () => {
  test("a paused table is left alone, and says who holds it", async () => {
    await loseRows("click", 1);
    const wrong = await counts();
    await rows("select pgtrickle.pause_scheduler(array['event_summary'])");
    const { code, message } = await failure(scrub());
    expect({ code, message }).toEqual({
      ...{ code: "TR008", message: "cannot scrub: stream table public.event_summary is paused by person" },
    });
    expect(await counts()).toEqual(wrong);
    expect(await scrubbed()).toMatchObject({ next_scrub_at: null });
  });

  test("somebody without rights is refused", async () => {
    const client = await pool().connect();
    try {
      await client.query("begin");
      await client.query("set local role pg_database_owner");
      expect((await failure(client.query("select pgtrickle.scrub('event_summary')"))).code).toBe("42501");
      await client.query("rollback");
    } finally {
      client.release();
    }
  });
});

test("the operator sees when a table was healed, and what was found", async () => {
  const observed = async () =>
    (
      await rows<{ healed: { at: string; found: string } | null }>(
        "select pgtrickle_rewind.observe_table('uid', 'event_summary') -> 'healed' as healed",
      )
    )[0]?.healed;
  expect(await observed()).toBeNull();
  await loseRows("view", 1);
  await scrub();
  const healed = await observed();
  expect(healed?.found).toMatch(/^drift: 2 rows/);
  expect(new Date(healed?.at ?? "")).toEqual((await scrubbed())?.last_drift_at);
});

test("explain says what is known of the scrubs", async () => {
  await scrub();
  const said = await rows<{ item: string; value: string }>(
    "select item, value from pgtrickle.explain('event_summary') where item like 'scrub%'",
  );
  expect(Object.fromEntries(said.map(({ item, value }) => [item, value]))).toMatchObject({
    ...{ "scrub last": expect.stringMatching(/^20.* at snapshot \d+, level rows$/), "scrub error": "none" },
    ...{ "scrub next": expect.stringMatching(/^not before 20/), "scrub healed": "drift 0 times, damage 0 times" },
  });
});
