/** `pgtrickle.create_lake_table()`: a table in the lake and its foreign table here, and whose they are. */
import { describe, expect, test } from "vitest";
import { failureOf } from "../lake/testing/engine-client.ts";
import {
  ALICE,
  alice,
  BOB,
  bob,
  create,
  duckdb,
  inLake,
  notices,
  refusal,
  sql,
  trickle,
} from "./testing/made-lake-tables.ts";

describe("a lake table that a member of pgtrickle_admin makes", () => {
  test("is written, read, and under a stream table at once, in one transaction", async () => {
    await alice.query("begin");
    const { rows } = await create(alice, "orders", "id bigint not null, total numeric(12,2), at timestamptz");
    expect(rows).toEqual([{ made: "lake.orders" }]);
    await alice.query(
      "select pgtrickle.create_stream_table('public', 'order_total', 'select count(*) as n, sum(total) as total from lake.orders', '1h', 'DIFFERENTIAL')",
    );
    await alice.query("commit");
    expect(await inLake("orders")).toEqual([
      { column_name: "id", data_type: "BIGINT", is_nullable: "NO" },
      { column_name: "total", data_type: "DECIMAL(12,2)", is_nullable: "YES" },
      { column_name: "at", data_type: "TIMESTAMP WITH TIME ZONE", is_nullable: "YES" },
    ]);
    await alice.query("insert into lake.orders values (1, 10.50, now()), (2, 0.25, null)");
    await alice.query("update lake.orders set total = 1 where id = 2");
    await alice.query("select pgtrickle.refresh('order_total')");
    expect((await alice.query("select n, total from public.order_total")).rows).toEqual([{ n: "2", total: "11.50" }]);
    expect((await alice.query("select ok from pgtrickle.verify('order_total', 'rows')")).rows).toEqual([{ ok: true }]);
  });

  test("says in the lake's history who made it", async () => {
    expect(
      await sql(
        `select author, commit_message from ducklake.ducklake_snapshot_changes where changes_made like '%created_table:"main"."orders"%'`,
      ),
    ).toEqual([{ author: ALICE, commit_message: "shop: created main.orders" }]);
  });

  test("enforces NOT NULL in the lake", async () => {
    const { code } = await failureOf(alice.query("insert into lake.orders (id, total) values (null, 1)"));
    expect(code).toBe("23502");
    const { message } = await failureOf(duckdb.run("insert into lake.orders (total) values (1)"));
    expect(message).toMatch(/NOT NULL constraint failed/);
  });

  test("is the caller's to use and to pass on, not to point elsewhere", async () => {
    expect((await failureOf(bob.query("select * from lake.orders"))).code).toBe("42501");
    await alice.query(`grant usage on schema lake to ${BOB}`);
    await alice.query(`grant select on lake.orders to ${BOB}`);
    expect((await bob.query("select count(*)::int as n from lake.orders")).rows).toEqual([{ n: 2 }]);
    const { code, message } = await failureOf(
      alice.query("alter foreign table lake.orders options (set table_name 'events')"),
    );
    expect({ code, message }).toEqual({ code: "42501", message: "must be owner of foreign table orders" });
  });

  test("may be in a schema of the caller's", async () => {
    const { rows } = await create(alice, 'public."Odd ""name"', '"Mixed ""case" text, plain varchar, tags text[]');
    expect(rows).toEqual([{ made: 'public."Odd ""name"' }]);
    await alice.query(`insert into public."Odd ""name" values ('a', 'b', '{c,NULL,"d e"}')`);
    expect((await alice.query('select * from public."Odd ""name"')).rows).toEqual([
      { 'Mixed "case': "a", plain: "b", tags: ["c", null, "d e"] },
    ]);
  });

  test("has every type that PostgreSQL and a lake share, and gives its values back", async () => {
    const types: Readonly<Record<string, readonly string[]>> = {
      boolean: ["true", "{true,false}"],
      smallint: ["-32768", "{1,NULL}"],
      int: ["7", "{7}"],
      bigint: ["9223372036854775807", "{1}"],
      "numeric(38,10)": ["1234567890123456789012345678.0123456789", "{1.5000000000}"],
      real: ["1.5", "{1.5}"],
      "double precision": ["1e-300", "{1e-300}"],
      text: ["a'b\\c", '{"a\'b\\\\c"}'],
      uuid: ["00000000-0000-0000-0000-00000000000a", "{00000000-0000-0000-0000-00000000000a}"],
      date: ["2026-01-02", "{2026-01-02}"],
      time: ["01:02:03.000004", "{01:02:03.000004}"],
      timestamp: ["2026-01-02 03:04:05.000006", '{"2026-01-02 03:04:05.000006"}'],
      timestamptz: ["2026-01-02 03:04:05.000006+00", '{"2026-01-02 03:04:05.000006+00"}'],
      interval: ["1 mon 2 days 03:04:05.006"],
      bytea: ["\\x00ff41"],
      json: ['{"a": [1, null]}'],
    };
    const columns = Object.entries(types).flatMap(([type, values]) => values.map((value, i) => ({ type, value, i })));
    const names = columns.map((_, index) => `c${index}`);
    const list = columns.map(({ type, i }, index) => `c${index} ${type}${i === 1 ? "[]" : ""}`).join(", ");
    await create(alice, "lake.types", list);
    await alice.query("set timezone = 'UTC'");
    await alice.query(
      `insert into lake.types values (${names.map((_, index) => `$${index + 1}`).join(", ")})`,
      columns.map(({ value }) => value),
    );
    const { rows } = await alice.query(`select ${names.map((name) => `${name}::text`).join(", ")} from lake.types`);
    const shown = (value: string) => (value === "{true,false}" ? "{t,f}" : value);
    expect(Object.values(rows[0])).toEqual(columns.map(({ value }) => shown(value)));
  });
});

