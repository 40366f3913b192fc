/** One PostgreSQL transaction is one DuckLake snapshot, or nothing at all. */
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { connectEngine, failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
const clients: Client[] = [];

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: trickle().url });
  client.on("error", () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

async function head(): Promise<number> {
  const { rows } = await trickle().pool().query("select max(snapshot_id)::int as id from ducklake.ducklake_snapshot");
  return rows[0].id;
}

async function counts(): Promise<Record<string, number>> {
  const { rows } = await trickle()
    .pool()
    .query("select event_type, count(*)::int as n from lake.events group by event_type order by 1");
  return Object.fromEntries(rows.map((row) => [row.event_type, row.n]));
}

const insert = (type: string, count: number) =>
  `insert into lake.events select gen_random_uuid(), '${type}', g, now() from generate_series(1, ${count}) g`;

beforeEach(async () => {
  await trickle().pool().query("delete from lake.events");
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
});

describe("a transaction", () => {
  test("of several statements makes one snapshot, seen by itself at once and by others after COMMIT", async () => {
    const client = await connect();
    const before = await head();
    await client.query("begin");
    await client.query(insert("click", 100));
    await client.query(insert("view", 10));
    const own = await client.query("select count(*)::int as n from lake.events");
    await client.query("update lake.events set value = 7 where event_type = 'view'");
    await client.query("delete from lake.events where event_type = 'click' and value > 50");
    await client.query(insert("purchase", 1));
    expect(own.rows).toEqual([{ n: 110 }]);
    expect(await counts()).toEqual({});
    await client.query("commit");
    expect(await head()).toBe(before + 1);
    expect(await counts()).toEqual({ click: 50, purchase: 1, view: 10 });
  });

  test("that is rolled back leaves no snapshot and no row", async () => {
    const client = await connect();
    const before = await head();
    await client.query("begin");
    await client.query(insert("click", 100));
    await client.query("delete from lake.events");
    await client.query("rollback");
    expect(await head()).toBe(before);
    expect(await counts()).toEqual({});
  });

  test("whose PostgreSQL part fails at COMMIT writes nothing", async () => {
    const client = await connect();
    await client.query("create temp table parents (id int primary key)");
    await client.query("create temp table children (id int references parents deferrable initially deferred)");
    await client.query("begin");
    await client.query(insert("click", 10));
    await client.query("insert into children values (1)");
    const failed = await failureOf(client.query("commit"));
    expect(failed.code).toBe("23503");
    expect(await counts()).toEqual({});
  });

  test("loses what came after a savepoint, also when it has been read in between", async () => {
    const client = await connect();
    await client.query("begin");
    await client.query(insert("kept", 3));
    await client.query("savepoint a");
    await client.query(insert("lost", 3));
    await client.query("select count(*) from lake.events");
    await client.query("rollback to a");
    const inside = await client.query("select event_type, count(*)::int as n from lake.events group by 1");
    await client.query(insert("later", 1));
    await client.query("commit");
    expect(inside.rows).toEqual([{ event_type: "kept", n: 3 }]);
    expect(await counts()).toEqual({ kept: 3, later: 1 });
  });

  test("goes on after an error that was caught, when it had only read and appended", async () => {
    const client = await connect();
    await client.query(insert("click", 1));
    await client.query(`do $$ begin
      insert into lake.events values (gen_random_uuid(), 'kept', 1, now());
      begin perform count(*) from lake.events where value / (value - 1) = 1 offset 0; exception when others then null; end;
      insert into lake.events values (gen_random_uuid(), 'later', 1, now());
    end $$`);
    expect(await counts()).toEqual({ click: 1, kept: 1, later: 1 });
  });

  test("cannot lose a DELETE by a savepoint, and fails as a whole instead", async () => {
    const client = await connect();
    await client.query(insert("click", 5));
    await client.query("begin");
    await client.query("savepoint a");
    await client.query("delete from lake.events");
    await failureOf(client.query("rollback to a").then(() => client.query("commit")));
    await client.query("rollback").catch(() => undefined);
    expect(await counts()).toEqual({ click: 5 });
  });

  test("of a backend that is terminated in the middle leaves nothing behind, and nobody waiting", async () => {
    const client = await connect();
    await client.query("begin");
    await client.query(insert("click", 5));
    await client.query("delete from lake.events where event_type = 'click'");
    const { rows } = await client.query("select pg_backend_pid() as pid");
    await trickle().pool().query("select pg_terminate_backend($1)", [rows[0].pid]);
    await trickle().pool().query("delete from lake.events");
    expect(await counts()).toEqual({});
  });

  test("of an engine that is killed in the middle fails, and the session goes on with the next engine", async () => {
    const client = await connect();
    await client.query("begin");
    await client.query(insert("click", 5));
    await client.query("select count(*) from lake.events");
    process.kill(trickle().lake.enginePid(), "SIGKILL");
    const failed = await failureOf(client.query("commit"));
    expect(failed.code).toMatch(/^08/);
    await until(() =>
      counts().then(
        (found) => Object.keys(found).length === 0,
        () => false,
      ),
    );
    await client.query("rollback").catch(() => undefined);
    await client.query(insert("view", 2));
    expect(await counts()).toEqual({ view: 2 });
  });

  test("shows in the snapshot who wrote it", async () => {
    const client = await connectEngine(trickle().lake, { applicationName: "nightly batch" });
    await client.query("insert into main.events (event_type) values ('click')");
    await client.end();
    const { rows } = await trickle()
      .pool()
      .query("select author, commit_message from ducklake.ducklake_snapshot_changes order by snapshot_id desc limit 1");
    expect(rows).toEqual([{ author: "nightly batch", commit_message: "changed main.events" }]);
  });
});

describe("the operation marker", () => {
  const marked = (attempt: number) =>
    connectEngine(trickle().lake, { applicationName: `strw/0b5c6f3e-uid/repair/${attempt}` });

  test("lets an operation commit once, whoever tries again", async () => {
    const first = await marked(1);
    await first.query("insert into main.events (event_type) values ('repaired')");
    await first.end();
    const { rows } = await trickle()
      .pool()
      .query(
        "select author, commit_message, commit_extra_info from ducklake.ducklake_snapshot_changes order by snapshot_id desc limit 1",
      );
    expect(rows).toEqual([
      {
        author: "lake",
        commit_message: "StreamTableRewind repair 0b5c6f3e-uid",
        commit_extra_info: '{"operation":"strw/0b5c6f3e-uid/repair","attempt":1}',
      },
    ]);
    const second = await marked(2);
    const refused = await failureOf(second.query("insert into main.events (event_type) values ('repaired')"));
    await second.end();
    expect(refused.code).toBe("LT006");
    expect(await counts()).toEqual({ repaired: 1 });
  });

  test("serialises two attempts at the same time", async () => {
    const [left, right] = await Promise.all([
      connectEngine(trickle().lake, { applicationName: "strw/two/repair/1" }),
      connectEngine(trickle().lake, { applicationName: "strw/two/repair/2" }),
    ]);
    const outcomes = await Promise.allSettled(
      [left, right].map((client) => client.query("insert into main.events (event_type) values ('repaired')")),
    );
    await Promise.all([left.end(), right.end()]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await counts()).toEqual({ repaired: 1 });
  });
});
