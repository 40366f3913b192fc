/** A DuckDB instance that has died is replaced by whoever meets it, and asked again; the engine stands in this process. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { conninfo } from "../../stack/ducklake.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { readConfig } from "./config.ts";
import { LakeHealth } from "./duck/health.ts";
import { Lake } from "./duck/lake.ts";
import { serve, watchHealth } from "./service.ts";
import { refuseRepeated } from "./session/operations.ts";
import { connectEngine, failureOf } from "./testing/engine-client.ts";
import { Mortals } from "./testing/mortal-instance.ts";
import type { WireServer } from "./wire/server.ts";

const trickle = useTrickle({ engine: false, setupFile: false });
const folder = temporaryFolder();
const logger = pino({ level: "silent" });
const mortals = new Mortals();
const signal = new AbortController().signal;
const socketDir = join(folder.path, "socket");
const address = { socketDir, port: 5499 };
let lake: Lake;
let server: WireServer;
let reader: Client;
let planner: Client;

beforeAll(async () => {
  const { attach } = trickle();
  for (const path of [socketDir, join(folder.path, "data")]) mkdirSync(path, { mode: 0o700 });
  const config = readConfig({
    LAKE_CATALOG: conninfo({ ...attach.catalog, host: inject("postgres").socketDir }),
    LAKE_DATA_PATH: join(folder.path, "data"),
    LAKE_EXTENSIONS: attach.extensions,
    LAKE_SOCKET_DIR: socketDir,
    LAKE_PORT: "5499",
    LAKE_PASSWORD: "lake",
    PLANS_PASSWORD: "plans",
    LAKE_TEMP_DIRECTORY: join(folder.path, "spill"),
  });
  lake = await Lake.open({ ...config }, logger, mortals.make);
  const setup = await lake.connect();
  await setup.run("create table lake.main.events (id bigint, v integer)", signal);
  await setup.run("create table lake.main.others (id bigint, v integer)", signal);
  for (const table of ["events", "others"])
    await setup.run(`insert into lake.main.${table} select i, 1 from range(50000) r(i)`, signal);
  setup.close();
  server = await serve(config, lake, logger);
  reader = await connectEngine(address);
  planner = await connectEngine(address, { user: "plans" });
});

afterEach(async () => {
  mortals.deadly = null;
  mortals.refuses = null;
  await reader.query("rollback");
  await planner.query("rollback");
});

afterAll(async () => {
  await reader.end();
  await planner.end();
  await server.close();
  folder.remove();
});

const count = async (client: Client, table = "events") =>
  Number((await client.query(`select count(*) as n from main.${table} where id >= 0`)).rows[0].n);

const plan = (table = "events") =>
  JSON.stringify({ sql: `select id, v from lake.${table}`, tables: { [`lake.${table}`]: `main.${table}` } });

const head = async () => {
  const connection = await lake.connect();
  const rows = await connection.all("select id::varchar from lake.current_snapshot()", signal);
  connection.close();
  return String(rows[0]?.[0]);
};

const recompute = async (to: string, table = "events") =>
  planner.query("select id, v from engine.recompute where plan = $1 and to_snapshot = $2", [plan(table), to]);

/** The step goes well though the instance is dead when it begins, and one new instance was made for it. */
async function heals(step: () => Promise<unknown>, isDead = true): Promise<void> {
  const before = mortals.made;
  if (isDead) mortals.kill();
  await step();
  expect(mortals.made).toBe(before + 1);
}

describe("a dead instance is replaced and asked again by", () => {
  test("a statement's parse and print", () => heals(async () => lake.print(await lake.parse("select 4711"))));

  test("a read of the lake", () => heals(async () => expect(await count(reader)).toBe(50_000)));

  test("the first read of a transaction", () =>
    heals(async () => {
      await reader.query("begin");
      expect(await count(reader)).toBe(50_000);
    }));

  test("a read at a snapshot", async () => {
    const at = await head();
    await heals(() => reader.query(`select id from main."events@${at}" where id < 3`));
  });

  test("a plan that is computed", async () => {
    const at = await head();
    await heals(async () => expect((await recompute(at)).rows).toHaveLength(50_000));
  });

  test("a plan that is described", () =>
    heals(() => planner.query("select description from engine.describe where plan = $1", [plan("others")])));

  test("the look-up of an operation", () =>
    heals(() => refuseRepeated({ lake, metadataSchema: "ducklake", operation: "strw/x/repair", signal })));

  test("a ping", () => heals(() => until(async () => (await planner.query("select ok from engine.ping")).rows[0].ok)));

  test.each([
    ["inserts that DuckDB had not seen yet", 900_001, []],
    ["inserts that DuckDB had seen", 900_002, ["select count(*) from main.others where id < 5"]],
  ] as const)("%s, and they are there once", (_what, id, between) =>
    heals(async () => {
      await reader.query("begin");
      await reader.query(`insert into main.others (id, v) values (${id}, 1)`);
      for (const statement of between) await reader.query(statement);
      mortals.kill();
      await reader.query("commit");
      const { rows } = await reader.query(`select v from main.others where id = ${id}`);
      expect(rows).toHaveLength(1);
    }, false),
  );

  test("many at once, with one new instance", async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectEngine(address)));
    await heals(async () => expect(await Promise.all(clients.map((client) => count(client)))).toHaveLength(5));
    await Promise.all(clients.map((client) => client.end()));
  });

  test("the watch over its health, when nobody asks for anything", async () => {
    const before = mortals.made;
    watchHealth(lake, logger);
    mortals.kill();
    await until(async () => mortals.made === before + 1);
  });
});