describe("what was there before", () => {
  test("after a rollback the same call takes the table that the lake has kept", async () => {
    await alice.query("begin");
    await create(alice, "kept", "id bigint, name varchar");
    await alice.query("rollback");
    expect(await inLake("kept")).toHaveLength(2);
    expect(await sql("select to_regclass('lake.kept') as relation")).toEqual([{ relation: null }]);
    expect(await notices(alice, () => create(alice, "kept", "id int8, name text"))).toEqual([
      "lake table main.kept was there already, with the same columns: it is taken",
    ]);
    await alice.query("insert into lake.kept values (1, 'a')");
  });

  test("with other columns it is refused, and nothing is made here", async () => {
    await duckdb.run("create table lake.other_columns (id integer, s struct(a integer))");
    expect(await refusal(alice, "other_columns", "id bigint not null")).toMatchObject({
      code: "42P07",
      message: "lake table main.other_columns is there already, with other columns",
      detail: "It has: id integer, s struct. Wanted: id bigint not null.",
      hint: "Ask for the columns that it has, choose another name, or drop it in a DuckDB that has the lake attached: drop table lake.main.other_columns;",
    });
    expect(await sql("select to_regclass('lake.other_columns') as relation")).toEqual([{ relation: null }]);
  });

  test("rows of others are not the caller's, until he may use the server", async () => {
    await duckdb.run("create table lake.payroll (id integer)");
    await duckdb.run("insert into lake.payroll values (1)");
    expect(await refusal(bob, "payroll", "id integer")).toMatchObject({
      code: "42501",
      message: "lake table main.payroll has rows already, or had some",
      hint: `Rows of others are only for who has USAGE on server lake, as superusers do. Let one of them call it and grant rights to ${BOB}; or choose another name.`,
    });
    await sql(`grant usage on foreign server lake to ${BOB}`);
    expect(await notices(bob, () => create(bob, "payroll", "id integer"))).toEqual([
      "lake table main.payroll was there already, with the same columns: it is taken",
    ]);
    await sql(`revoke usage on foreign server lake from ${BOB}`);
    expect((await bob.query("select * from lake.payroll")).rows).toEqual([{ id: 1 }]);
  });

  test.each([
    ["deleted", "delete from lake.gone"],
    ["dropped with their table", "drop table lake.gone"],
  ])("nor are rows that have been %s, which older snapshots have", async (_, ending) => {
    await duckdb.run("create table lake.gone (id integer)");
    await duckdb.run("insert into lake.gone values (1)");
    await duckdb.run(ending);
    for (const name of ["gone", 'public."GONE"']) {
      expect(await refusal(bob, name, "id integer")).toMatchObject({
        code: "42501",
        message: expect.stringMatching(/^lake table main\.(?:gone|"GONE") has rows already, or had some$/),
      });
    }
    await duckdb.run("drop table if exists lake.gone");
  });

  test.each(["public.kept", 'public."KEPT"'])(
    "what has a foreign table is not given by a second one: %s",
    async (name) => {
      expect(await refusal(bob, name, "id bigint, name text")).toMatchObject({
        code: "42501",
        message: expect.stringMatching(/^lake table main\.(?:kept|"KEPT") has a foreign table already: lake\.kept$/),
        hint: "Ask for rights on lake.kept, or choose another name. Who has USAGE on server lake may make a second one.",
      });
    },
  );

  test("a second call is told that the table is there", async () => {
    expect(await refusal(alice, "kept", "id bigint, name text")).toMatchObject({
      code: "42P07",
      message: "relation lake.kept already exists",
      hint: "Choose another name.",
    });
  });

  test("a name that the lake does not tell from another, and a view", async () => {
    await duckdb.run("create table lake.capital (id integer)");
    await duckdb.run("create view lake.a_view as select 1 as id");
    expect(await refusal(alice, '"Capital"', "id integer")).toMatchObject({
      code: "42P07",
      message: "lake table main.capital is there, and a lake does not tell main.Capital from it",
      hint: "Choose another name.",
    });
    expect(await refusal(alice, "a_view", "id integer")).toMatchObject({
      code: "42P07",
      message: "main.a_view is a view in the lake",
    });
  });

  test("two callers at once: one makes it, the other is told", async () => {
    const both = await Promise.allSettled([create(alice, "raced", "id integer"), create(bob, "raced", "id integer")]);
    const refused = both.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
    expect(refused).toEqual(["42P07"]);
    expect(await inLake("raced")).toHaveLength(1);
  });
});

