/** Another query for a stream table that is there: what stays, what is made anew, what is refused. */
import { beforeEach, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import {
  BY_TYPE,
  change,
  head,
  LARGE,
  lastRefresh,
  pool,
  preferStrategy,
  RIGHT,
  registry,
  rowsOf,
  sql,
  trickle,
  value,
  verified,
} from "./testing/changed-query.ts";

describe("the table stays", () => {
  test("with its oid, rights, comments, views and foreign keys; rows that stay are not even written", async () => {
    const { relid } = await registry();
    await sql("comment on table t is 'ours'; comment on column t.n is 'how many'");
    await sql("create role reader_of_t; grant select on t to reader_of_t");
    await sql("create view seen as select event_type, n from t");
    await sql(
      "create table referring (event_type text references t (event_type)); insert into referring values ('view')",
    );
    const place = await value("select ctid from t where event_type = 'view'");
    await insertEvents(pool(), "large", 1, 50);

    await change(LARGE, ", schedule => '7m'");

    expect(await registry()).toMatchObject({
      relid,
      defining_query: LARGE,
      refresh_mode: "DIFFERENTIAL",
      schedule: "00:07:00",
    });
    expect((await registry()).contents_snapshot).toBe(await head());
    expect(await rowsOf()).toEqual([
      { event_type: "large", n: "1", total: "50" },
      { event_type: "view", n: "3", total: "60" },
    ]);
    expect(await rowsOf("select * from seen order by 1")).toHaveLength(2);
    expect(await value("select ctid from t where event_type = 'view'")).toEqual(place);
    expect(await value("select obj_description('t'::regclass) || col_description('t'::regclass, 2)")).toBe(
      "ourshow many",
    );
    expect(await value("select has_table_privilege('reader_of_t', 't', 'select')")).toBe(true);
    expect(await failure(sql("insert into referring values ('click')"))).toMatchObject({ code: "23503" });
    expect(await verified()).toEqual(RIGHT);
    await sql("drop table referring; drop view seen; revoke select on t from reader_of_t; drop role reader_of_t");
  });

  test.each(["Delta", "Full"] as const)(
    "and is refreshed by %s as one that was created with the query",
    async (strategy) => {
      await change(LARGE);
      await preferStrategy(strategy);
      await insertEvents(pool(), "view", 1, 11);
      await insertEvents(pool(), "view", 1, 10);
      await sql("select pgtrickle.refresh('t')");
      expect(await rowsOf()).toEqual([{ event_type: "view", n: "4", total: "71" }]);
      expect(await lastRefresh("t")).toMatchObject({ strategy, rows_removed: 1, rows_added: 1 });
      expect(await verified()).toEqual(RIGHT);
    },
  );

  const changes = [
    ["other groups", "select value, count(*) as n from lake.events group by value", "DIFFERENTIAL"],
    [
      "the groups by another expression",
      "select event_type || '!' as event_type, count(*) as n, sum(value) as total from lake.events group by 1",
      "FULL",
    ],
    [
      "one column more",
      "select event_type, count(*) as n, sum(value) as total, avg(value) as mean from lake.events group by event_type",
      "DIFFERENTIAL",
    ],
    ["one column less", "select event_type, sum(value) as total from lake.events group by event_type", "DIFFERENTIAL"],
    [
      "columns in another order",
      "select total, event_type, n from (select event_type, count(*) as n, sum(value) as total from lake.events group by event_type) s",
      "FULL",
    ],
    [
      "a column of another type",
      "select event_type, count(*)::integer as n, sum(value) as total from lake.events group by event_type",
      "FULL",
    ],
    ["one row of all", "select count(*) as n, sum(value) as total from lake.events", "DIFFERENTIAL"],
    ["rows as they are, repeated ones too", "select event_type, value from lake.events", "FULL"],
    ["no common column", "select sum(value) as volume from lake.events", "FULL"],
  ] as const;

  test.each(changes)(
    "%s, there and back again, refreshed, rewound and read in its past in between",
    async (_, query, mode) => {
      const { relid } = await registry();
      for (const [wanted, wantedMode] of [
        [query, mode],
        [BY_TYPE, "DIFFERENTIAL"],
      ] as const) {
        await change(wanted, `, mode => '${wantedMode}'`);
        const at = await head();
        const then = await rowsOf("select t::text from t order by 1");
        expect(await verified()).toEqual(RIGHT);
        await insertEvents(pool(), "click", 2, 20);
        await sql("select pgtrickle.refresh('t')");
        expect(await verified()).toEqual(RIGHT);
        expect(await rowsOf(`select t::text from pgtrickle.at(null::t, ${at}) t order by 1`)).toEqual(then);
        expect(await rowsOf(`select distinct change from pgtrickle.diff(null::t, ${at}) order by 1`)).not.toEqual([]);
        await sql("select pgtrickle.pause_scheduler(array['t'])");
        for (const strategy of ["Journal", "Full"]) {
          await sql("select pgtrickle.rewind(array['t'], $1, $2)", [at, strategy]);
          expect(await rowsOf("select t::text from t order by 1")).toEqual(then);
          await sql("select pgtrickle.refresh('t', 'FULL')");
        }
        await sql("select pgtrickle.resume_scheduler(array['t'])");
      }
      expect((await registry()).relid).toBe(relid);
      expect(
        await value(
          "select count(*)::int from pg_class where relnamespace = 'pgtrickle_state'::regnamespace and relkind = 'r'",
        ),
      ).toBe(2);
      expect(
        await value(
          "select count(*)::int from pg_type where typnamespace = 'pgtrickle_state'::regnamespace and typname like 'k\\_%'",
        ),
      ).toBe(1);
      await sql("select pgtrickle.drop_stream_table('t')");
      expect(
        await value("select count(*)::int from pg_class where relnamespace = 'pgtrickle_state'::regnamespace"),
      ).toBe(0);
    },
  );
});

describe("what was before", () => {
  const pause = () => sql("select pgtrickle.pause_scheduler(array['t'])");
  let before: number;
  let changed: number;

  beforeEach(async () => {
    before = await head();
    await insertEvents(pool(), "view", 1, 30);
    await sql("select pgtrickle.refresh('t')");
    await change(LARGE);
    changed = await head();
  });

  test("is in the history, with the change", async () => {
    const { rows } = await sql(
      `select action, strategy, reason, from_snapshot, contents_before, contents_after::int, rows_removed::int, rows_added::int, row_count::int
       from pgtrickle.refresh_history where pgt_name = 't' order by refresh_id`,
    );
    expect(rows.map(({ action }) => action)).toEqual(["Initial", "Differential", "Redefine"]);
    expect(rows.at(-1)).toEqual({
      action: "Redefine",
      strategy: "Full",
      reason: "its query was changed",
      from_snapshot: null,
      contents_before: null,
      contents_after: changed,
      rows_removed: 1,
      rows_added: 0,
      row_count: 1,
    });
  });

  test("is reached by the new query, not by the undo journal, and what was published by the old one is no evidence", async () => {
    await pause();
    expect(await rowsOf(`select event_type, n from pgtrickle.at(null::t, ${before})`)).toEqual([
      { event_type: "view", n: "3" },
    ]);
    const strategies = async (snapshot: number) =>
      value("select strategies from pgtrickle.snapshots('t') where snapshot_id = $1", [snapshot]);
    expect([await strategies(before), await strategies(changed)]).toEqual([["Full"], ["Full", "Journal"]]);
    const [planned] = await rowsOf(`select pgtrickle.plan_rewind(array['t'], ${before}) as plan`);
    expect(planned).toMatchObject({
      plan: { tables: [{ strategy: "Delta", row_count: 1, contradiction: null, rows_changed: 2 }] },
    });
    expect(await failure(sql("select pgtrickle.rewind(array['t'], $1, 'Journal')", [before]))).toMatchObject({
      code: "TR018",
      detail: expect.stringContaining(`no refresh whose undo journal is kept ended at snapshot ${before}`),
      hint: "Use strategy Auto.",
    });
    for (const strategy of ["Auto", "Full"]) {
      const [moved] = await rowsOf(`select * from pgtrickle.rewind(array['t'], ${before}, '${strategy}')`);
      expect(moved).toMatchObject({ contradiction: null, row_count: "1" });
      expect(await rowsOf()).toEqual([{ event_type: "view", n: "3", total: "60" }]);
      expect(await verified()).toEqual(RIGHT);
      // The end of the change itself is where the undo journal begins.
      const [undone] = await rowsOf(`select * from pgtrickle.rewind(array['t'], ${changed}, 'Journal')`);
      expect(undone).toMatchObject({ strategy: "Journal", verified: "fingerprint" });
      expect(await rowsOf()).toEqual([{ event_type: "view", n: "4", total: "90" }]);
    }
  });

  test("is not what the undo journal is shortened to, whatever maintain() had counted", async () => {
    await sql("insert into pgtrickle_internal.settings (name, value) values ('journal_keep_refreshes', 0)");
    const floor = () => value("select journal_floor::int from pgtrickle_internal.stream_tables where table_name = 't'");
    const atChange = await floor();
    await sql("select pgtrickle.maintain()");
    expect(await floor()).toBe(atChange);
  });

  test("has another hash than the plan of a rewind has now", async () => {
    const hash = () =>
      value("select pgtrickle.plan_rewind(array['t'], $1) #>> '{tables,0,definition_hash}'", [changed]);
    const now = await hash();
    await change(BY_TYPE);
    expect(await hash()).not.toBe(now);
    await change(LARGE);
    expect(await hash()).toBe(now);
  });
});

describe("a paused table", () => {
  test("has the rows of the new query where it stands, and stays paused", async () => {
    const at = await head();
    await sql("select pgtrickle.pause_scheduler(array['t'])");
    await insertEvents(pool(), "view", 1, 30);
    await change(LARGE);
    expect(await registry()).toMatchObject({ contents_snapshot: at, frontier: at, status: "PAUSED" });
    expect(await rowsOf()).toEqual([{ event_type: "view", n: "3", total: "60" }]);
    expect(await verified()).toEqual(RIGHT);
  });

  test("at a snapshot that was expired has to be moved first", async () => {
    await sql("select pgtrickle.pause_scheduler(array['t'])");
    const at = await head();
    await insertEvents(pool(), "view", 1, 30);
    const client = await trickle().duckdb({ readOnly: false });
    await client.run(`call ducklake_expire_snapshots('lake', versions => [${at}])`);
    expect(await failure(change(LARGE))).toMatchObject({
      code: "TR005",
      message: `stream table public.t is paused at snapshot ${at}, which was expired: another query cannot be computed there`,
      hint: "Resume it first: select pgtrickle.resume_scheduler(array['public.t']); or rewind it to a snapshot that the lake has.",
    });
    await sql("select pgtrickle.resume_scheduler(array['t'])");
    await change(LARGE);
    expect(await verified()).toEqual(RIGHT);
  });
});
