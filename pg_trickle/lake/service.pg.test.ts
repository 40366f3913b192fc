/** The engine answers: cancels, busy hours, strangers, and its own death. */
import { Client } from "pg";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { cancel, connectEngine, failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle({ lakeEnv: { LAKE_MAX_SESSIONS: "12", LAKE_MAX_RUNNING: "2" } });
const clients: Client[] = [];

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: trickle().url });
  client.on("error", () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

async function engineClient(): Promise<Client> {
  const client = await connectEngine(trickle().lake);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
});

beforeAll(async () => {
  await trickle()
    .pool()
    .query("insert into lake.events select gen_random_uuid(), 'click', g, now() from generate_series(1, 20000) g");
});

/** Never ends by itself within a test's patience. */
const LONG = "select count(*) from lake.events a, lake.events b, lake.events c where a.value + b.value + c.value < 0";
const LONG_IN_ENGINE = LONG.replaceAll("lake.events", "main.events");

describe("a long query", () => {
  test("ends with statement_timeout, and the session goes on", async () => {
    const client = await connect();
    await client.query("select 1 from lake.events limit 1");
    await client.query("set statement_timeout = '1s'");
    const failed = await failureOf(client.query(LONG));
    expect(failed.code).toBe("57014");
    const { rows } = await client.query("select count(*)::int as n from lake.events");
    expect(rows).toEqual([{ n: 20_000 }]);
  });

  test("ends with pg_cancel_backend while its rows are being read", async () => {
    const client = await connect();
    const { rows } = await client.query("select pg_backend_pid() as pid");
    const query = failureOf(
      client.query(
        "select a.value from lake.events a, lake.events b where a.value + b.value > random() offset 1000000000",
      ),
    );
    await until(async () => {
      const active = await trickle()
        .pool()
        .query("select 1 from pg_stat_activity where pid = $1 and wait_event ilike '%postgresfdw%'", [rows[0].pid]);
      return active.rows.length > 0;
    });
    await trickle().pool().query("select pg_cancel_backend($1)", [rows[0].pid]);
    expect((await query).code).toBe("57014");
  });

  test("ends when its client is gone, and gives its place to the next", async () => {
    const gone = await engineClient();
    void gone.query(LONG_IN_ENGINE).catch(() => undefined);
    void (await engineClient()).query(LONG_IN_ENGINE).catch(() => undefined);
    for (const client of clients.splice(0))
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    const { rows } = await (await engineClient()).query("select count(*) as n from main.events");
    expect(rows).toEqual([{ n: "20000" }]);
  });

  test("and four more of them do not keep others waiting", async () => {
    const busy = await Promise.all(Array.from({ length: 5 }, engineClient));
    const failures = busy.map((client) => failureOf(client.query(LONG_IN_ENGINE)));
    const client = await engineClient();
    // They end by being cancelled, below: whoever waited for them would wait for ever.
    for (let ping = 0; ping < 20; ping += 1) await client.query("select 1");
    const planner = await connectEngine(trickle().lake, { user: "plans" });
    clients.push(planner);
    expect((await planner.query("select ok, problem from engine.ping")).rows).toEqual([{ ok: true, problem: null }]);
    // A short query of the lake gets in as soon as the long ones are no longer young.
    await client.query("select count(*) from main.events");
    for (const each of busy) cancel(trickle().lake, each);
    expect((await Promise.all(failures)).map((failure) => failure.code)).toEqual(
      Array.from({ length: 5 }, () => "57014"),
    );
  });
});

describe("a cursor that is closed before its end", () => {
  test("leaves no transaction open in the catalog", async () => {
    const head = await trickle().pool().query("select max(snapshot_id) as id from ducklake.ducklake_snapshot");
    const client = await engineClient();
    await client.query("begin");
    await client.query(`declare c cursor for select value from main."events@${head.rows[0].id}"`);
    await client.query("fetch 10 from c");
    await client.query("close c");
    await client.query("select 1");
    await until(async () => {
      const { rows } = await trickle()
        .pool()
        .query(
          `select count(*)::int as n from pg_stat_activity where state = 'idle in transaction'
          and application_name like 'pg_trickle lake engine%' and datname = current_database()`,
        );
      return rows[0].n === 0;
    });
    await client.query("commit");
  });
});