test("many at once, beside others who write", async () => {
  const names = Array.from({ length: 8 }, (_, index) => `crowd_${index}`);
  const writing = async () => {
    for (let count = 0; count < 10; count += 1) await sql("insert into lake.events (value) values (1)");
  };
  const elsewhere = async () => {
    for (let count = 0; count < 10; count += 1) await duckdb.run("insert into lake.events (value) values (1)");
  };
  const made = names.map((name) => sql(`select pgtrickle.create_lake_table('${name}', 'id integer') as made`));
  expect((await Promise.all([Promise.all(made), writing(), elsewhere()]))[0]).toEqual(
    names.map((name) => [{ made: `lake.${name}` }]),
  );
  for (const name of names) expect(await inLake(name)).toHaveLength(1);
  expect(await sql("select count(*)::int as n from lake.events")).toEqual([{ n: 20 }]);
});

describe("its end", () => {
  test("a dropped foreign table leaves the lake's as it is, and a stream table over it says what is missing", async () => {
    expect((await failureOf(alice.query("drop foreign table lake.orders"))).message).toBe(
      "must be owner of foreign table orders",
    );
    await sql("drop foreign table lake.orders");
    expect(await inLake("orders")).toHaveLength(3);
    await duckdb.run("insert into lake.orders values (3, 1, null)");
    expect(await failureOf(alice.query("select pgtrickle.refresh('order_total')"))).toMatchObject({
      code: "TR016",
      message: "source lake.orders of stream table public.order_total was dropped",
      hint: "Make the foreign table again if it is not there, then give the stream table its query again, or another one: select pgtrickle.alter_stream_table('public.order_total', query => '…');",
    });
  });

  test("a superuser's same call brings it back, with its rows", async () => {
    const { code } = await refusal(alice, "orders", "id bigint not null, total numeric(12,2), at timestamptz");
    expect(code).toBe("42501");
    await sql(
      "select pgtrickle.create_lake_table('orders', 'id bigint not null, total numeric(12,2), at timestamptz')",
    );
    expect(await sql("select count(*)::int as n from lake.orders")).toEqual([{ n: 3 }]);
  });

  test("with the engine away nothing is made here either", async () => {
    await trickle().lake.stop();
    const { code } = await refusal(alice, "no_engine", "id integer");
    expect(code).toMatch(/^08/);
    expect(await sql("select to_regclass('lake.no_engine') as relation")).toEqual([{ relation: null }]);
    await trickle().restartLake();
    await create(alice, "no_engine", "id integer");
  });
});
