import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, frontier, insertEvents, summary } from "../../test/support/summary-table.ts";
import { type Moved, useHistory } from "./testing/history.ts";

const { trickle, pool, rows, rewind, head, truth, corruptRows, restorePoints } = useHistory();

describe("step", () => {
  test("goes along the commits of the source, both ways", async () => {
    const [first] = restorePoints as [number];
    await rewind(first);
    const forward = await rows<Moved>("select * from pgtrickle.step('event_summary')");
    expect(Number(forward[0]?.to_snapshot)).toBe(first + 1);
    expect(await summary(pool())).toEqual(await truth(first + 1));
    await rows("select * from pgtrickle.step('event_summary', 2)");
    expect(await frontier(pool())).toBe(first + 3);
    await rows("select * from pgtrickle.step('event_summary', -3)");
    expect(await frontier(pool())).toBe(first);
    expect(await summary(pool())).toEqual(await truth(first));
  });
});

describe("verify", () => {
  test.each(["engine", "rows", "fingerprint"])(
    "level %s agrees with a right table and with no wrong one",
    async (level) => {
      const verified = () => rows<{ ok: boolean }>("select ok from pgtrickle.verify('event_summary', $1)", [level]);
      expect(await verified()).toEqual([{ ok: true }]);
      for (const statement of [
        "update event_summary set total_value = total_value + 1 where event_type = 'click'",
        "update event_summary set event_type = null where event_type = 'view'",
        "delete from event_summary where event_type = 'purchase'",
        "insert into event_summary values ('forged', 1, 1)",
      ]) {
        await corruptRows(statement);
        expect(await verified()).toEqual([{ ok: false }]);
        await pool().query("select pgtrickle.refresh('event_summary', 'FULL')");
        expect(await verified()).toEqual([{ ok: true }]);
      }
    },
  );

  test("shows what is missing and what is too much", async () => {
    await corruptRows("update event_summary set event_count = 77 where event_type = 'view'");
    const [seen] = await rows("select missing, unexpected, missing_count from pgtrickle.verify('event_summary')");
    expect(seen).toMatchObject({
      missing: [{ event_type: "view", event_count: 5 }],
      unexpected: [{ event_type: "view", event_count: 77 }],
    });
    await pool().query("select pgtrickle.refresh('event_summary', 'FULL')");
  });

  test("level rows is bounded, with a clear error", async () => {
    await pool().query("insert into pgtrickle_internal.settings values ('verify_rows_limit', 3)");
    const error = await failure(rows("select * from pgtrickle.verify('event_summary', 'rows')"));
    await pool().query("delete from pgtrickle_internal.settings");
    expect(error.code).toBe("TR018");
    expect(error.hint).toContain("verify_rows_limit");
  });

  test("level rows refuses a source that was dropped, also where another has its name now", async () => {
    const duckdb = await trickle().duckdb({ readOnly: false });
    await duckdb.run("create table lake.main.vr (k varchar, v integer)");
    await duckdb.run("insert into lake.main.vr values ('a', 1)");
    duckdb.close();
    const makeSource =
      "create foreign table lake.vr (k text, v int) server lake options (schema_name 'main', table_name 'vr')";
    await rows(makeSource);
    await rows("select pgtrickle.create_stream_table('vr_sum', 'select k, sum(v) as s from lake.vr group by k')");
    await rows("drop foreign table lake.vr");
    const verified = () => failure(rows("select ok from pgtrickle.verify('vr_sum', 'rows')"));
    const gone = { code: "TR016", message: "source lake.vr of stream table public.vr_sum was dropped" };
    expect(await verified()).toMatchObject(gone);
    await rows(makeSource);
    await rows("insert into lake.vr values ('b', 2)");
    expect(await verified()).toMatchObject({
      ...gone,
      hint: expect.stringMatching(/alter_stream_table\('public\.vr_sum', query/),
    });
  });

  test("an unknown level is refused, naming the levels", async () => {
    const error = await failure(rows("select * from pgtrickle.verify('event_summary', 'all')"));
    expect(error.code).toBe("TR021");
    expect(error.hint).toContain("fingerprint");
  });
});

describe("a stream table over two lake tables, recomputed", () => {
  const verified = (level: string) => rows<{ ok: boolean }>("select ok from pgtrickle.verify('labelled', $1)", [level]);
  let created: number;

  beforeAll(async () => {
    const duckdb = await trickle().duckdb({ readOnly: false });
    await duckdb.run("create table lake.main.kinds (event_type varchar, label varchar)");
    await pool().query(
      `create foreign table lake.kinds (event_type text, label text) server lake
       options (schema_name 'main', table_name 'kinds')`,
    );
    await pool().query("insert into lake.kinds values ('click', 'a click'), ('view', 'a view')");
    await pool().query(
      `select pgtrickle.create_stream_table('public', 'labelled',
         'select k.label, e.value, e.event_type from lake.events e join lake.kinds k on k.event_type = e.event_type', '1h', 'FULL')`,
    );
    created = await frontier(pool(), "labelled");
    await pool().query("insert into lake.kinds values ('purchase', 'a purchase')");
    await insertEvents(pool(), "purchase", 2);
    await pool().query("select pgtrickle.pause_scheduler(array['labelled'])");
  });

  afterAll(async () => {
    await pool().query("select pgtrickle.drop_stream_table('labelled')");
  });

  test("is verified by PostgreSQL's own executor too, duplicates included", async () => {
    expect(await verified("rows")).toEqual([{ ok: true }]);
    await corruptRows("insert into labelled select * from labelled limit 1");
    for (const level of ["engine", "rows", "fingerprint"]) expect(await verified(level)).toEqual([{ ok: false }]);
    await pool().query("select pgtrickle.refresh('labelled', 'FULL')");
    for (const level of ["engine", "rows", "fingerprint"]) expect(await verified(level)).toEqual([{ ok: true }]);
  });

  test("shows the pending changes of both, and loses them when it is moved", async () => {
    const [found] = await rows<{ oid: string }>("select 'public.labelled'::regclass::oid::text as oid");
    const view = `pgtrickle_changes.changes_${found?.oid}`;
    const seen = await rows<{ source: string; row: { event_type: string } }>(`select source, "row" from ${view}`);
    expect(seen.map(({ source, row }) => `${source} ${row.event_type}`).sort()).toEqual([
      "lake.events purchase",
      "lake.events purchase",
      "lake.kinds purchase",
    ]);
  });

  test("goes forward and back by recomputing and by journal", async () => {
    const before = await rows("select * from labelled order by 1, 2, 3");
    await rewind(await head(), "Auto", [], ["labelled"]);
    expect((await rows("select * from labelled")).length).toBeGreaterThan(before.length);
    const second = await frontier(pool(), "labelled");
    await insertEvents(pool(), "purchase", 2);
    await rewind(await head(), "Auto", [], ["labelled"]);
    expect((await rewind(second, "Auto", [], ["labelled"]))[0]).toMatchObject({ strategy: "Journal" });
    expect((await rewind(created, "Auto", [], ["labelled"]))[0]).toMatchObject({ strategy: "Journal" });
    expect(await rows("select * from labelled order by 1, 2, 3")).toEqual(before);
    // A journal that holds the mending of damage leads back to the damage: Auto notices, and recomputes.
    await rewind(second, "Auto", [], ["labelled"]);
    await corruptRows("insert into labelled select * from labelled limit 1");
    await pool().query("select pgtrickle.refresh('labelled', 'FULL')");
    expect((await failure(rewind(created, "Journal", [], ["labelled"]))).code).toBe("TR010");
    const [moved] = await rewind(created, "Auto", [], ["labelled"]);
    expect(moved).toMatchObject({ strategy: "Full", reason: expect.stringContaining("recomputed") });
    expect(await rows("select * from labelled order by 1, 2, 3")).toEqual(before);
    expect(await verified("rows")).toEqual([{ ok: true }]);
  });
});

test("after a restore, adopt() gives the changes view its new name and ends the rewinds that ran elsewhere", async () => {
  const [found] = await rows<{ oid: string }>("select 'public.event_summary'::regclass::oid::text as oid");
  const view = `changes_${found?.oid}`;
  await rows("select pgtrickle_rewind.claim('cluster', 'elsewhere', 'default', 'x', 'key', array['event_summary'])");
  await pool().query(`alter view pgtrickle_changes.${view} rename to changes_1`);
  await pool().query("update pgtrickle_internal.installation set database_oid = 1");
  await pool().query("select pgtrickle.adopt()");
  await pool().query(`select * from pgtrickle_changes.${view}`);
  const [seen] = await rows("select pgtrickle_rewind.observe_operation('elsewhere') ->> 'outcome' as outcome");
  expect(seen).toEqual({ outcome: "Orphaned" });
});
