/** Another query that is refused, with nothing changed; and one in a restored database. */
import { describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { until } from "../../test/support/until.ts";
import { change, everything, LARGE, pool, RIGHT, rowsOf, sql, trickle, verified } from "./testing/changed-query.ts";

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
    ["select event_type, max(value) as largest from lake.events group by rollup (event_type)", "TR009", "AUTO"],
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
