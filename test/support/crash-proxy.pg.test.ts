import { Client } from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { type PostgresProxy, startPostgresProxy } from "./postgres-proxy.ts";
import type {} from "./provided.ts";
import { crashAt, WriteLog } from "./write-log.ts";

const { port, password } = inject("postgres");
const direct = { host: "127.0.0.1", port, user: "postgres", password, database: "postgres" };

let log: WriteLog;
let proxy: PostgresProxy;
let observer: Client;
let table: string;

beforeEach(async () => {
  log = new WriteLog();
  proxy = await startPostgresProxy({
    target: { host: "127.0.0.1", port },
    log,
    isWrite: (statement) => !statement.startsWith("select"),
  });
  observer = new Client(direct);
  await observer.connect();
  table = `crash_proxy_${Date.now()}`;
  await observer.query(`create table ${table} (n int)`);
});

afterEach(async () => {
  await observer.query(`drop table ${table}`);
  await observer.end();
  await proxy.close();
});

async function throughProxy(): Promise<Client> {
  const client = new Client({ ...direct, host: proxy.host, port: proxy.port });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function count(): Promise<number> {
  const { rows } = await observer.query<{ count: number }>(`select count(*)::int from ${table}`);
  return rows[0]?.count ?? -1;
}

test("statements pass and are counted in order, simple ones and those with parameters, reads not", async () => {
  const client = await throughProxy();
  await client.query("begin");
  await client.query(`insert into ${table} values ($1)`, [1]);
  await client.query({ name: "again", text: `insert into ${table} values ($1)`, values: [2] });
  await client.query({ name: "again", text: `insert into ${table} values ($1)`, values: [3] });
  const { rows } = await client.query(`select n, repeat('x', 100000) as wide from ${table} order by n`);
  await client.query("commit");
  expect(rows.map(({ n }) => n)).toEqual([1, 2, 3]);
  const insert = `insert into ${table} values ($1)`;
  expect(log.writes.map(({ n, what }) => `${n} ${what}`)).toEqual([
    "1 begin",
    ...[2, 3, 4].map((n) => `${n} ${insert}`),
    "5 commit",
  ]);
  await client.end();
  expect(await count()).toBe(3);
});

test("an error of the server passes too, and the connection goes on", async () => {
  const client = await throughProxy();
  await expect(client.query("insert into nowhere values (1)")).rejects.toMatchObject({ code: "42P01" });
  await expect(client.query("values ($1::int)", ["x"])).rejects.toMatchObject({ code: "22P02" });
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
});

test("a crash before a write: the server never hears of it", async () => {
  const client = await throughProxy();
  let isKilled = false;
  log.hook = crashAt(1, "before", () => {
    isKilled = true;
  });
  await expect(client.query(`insert into ${table} values (1)`)).rejects.toThrow();
  expect([isKilled, await count()]).toEqual([true, 0]);
});

test("a crash after a write: it is done, and the client doesn't know", async () => {
  const client = await throughProxy();
  log.hook = crashAt(1, "after", () => undefined);
  await expect(client.query(`insert into ${table} values (1)`)).rejects.toThrow();
  expect(await count()).toBe(1);
});

test("a crash between a write and its commit: nothing is left of it", async () => {
  const client = await throughProxy();
  log.hook = crashAt(3, "before", () => undefined);
  await client.query("begin");
  await client.query(`insert into ${table} values (1)`);
  await expect(client.query("commit")).rejects.toThrow();
  expect(await count()).toBe(0);
});

test("a backend that is terminated in the middle of a write tells its client", async () => {
  const client = await throughProxy();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const sleeping = client.query(`insert into ${table} select 1 from pg_sleep(60)`).catch((error: unknown) => error);
  const terminated = () => observer.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await expect.poll(() => log.writes.length).toBe(1);
  await terminated();
  expect(await sleeping).toMatchObject({ code: "57P01" });
});

test("a client that goes away takes its backend with it", async () => {
  const client = await throughProxy();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  client.connection.stream.destroy();
  const alive = () => observer.query("select 1 from pg_stat_activity where pid = $1", [rows[0]?.pid]);
  await expect.poll(async () => (await alive()).rowCount).toBe(0);
});
