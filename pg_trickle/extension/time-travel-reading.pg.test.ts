import { describe, expect, test } from "vitest";
import { failure, insertEvents, summary } from "../../test/support/summary-table.ts";
import { useHistory } from "./testing/history.ts";

const { pool, rows, rewind, head, truth, restorePoints } = useHistory();

describe("plan_rewind", () => {
  interface Plan {
    readonly tables: {
      readonly strategy: string;
      readonly rows_changed: number;
      readonly sample: { change: string; row: { event_type: string } }[];
      readonly sources: { table: string; table_id: number }[];
      readonly definition_hash: string;
    }[];
    readonly commits_undone: { snapshot_id: number }[];
    readonly commits_undone_count: number;
    readonly head: number;
  }

  async function plan(snapshot: number): Promise<Plan> {
    const [row] = await rows<{ plan: Plan }>("select pgtrickle.plan_rewind(array['event_summary'], $1) as plan", [
      snapshot,
    ]);
    if (!row) throw new Error("no plan");
    return row.plan;
  }

  test("says what would change, and changes nothing", async () => {
    const state = () => rows("select frontier, contents_snapshot, generation from pgtrickle.pgt_stream_tables");
    const before = { rows: await summary(pool()), state: await state() };
    const [, , third, last] = restorePoints as [number, number, number, number];
    const planned = await plan(third);
    const [table] = planned.tables;
    expect(table?.sample.map(({ change, row }) => `${change}${row.event_type}`).sort()).toEqual([
      "+click",
      "-CORRUPTED_EVENT",
      "-click",
    ]);
    expect(table).toMatchObject({ strategy: "Journal", rows_changed: 3 });
    expect(planned.commits_undone.map(({ snapshot_id }) => snapshot_id)).toEqual([last - 1, last]);
    expect({ rows: await summary(pool()), state: await state() }).toEqual(before);
  });

  test("gives the same rows by journal and by recomputing", async () => {
    const [, second] = restorePoints as [number, number];
    const byJournal = await plan(second);
    await pool().query("update pgtrickle_internal.stream_tables set journal_floor = 1000000");
    const byRecomputing = await plan(second);
    await pool().query("update pgtrickle_internal.stream_tables set journal_floor = 1");
    expect(byRecomputing.tables[0]?.strategy).toBe("Full");
    expect(byRecomputing.tables[0]?.sample).toEqual(byJournal.tables[0]?.sample);
    expect(byRecomputing.tables[0]?.definition_hash).toBe(byJournal.tables[0]?.definition_hash);
  });
});

describe("reading the past", () => {
  test("at gives the rows of every snapshot", async () => {
    for (let snapshot = restorePoints[0] ?? 0; snapshot <= (restorePoints.at(-1) ?? 0); snapshot++) {
      const seen = await rows("select * from pgtrickle.at(null::public.event_summary, $1) order by event_type", [
        snapshot,
      ]);
      expect(seen).toEqual(await truth(snapshot));
    }
  });

  test("diff says what going there would change", async () => {
    const seen = await rows<{ change: string; event_type: string }>(
      `select change, ("row").event_type from pgtrickle.diff(null::public.event_summary, $1)`,
      [restorePoints[2]],
    );
    expect(seen.map(({ change, event_type }) => change + event_type).sort()).toEqual([
      "+click",
      "-CORRUPTED_EVENT",
      "-click",
    ]);
  });

  test("a type that is not a stream table's is refused", async () => {
    expect((await failure(rows("select * from pgtrickle.at(null::pg_catalog.pg_class, 1)"))).code).toBe("TR001");
  });

  test("a time of the future and an id that never was are refused with the usable range", async () => {
    const error = await failure(rows("select * from pgtrickle.at(null::public.event_summary, 4711)"));
    expect(error.code).toBe("TR004");
    expect(error.hint).toMatch(/\d+ to \d+/);
  });

  test("snapshots lists the commits with their rows and ways", async () => {
    const seen = await rows<{ snapshot_id: string; rows_added: string; rows_removed: string; strategies: string[] }>(
      "select * from pgtrickle.snapshots('event_summary')",
    );
    const last = seen.find(({ snapshot_id }) => Number(snapshot_id) === restorePoints.at(-1));
    expect(last).toMatchObject({
      rows_added: "2",
      rows_removed: "0",
      strategies: ["Full", "Journal"],
      is_current: true,
    });
    const before = seen.find(({ snapshot_id }) => Number(snapshot_id) === (restorePoints.at(-1) ?? 0) - 1);
    expect(before).toMatchObject({ rows_added: "5", strategies: ["Full"] });
  });

  test("snapshots counts deleted and updated rows", async () => {
    await pool().query("delete from lake.events where event_type = 'purchase'");
    const [deleted] = await rows("select * from pgtrickle.snapshots('event_summary')");
    expect(deleted).toMatchObject({ rows_added: "0", rows_removed: "5" });
    await pool().query("update lake.events set value = value + 1 where event_type = 'view'");
    const [updated] = await rows("select * from pgtrickle.snapshots('event_summary')");
    expect(updated).toMatchObject({ rows_added: "5", rows_removed: "5" });
    await insertEvents(pool(), "purchase", 5);
  });

  test("changes_<oid> shows what the table has not consumed", async () => {
    const [found] = await rows<{ oid: string }>("select 'public.event_summary'::regclass::oid::text as oid");
    const view = `pgtrickle_changes.changes_${found?.oid}`;
    await rewind(await head(), "Full");
    expect(await rows(`select * from ${view}`)).toEqual([]);
    await insertEvents(pool(), "fresh", 3);
    const seen = await rows<{ change: string; event_type: string }>(`select * from ${view}`);
    expect(seen.map(({ change, event_type }) => change + event_type)).toEqual(["+fresh", "+fresh", "+fresh"]);
  });

  test("everything that reads works in a read-only transaction", async () => {
    const client = await pool().connect();
    try {
      await client.query("begin read only");
      await client.query("select * from pgtrickle.at(null::public.event_summary, $1)", [restorePoints[0]]);
      await client.query("select * from pgtrickle.diff(null::public.event_summary, $1)", [restorePoints[0]]);
      await client.query("select pgtrickle.plan_rewind(array['event_summary'], $1)", [restorePoints[0]]);
      const { rows: verified } = await client.query("select ok from pgtrickle.verify('event_summary')");
      expect(verified).toEqual([{ ok: true }]);
      await client.query("select * from pgtrickle.snapshots('event_summary')");
      await client.query("select * from pgtrickle.explain('event_summary')");
      await client.query("select * from pgtrickle.refresh_history");
      const error = await failure(client.query("select * from pgtrickle.verify('event_summary', 'rows')"));
      expect(error.code).toBe("TR018");
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});