describe("a stranger", () => {
  test.each([
    { who: "a wrong password", login: { user: "lake", password: "wrong" } },
    { who: "an unknown user", login: { user: "postgres", password: "postgres" } },
    { who: "the password of another user", login: { user: "plans", password: "lake" } },
  ])("with $who is refused with 28P01", async ({ login }) => {
    const failed = await failureOf(connectEngine(trickle().lake, login));
    expect(failed.code).toBe("28P01");
  });

  test("one session too many is refused with 53300 and a hint", async () => {
    const sessions: Client[] = [];
    const failed = await failureOf(
      (async () => {
        for (;;) sessions.push(await connectEngine(trickle().lake));
      })(),
    );
    expect(failed.code).toBe("53300");
    expect(failed.hint).toContain("LAKE_MAX_SESSIONS");
    await Promise.all(sessions.map((session) => session.end()));
  });
});

describe("each user stays in its own house", () => {
  test.each([
    ["lake", "select ok from engine.ping", /^42501$/],
    ["lake", "select * from postgres_query('__ducklake_metadata_lake', 'select 1')", /^(42501|LT00[357])$/],
    ["lake", "select usename from __ducklake_metadata_lake.pg_catalog.pg_user", /^(42501|LT00[357])$/],
    ["lake", "select content from read_text('/etc/passwd')", /^(42501|LT00[357])$/],
    ["lake", "select event_type from '/etc/passwd'", /^(42501|LT00[357])$/],
    ["lake", "copy main.events to '/tmp/stolen.csv'", /^LT005$/],
    ["lake", "attach '/tmp/other.db' as other", /^LT005$/],
    ["lake", "create table main.mine (a int)", /^LT005$/],
    ["lake", "call postgres_execute('__ducklake_metadata_lake', 'select 1')", /^LT005$/],
    ["lake", "set lock_configuration = false", /^42704$/],
    ["lake", "select getenv('LAKE_PASSWORD')", /^LT003$/],
    ["lake", "delete from main.events where event_type in (select usename from pg_user)", /^(42501|LT00[357])$/],
    ["plans", "select count(*) from main.events", /^42501$/],
    ["plans", "delete from main.events", /^(42501|LT00[0-9])$/],
    ["plans", "select 1 from lake.main.events", /^(42501|LT00[0-9])$/],
  ] as const)("%s may not run %s", async (user, sql, code) => {
    const client = await connectEngine(trickle().lake, { user });
    const failed = await failureOf(client.query(sql));
    await client.end();
    expect(failed.code).toMatch(code);
  });
});

describe("an engine that is stopped", () => {
  test("is killed by its watchdog, and the next one serves", async () => {
    const client = await connect();
    await client.query("select 1 from lake.events limit 1");
    const before = trickle().lake.enginePid();
    process.kill(before, "SIGSTOP");
    const failed = await failureOf(client.query("select count(*) from lake.events"));
    expect(failed.code).toMatch(/^08/);
    await until(
      async () => (await client.query("select count(*) from lake.events").catch(() => undefined)) !== undefined,
    );
    expect(trickle().lake.enginePid()).not.toBe(before);
  });

  test("ends its catalog sessions with the next one's start", async () => {
    const { rows } = await trickle()
      .pool()
      .query(
        `select count(distinct application_name)::int as n from pg_stat_activity
        where application_name like 'pg_trickle lake engine%' and datname = current_database()`,
      );
    expect(rows[0].n).toBeLessThanOrEqual(1);
  });

  test("by SIGTERM tells its clients and leaves no process behind", async () => {
    const client = await engineClient();
    const ended = new Promise<Error>((resolve) => client.once("error", resolve));
    await trickle().lake.stop();
    expect((await ended).message).toMatch(/terminating|terminated/);
  });
});