describe("what cannot be done again", () => {
  test.each([
    ["a transaction that has deleted", ["delete from main.others where id = -1"]],
    ["a transaction that has read", ["select count(*) from main.others where id < 5"]],
  ])("%s ends with 40001 and a hint, and nothing of it stays", async (_what, statements) => {
    const before = await count(reader, "others");
    await reader.query("begin");
    for (const statement of statements) await reader.query(statement);
    mortals.kill();
    const failed = await failureOf(count(reader, "others"));
    expect(failed).toMatchObject({ code: "40001", hint: expect.stringMatching(/run it again/) });
    await reader.query("commit");
    expect(await count(reader, "others")).toBe(before);
  });

  test("a plan's rows that were given in part end with 40001", async () => {
    const at = await head();
    await planner.query("begin");
    await planner.query(
      `declare c cursor for select id from engine.recompute where plan = '${plan()}' and to_snapshot = ${at}`,
    );
    await planner.query("fetch 10 from c");
    // What another session finds dead is replaced; the cursor's rows went with the old instance.
    await heals(() => count(reader));
    await planner.query("select ok from engine.ping where ok");
    const failed = await failureOf(planner.query("fetch 100000 from c"));
    expect(failed).toMatchObject({ code: "40001", hint: expect.stringMatching(/run it again/) });
  });

  test("a COMMIT that the instance dies of says that its outcome is not known", async () => {
    await reader.query("begin");
    await reader.query("delete from main.others where id = -2");
    mortals.deadly = /^commit$/;
    expect(await failureOf(reader.query("commit"))).toMatchObject({
      code: "08007",
      hint: expect.stringMatching(/look/),
    });
    mortals.deadly = null;
    expect(await count(reader)).toBe(50_000);
  });
});

describe("a query that the instance dies of", () => {
  test("is refused once it has done so twice, and the others go on", async () => {
    mortals.deadly = /% 7\b/;
    const deadly = () => reader.query("select id from main.events where id % 7 = 0");
    expect(await failureOf(deadly())).toMatchObject({
      code: "LT009",
      hint: expect.stringMatching(/Everything else goes on/),
    });
    const made = mortals.made;
    expect((await failureOf(deadly())).code).toBe("LT009");
    expect(await count(reader, "events")).toBe(50_000);
    expect(mortals.made).toBe(made);
  });

  test("is known by its plan, at whatever snapshot it is asked for", async () => {
    const at = Number(await head());
    mortals.deadly = /"?main"?\."?events"?/;
    expect((await failureOf(recompute(String(at)))).code).toBe("LT009");
    const made = mortals.made;
    expect((await failureOf(recompute(String(at - 1)))).code).toBe("LT009");
    expect(mortals.made).toBe(made);
    expect((await recompute(String(at), "others")).rows.length).toBeGreaterThan(0);
  });
});

describe("health", () => {
  test("is not ok while the instance is dead and none can be made, and says why", async () => {
    mortals.refuses = new Error("IO Error: Unable to connect to Postgres: connection refused");
    mortals.kill();
    const { rows } = await planner.query("select ok, problem from engine.ping");
    expect(rows).toEqual([{ ok: false, problem: expect.stringMatching(/Unable to connect/) }]);
    mortals.refuses = null;
    await until(async () => (await planner.query("select ok from engine.ping")).rows[0].ok);
    expect((await planner.query("select problem from engine.ping")).rows).toEqual([{ problem: null }]);
  });

  test("comes back with the first call that can have a new instance, whichever it is", async () => {
    mortals.refuses = new Error("IO Error: Unable to connect to Postgres: connection refused");
    mortals.kill();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await failureOf(reader.query("select v from main.events where id = 4712"))).toMatchObject({
        code: "08006",
      });
    }
    mortals.refuses = null;
    expect((await reader.query("select v from main.events where id = 4712")).rows).toEqual([{ v: 1 }]);
  });

  test("is not ok, in time, when the lake does not answer", async () => {
    const silent = new LakeHealth({ healing: () => new Promise(() => undefined) } as unknown as Lake, {
      metadataSchema: "ducklake",
      dataPath: "/lake/",
    });
    expect(await silent.problem()).toMatch(/did not answer within 2000 ms/);
  });

  test("sees a catalog that cannot be read", async () => {
    const admin = trickle().pool();
    await admin.query("alter table ducklake.ducklake_snapshot rename to ducklake_snapshot_away");
    const seen = await planner.query("select ok from engine.ping");
    await admin.query("alter table ducklake.ducklake_snapshot_away rename to ducklake_snapshot");
    expect(seen.rows).toEqual([{ ok: false }]);
    await until(async () => (await planner.query("select ok from engine.ping")).rows[0].ok);
  });
});
