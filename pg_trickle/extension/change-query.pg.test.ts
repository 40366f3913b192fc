/** Another query for a stream table that is there: what stays, what is made anew, what is refused. */
import { beforeEach, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { pool, sql, value, head, create, lastRefresh, preferWay } = useStreamTables(trickle);

const BY_TYPE = "select event_type, count(*) as n, sum(value) as total from lake.events group by event_type";
const LARGE =
  "select event_type, count(*) as n, sum(value) as total from lake.events where value > 10 group by event_type";

const change = (query: string, others = "") =>
  sql(`select pgtrickle.alter_stream_table('t', query => $1${others})`, [query]);
const rowsOf = async (query = "select * from t order by 1") => (await sql(query)).rows;
const registry = async () =>
  (
    await sql(
      `select relid::oid, defining_query, refresh_mode, schedule::text, contents_snapshot::int, frontier_snapshot::int as frontier, status
       from pgtrickle.pgt_stream_tables join (select id, frontier_snapshot from pgtrickle_internal.stream_tables) s on s.id = pgt_id
       where pgt_name = 't'`,
    )
  ).rows[0];
const verified = async () =>
  (
    await sql("select level, ok from unnest(array['engine', 'rows', 'fingerprint']) l, pgtrickle.verify('t', l)")
  ).rows.map(({ level, ok }) => `${level} ${ok}`);
const RIGHT = ["engine true", "rows true", "fingerprint true"];

/** Everything that the database knows of the table, for "nothing was changed". */
const everything = async () =>
  JSON.stringify([
    await registry(),
    await rowsOf(),
    await rowsOf("select * from pgtrickle_internal.sources order by 1, 2"),
    await rowsOf("select id::text, action from pgtrickle_internal.refreshes order by 1"),
    await rowsOf(
      "select relname from pg_class where relnamespace in ('pgtrickle_state'::regnamespace, 'pgtrickle_lake'::regnamespace) order by 1",
    ),
  ]);

beforeEach(async () => {
  await sql("delete from pgtrickle_internal.settings; drop view if exists seen; drop table if exists referring");
  const { rows } = await sql("select pgt_schema, pgt_name from pgtrickle.pgt_stream_tables");
  for (const { pgt_name } of rows) {
    await sql("delete from pgtrickle_internal.holds");
    await sql("select pgtrickle.drop_stream_table($1)", [pgt_name]);
  }
  await sql("delete from lake.events");
  await insertEvents(pool(), "click", 2, 5);
  await insertEvents(pool(), "view", 3, 20);
  await create("t", BY_TYPE);
});

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

  test.each(["Delta", "Recompute"] as const)(
    "and is refreshed by %s as one that was created with the query",
    async (way) => {
      await change(LARGE);
      await preferWay(way);
      await insertEvents(pool(), "view", 1, 11);
      await insertEvents(pool(), "view", 1, 10);
      await sql("select pgtrickle.refresh('t')");
      expect(await rowsOf()).toEqual([{ event_type: "view", n: "4", total: "71" }]);
      expect(await lastRefresh("t")).toMatchObject({ strategy: way, rows_removed: 1, rows_added: 1 });
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
      strategy: "Recompute",
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

describe("refused, with nothing changed", () => {
  async function refused(query: string, others = "") {
    const before = await everything();
    const error = await failure(change(query, others));
    expect(await everything()).toBe(before);
    return error;
  }

  test("a view on a column that the new query has not", async () => {
    await sql("create view seen as select total from t");
    expect(await refused("select event_type, count(*) as n from lake.events group by event_type")).toMatchObject({
      code: "2BP01",
      message: "stream table public.t cannot have the new query's columns: other objects depend on those that it has",
      detail: expect.stringContaining("view public.seen depends on column total of table public.t"),
      hint: "Nothing was changed. Drop or change these objects first; or give the columns that stay their names, types and order, and append new ones.",
    });
    await sql("drop view seen");
  });

  test("a foreign key on groups that the new query has not, and on rows that it does not give", async () => {
    await sql(
      "create table referring (event_type text references t (event_type)); insert into referring values ('click')",
    );
    expect(await refused("select event_type, value from lake.events", ", mode => 'FULL'")).toMatchObject({
      code: "2BP01",
      detail: expect.stringContaining("referring_event_type_fkey"),
    });
    expect(await refused(LARGE)).toMatchObject({ code: "23503" });
    await sql("drop table referring");
  });

  test.each([
    ["select event_type, max(value) as largest from lake.events group by event_type", "TR009", "FULL"],
    ["select event_type, now() as at from lake.events", "TR009", "constant"],
    ["select 1 as one", "TR016", "foreign tables of ducklake_fdw"],
    ["select event_type, sum(value) as from lake.events", "42601", ""],
    ["select no_such_column from lake.events", "42703", ""],
  ])("%s", async (query, code, hint) => {
    expect(await refused(query)).toMatchObject({
      code,
      ...(hint === "" ? {} : { hint: expect.stringContaining(hint) }),
    });
  });

  test("without the right to manage the table, or to read what the query reads", async () => {
    const client = await pool().connect();
    try {
      await client.query(
        "create role altering_admin; grant pgtrickle_admin to altering_admin; create role altering_nobody",
      );
      await client.query("grant usage on schema lake to altering_admin");
      const as = (role: string) =>
        failure(
          client.query(
            `set role ${role}; select pgtrickle.alter_stream_table('t', query => 'select count(*) as n from lake.events')`,
          ),
        ).finally(() => client.query("reset role"));
      expect(await as("altering_nobody")).toMatchObject({ code: "42501" });
      expect(await as("altering_admin")).toMatchObject({
        code: "42501",
        message: "permission denied for foreign table events",
      });
      await client.query("grant select on lake.events to altering_admin");
      await client.query("set role altering_admin");
      await client.query("select pgtrickle.alter_stream_table('t', query => 'select count(*) as n from lake.events')");
      await client.query("reset role");
      expect(await rowsOf()).toEqual([{ n: "5" }]);
      expect(
        await failure(
          client.query(
            "create temporary view v as select 1 as n; select pgtrickle_internal.change_query('lake.events', 't', '', null, null, false)",
          ),
        ),
      ).toMatchObject({
        code: "42501",
        message: "the query of a stream table is given by pgtrickle.create_stream_table() and alter_stream_table()",
      });
    } finally {
      await client.query("revoke all on lake.events, schema lake from altering_admin").catch(() => {});
      await client.query(
        "revoke usage on schema lake from altering_admin; revoke select on lake.events from altering_admin; drop role altering_admin, altering_nobody",
      );
      client.release(true);
    }
  });

  test("while a rewind holds it, or owns it", async () => {
    await sql("select pgtrickle_internal.add_hold(pgtrickle_internal.resolve('t'), 'rewind:ops/incident')");
    expect(await refused(LARGE)).toMatchObject({
      code: "TR008",
      message: "cannot change its query: stream table public.t is held by rewind:ops/incident",
      hint: "Wait until the holder releases it.",
    });
    await sql("delete from pgtrickle_internal.holds");
    await sql("select pgtrickle_rewind.claim('c', 'uid-1', 'ops', 'incident', 'key', array['t'])");
    expect(await refused(LARGE)).toMatchObject({
      code: "TR008",
      message: "stream table public.t belongs to the rewind ops/incident now",
    });
    await sql("select pgtrickle_rewind.orphan('uid-1', 'c')");
  });

  test("without the engine", async () => {
    await trickle().lake.kill();
    await until(() =>
      sql("select ok from pgtrickle_lake.ping").then(
        () => false,
        () => true,
      ),
    );
    try {
      expect(await refused(LARGE)).toMatchObject({
        code: "TR014",
        hint: "Start it and try again; nothing was changed.",
      });
    } finally {
      await trickle().restartLake();
    }
  });

  test("groups whose key is too long for an index", async () => {
    const client = await trickle().duckdb({ readOnly: false });
    const key = "(select string_agg(sha256(i::varchar), '') from range(200) r(i))";
    await sql("select pgtrickle.alter_stream_table('t', query => 'select count(*) as n from lake.events')");
    await client.run(`insert into lake.main.events select uuid(), ${key}, 20, now()`);
    expect(await refused(LARGE)).toMatchObject({
      code: "54000",
      message: expect.stringContaining("a row of stream table public.t would not fit: index row"),
      hint: expect.stringContaining("Group by a shorter expression."),
    });
  });

  test("another column by hand: the hint says how it is done", async () => {
    expect(await failure(sql("alter table t add column mine integer"))).toMatchObject({
      code: "TR013",
      hint: "To drop it: select pgtrickle.drop_stream_table('public.t'); to change its query, and with that its columns: select pgtrickle.alter_stream_table('public.t', query => '…');",
    });
  });
});

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

test("in a restored database it waits for adopt(); an adopted one goes on with the query that it had", async () => {
  await change("select event_type, avg(value) as mean from lake.events group by event_type");
  await sql("update pgtrickle_internal.installation set database_oid = 1");
  expect(await failure(change(LARGE))).toMatchObject({ code: "TR017" });
  await sql("select pgtrickle.adopt()");
  await sql("select pgtrickle.resume_scheduler(array['t'])");
  await insertEvents(pool(), "view", 3, 40);
  await sql("select pgtrickle.refresh('t')");
  expect((await rowsOf()).map((row) => Number(row.mean))).toEqual([5, 30]);
  expect(await verified()).toEqual(RIGHT);
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
