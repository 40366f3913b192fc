/** Another query that reads other sources, and what others do at the same time. */
import { describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { until } from "../../test/support/until.ts";
import {
  BY_TYPE,
  change,
  create,
  everything,
  head,
  LARGE,
  pool,
  RIGHT,
  registry,
  rowsOf,
  sql,
  trickle,
  value,
  verified,
} from "./testing/changed-query.ts";

describe("other sources", () => {
  const changesView = () => value<string>("select pgtrickle_internal.changes_view_of(pgtrickle_internal.resolve('t'))");

  test("the view of the changes is made anew with the rights on it, and stays where the sources do", async () => {
    const client = await trickle().duckdb({ readOnly: false });
    await client.run("create table if not exists lake.main.labels (event_type varchar, label varchar)");
    await client.run("insert into lake.main.labels values ('view', 'seen')");
    await sql(
      "create foreign table if not exists lake.labels (event_type text, label text) server lake options (schema_name 'main', table_name 'labels')",
    );
    await sql(`create role reader_of_changes; grant select on ${await changesView()} to reader_of_changes`);
    const oid = async () => value(`select '${await changesView()}'::regclass::oid`);
    const first = await oid();
    await change(LARGE);
    expect(await oid()).toBe(first);
    await change(
      "select l.label, count(*) as n from lake.events e join lake.labels l on l.event_type = e.event_type group by l.label",
      ", mode => 'FULL'",
    );
    expect(await rowsOf()).toEqual([{ label: "seen", n: "3" }]);
    expect(await verified()).toEqual(RIGHT);
    expect(await value("select frontier from pgtrickle.pgt_stream_tables where pgt_name = 't'")).toEqual({
      sources: {
        "ducklake:lake.events": { snapshot_id: await head() },
        "ducklake:lake.labels": { snapshot_id: await head() },
      },
    });
    await client.run("insert into lake.main.labels values ('click', 'clicked')");
    expect(await rowsOf(`select source, change, "row" from ${await changesView()}`)).toEqual([
      { source: "lake.labels", change: "+", row: { event_type: "click", label: "clicked" } },
    ]);
    expect(await value(`select has_table_privilege('reader_of_changes', '${await changesView()}', 'select')`)).toBe(
      true,
    );
    await sql(`create view mine as select * from ${await changesView()}`);
    expect(await failure(change(LARGE, ", mode => 'DIFFERENTIAL'"))).toMatchObject({
      code: "2BP01",
      message:
        "the view of the changes of stream table public.t cannot be made anew for other sources: other objects depend on it",
      detail: expect.stringContaining("view public.mine depends on view"),
      hint: "Nothing was changed. Drop these objects first, and make them again afterwards.",
    });
    await sql("drop view mine");
    await change(LARGE, ", mode => 'DIFFERENTIAL'");
    await sql("select pgtrickle.drop_stream_table('t')");
    await sql("drop role reader_of_changes");
  });

  test("a source that was dropped and made again is found again by the same query", async () => {
    const client = await trickle().duckdb({ readOnly: false });
    await client.run("create table lake.main.others (k varchar)");
    await client.run("insert into lake.main.others values ('a')");
    const make =
      "create foreign table lake.others (k text) server lake options (schema_name 'main', table_name 'others')";
    const query = "select k, count(*) as n from lake.others group by k";
    await sql(make);
    await create("o", query);
    await sql("drop foreign table lake.others");
    await client.run("insert into lake.main.others values ('b')");
    expect(await failure(sql("select pgtrickle.refresh('o')"))).toMatchObject({
      code: "TR016",
      hint: "Make the foreign table again if it is not there, then give the stream table its query again, or another one: select pgtrickle.alter_stream_table('public.o', query => '…');",
    });
    await sql(make);
    await sql("select pgtrickle.alter_stream_table('o', query => $1)", [query]);
    await client.run("insert into lake.main.others values ('b')");
    await sql("select pgtrickle.refresh('o')");
    expect(await rowsOf("select * from o order by k")).toEqual([
      { k: "a", n: "1" },
      { k: "b", n: "2" },
    ]);
  });
});

describe("at the same time", () => {
  const pidOf = async (client: { query(text: string): Promise<{ rows: unknown[] }> }) =>
    ((await client.query("select pg_backend_pid() as pid")).rows[0] as { pid: number }).pid;
  const isBlocked = (pid: number) => value<boolean>("select cardinality(pg_blocking_pids($1)) > 0", [pid]);
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "",
      ({ code }: { code: string }) => code,
    );

  /** A change that waits, its rows computed, for somebody who reads the table; then `meanwhile`; then the reader goes. */
  async function overtaken(meanwhile: () => Promise<unknown>) {
    const [reader, changer] = [await pool().connect(), await pool().connect()];
    try {
      await reader.query("begin");
      await reader.query("select from t");
      const pid = await pidOf(changer);
      const answer = failure(changer.query("select pgtrickle.alter_stream_table('t', query => $1)", [LARGE])).catch(
        () => ({ code: "" }),
      );
      await until(() => isBlocked(pid));
      await meanwhile();
      await reader.query("rollback");
      return await answer;
    } finally {
      reader.release();
      changer.release();
    }
  }

  test("refreshes go on while it is computed and waits, and after it", async () => {
    expect(
      await overtaken(async () => {
        await insertEvents(pool(), "view", 1, 40);
        await sql("select pgtrickle.refresh('t')");
        expect(await rowsOf("select * from t where event_type = 'view'")).toEqual([
          { event_type: "view", n: "4", total: "100" },
        ]);
      }),
    ).toEqual({ code: "" });
    expect(await verified()).toEqual(RIGHT);
    await sql("select pgtrickle.refresh('t')");
    expect(await rowsOf()).toEqual([{ event_type: "view", n: "4", total: "100" }]);
    expect(await value("select count(*)::int from pgtrickle_internal.refreshes where is_backward")).toBe(0);
  });

  test.each([
    ["a pause, which does not wait", "select pgtrickle.pause_scheduler(array['t'])", "TR012"],
    [
      "a rewind that holds it",
      "select pgtrickle_internal.add_hold(pgtrickle_internal.resolve('t'), 'rewind:ops/incident')",
      "TR008",
    ],
    [
      "another change of the query, told at once",
      "select pgtrickle.alter_stream_table('t', query => 'select count(*) as n from lake.events')",
      "",
    ],
  ])("%s", async (_, statement, code) => {
    const answer = await overtaken(async () => {
      const other = await codeOf(sql(statement));
      expect(other).toBe(code === "" ? "55P03" : "");
    });
    expect(answer.code).toBe(code);
    expect((await registry()).defining_query).toBe(code === "" ? LARGE : BY_TYPE);
    expect(await verified()).toEqual(RIGHT);
    if (code === "TR012") {
      expect(answer).toMatchObject({
        message: "stream table public.t was paused, resumed or moved by somebody else in the meantime",
        hint: "Nothing was changed: it has the query and the rows that it had. Look at its status and try again.",
      });
    }
  });

  test("an edit of the frontier while it is paused", async () => {
    await insertEvents(pool(), "view", 1, 40);
    const before = (await registry()).frontier;
    await sql("select pgtrickle.refresh('t')");
    await sql("select pgtrickle.pause_scheduler(array['t'])");
    const answer = await overtaken(() =>
      sql(
        "update pgtrickle.pgt_stream_tables set frontier = jsonb_set(frontier, '{sources,ducklake:lake.events,snapshot_id}', $1) where pgt_name = 't'",
        [before],
      ),
    );
    expect(answer).toMatchObject({ code: "TR012", message: expect.stringContaining("moved by somebody else") });
    // And then it goes where the frontier stands, as a FULL refresh does.
    await change(LARGE);
    expect(await registry()).toMatchObject({ contents_snapshot: before, frontier: before });
    expect(await verified()).toEqual(RIGHT);
  });

  test("a refresh that is about to publish is waited for, and not cancelled", async () => {
    const [refresher, changer] = [await pool().connect(), await pool().connect()];
    try {
      await insertEvents(pool(), "view", 1, 40);
      await refresher.query("begin");
      await refresher.query("select pgtrickle.refresh('t')");
      const pid = await pidOf(changer);
      const answer = codeOf(changer.query("select pgtrickle.alter_stream_table('t', query => $1)", [LARGE]));
      await until(() => isBlocked(pid));
      await refresher.query("commit");
      expect(await answer).toBe("");
      expect(await rowsOf()).toEqual([{ event_type: "view", n: "4", total: "100" }]);
    } finally {
      refresher.release();
      changer.release();
    }
  });

  test.each([
    ["select pgtrickle.refresh('t')", "TR012"],
    ["select pgtrickle.refresh('t', 'FULL')", "TR012"],
    ["select pgtrickle.scheduled_refresh(pgtrickle_internal.resolve('t'))", "TR012"],
    ["select pgtrickle.scrub('t')", "TR012"],
    ["select pgtrickle.verify('t')", ""],
    [
      "select count(*) from pgtrickle.at(null::t, (select contents_snapshot from pgtrickle.pgt_stream_tables where pgt_name = 't'))",
      "",
    ],
    [
      "select count(*) from pgtrickle.diff(null::t, (select contents_snapshot from pgtrickle.pgt_stream_tables where pgt_name = 't'))",
      "",
    ],
    ["select count(*) from pgtrickle.explain('t')", ""],
    ["select pgtrickle.drop_stream_table('t')", ""],
  ])("who comes while it is not committed waits, and then meets the new query: %s", async (statement, code) => {
    const [changer, other] = [await pool().connect(), await pool().connect()];
    try {
      await insertEvents(pool(), "view", 1, 40);
      await changer.query("begin");
      // Nothing of the table's own is as it was: columns, hidden state, journal.
      await changer.query("select pgtrickle.alter_stream_table('t', query => $1, mode => 'FULL')", [
        "select value, event_type from lake.events",
      ]);
      const pid = await pidOf(other);
      const answer = codeOf(other.query(statement));
      await until(() => isBlocked(pid));
      await changer.query("commit");
      expect(await answer).toBe(code);
      if (!statement.includes("drop")) expect(await verified()).toEqual(RIGHT);
    } finally {
      changer.release();
      other.release();
    }
  });

  test("whoever reads it for too long is named", async () => {
    const reader = await pool().connect();
    try {
      await reader.query("begin");
      await reader.query("select from t");
      const pid = await pidOf(reader);
      const before = await everything();
      const error = await failure(
        sql(`set local lock_timeout = '400ms'; select pgtrickle.alter_stream_table('t', query => '${LARGE}')`),
      );
      expect(error).toMatchObject({ code: "55P03", hint: expect.stringContaining("Nothing was changed.") });
      expect(error.message).toBe(
        `the query of stream table public.t cannot be changed: for 0.4 s it was in use by backend ${pid}`,
      );
      expect(await everything()).toBe(before);
    } finally {
      await reader.query("rollback");
      reader.release();
    }
  });
});
