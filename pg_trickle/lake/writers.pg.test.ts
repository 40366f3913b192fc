/** Writers of one table never fail because of each other: a repair succeeds under ingest at full speed. */
import { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { connectEngine, failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
const clients: Client[] = [];

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: trickle().url });
  await client.connect();
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
});

async function count(condition: string): Promise<number> {
  const { rows } = await trickle().pool().query(`select count(*)::int as n from lake.events where ${condition}`);
  return rows[0].n;
}

/** Inserts batches until it is told to stop; gives the number of batches. */
async function ingest(writer: number, isStopped: () => boolean): Promise<number> {
  const client = await connect();
  let batches = 0;
  while (!isStopped()) {
    await client.query("insert into lake.events select gen_random_uuid(), $1, g, now() from generate_series(1, 50) g", [
      `writer ${writer}`,
    ]);
    batches += 1;
  }
  return batches;
}

describe("three writers at full speed", () => {
  test("a repair of 1000 rows succeeds, no writer sees an error, and no row is lost", async () => {
    const pool = trickle().pool();
    await pool.query(
      "insert into lake.events select gen_random_uuid(), 'CORRUPTED_EVENT', 999999, now() from generate_series(1, 1000)",
    );
    let isStopped = false;
    const writers = [1, 2, 3].map((writer) => ingest(writer, () => isStopped));
    await until(async () => (await count("event_type = 'writer 3'")) > 0);
    const repairs: number[] = [];
    for (let repair = 0; repair < 5; repair += 1) {
      const client = await connect();
      await client.query("begin");
      const deleted = await client.query("delete from lake.events where event_type = 'CORRUPTED_EVENT'");
      await client.query("update lake.events set value = value + 1 where event_type = 'writer 1' and value = 50");
      await client.query(
        "insert into lake.events select gen_random_uuid(), 'CORRUPTED_EVENT', 1, now() from generate_series(1, 7)",
      );
      await client.query("commit");
      repairs.push(deleted.rowCount ?? -1);
    }
    isStopped = true;
    const batches = await Promise.all(writers);
    expect(repairs).toEqual([1000, 7, 7, 7, 7]);
    expect(await count("event_type like 'writer _'")).toBe(batches.reduce((sum, each) => sum + each, 0) * 50);
  });

  test("row-by-row changes succeed as well", async () => {
    const pool = trickle().pool();
    await pool.query("insert into lake.events select gen_random_uuid(), 'rows', 1, now() from generate_series(1, 200)");
    let isStopped = false;
    const writers = [1, 2].map((writer) => ingest(writer, () => isStopped));
    const client = await connect();
    for (let round = 0; round < 3; round += 1) {
      await client.query("update lake.events set value = value + (random() < 2)::int where event_type = 'rows'");
    }
    isStopped = true;
    await Promise.all(writers);
    expect(await count("event_type = 'rows' and value = 4")).toBe(200);
  });
});

describe("two transactions", () => {
  test("that read before they change see what the other one has committed", async () => {
    const [left, right] = await Promise.all([connect(), connect()]);
    await trickle().pool().query("insert into lake.events values (gen_random_uuid(), 'counter', 0, now())");
    const bump = async (client: Client) => {
      await client.query("begin");
      await client.query("select count(*) from lake.events where event_type = 'counter'");
      await client.query("update lake.events set value = value + 1 where event_type = 'counter'");
      await client.query("commit");
    };
    await Promise.all([bump(left), bump(right)]);
    expect(await count("event_type = 'counter' and value = 2")).toBe(1);
  });

  test("that wait for each other are told so at once", async () => {
    const lake = trickle().lake;
    const pool = trickle().pool();
    const duckdb = await trickle().duckdb({ readOnly: false });
    await duckdb.rows("create table if not exists lake.main.others (event_type varchar)");
    await pool.query("insert into lake.events values (gen_random_uuid(), 'deadlock', 0, now())");
    const [left, right] = await Promise.all([connectEngine(lake), connectEngine(lake)]);
    await left.query("begin");
    await right.query("begin");
    await left.query("delete from main.events where event_type = 'deadlock'");
    await right.query("delete from main.others where event_type = 'deadlock'");
    const waiting = left.query("delete from main.others where event_type = 'deadlock'");
    const refused = await failureOf(right.query("delete from main.events where event_type = 'deadlock'"));
    expect(refused.code).toBe("40P01");
    await right.query("rollback");
    await waiting;
    await left.query("rollback");
    await Promise.all([left.end(), right.end()]);
  });
});

describe("a writer outside of the engine", () => {
  test("does not make appends fail", async () => {
    const client = await connect();
    const duckdb = await trickle().duckdb({ readOnly: false });
    await client.query("begin");
    await client.query("insert into lake.events values (gen_random_uuid(), 'patient', 1, now())");
    await client.query("select count(*) from lake.events");
    await duckdb.rows("delete from lake.main.events where event_type = 'rows'");
    await client.query("commit");
    expect(await count("event_type = 'patient'")).toBe(1);
  });

  test("does not make a DELETE fail that is the same after it", async () => {
    const client = await connect();
    const duckdb = await trickle().duckdb({ readOnly: false });
    await client.query("begin");
    await client.query("delete from lake.events where event_type = 'patient'");
    await duckdb.rows("insert into lake.main.events (event_type) values ('outside')");
    await client.query("commit");
    expect(await count("event_type in ('patient', 'outside')")).toBe(1);
  });

  test("makes a DELETE that would take other rows now fail with 40001, and nothing half done", async () => {
    const client = await connect();
    const duckdb = await trickle().duckdb({ readOnly: false });
    await client.query("begin");
    await client.query("delete from lake.events where event_type = 'outside'");
    await duckdb.rows("insert into lake.main.events (event_type) values ('outside')");
    const failed = await failureOf(client.query("commit"));
    expect(failed.code).toBe("40001");
    expect(await count("event_type = 'outside'")).toBe(2);
  });
});
