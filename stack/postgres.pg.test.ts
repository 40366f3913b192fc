import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openTrickle } from "../test/support/trickle.ts";
import { unprivilegedAccount } from "./account.ts";
import { isPortFree, PortTakenError } from "./ports.ts";
import { postgresUrl, startPostgres } from "./postgres.ts";
import { temporaryFolder } from "./processes.ts";

const client = new Client({ connectionString: postgresUrl(inject("postgres"), "postgres") });
beforeAll(() => client.connect());
afterAll(() => client.end());

async function value(sql: string): Promise<unknown> {
  const { rows } = await client.query({ text: sql, rowMode: "array" });
  return rows[0]?.[0];
}

test("PostgreSQL 18 runs, and not as root", async () => {
  expect(await value("show server_version_num")).toMatch(/^18/);
  expect(unprivilegedAccount(0)).toEqual({ uid: 65_534, gid: 65_534 });
  expect(unprivilegedAccount(1000)).toBeUndefined();
});

test("it finds the extension beside those of PostgreSQL itself", async () => {
  const names =
    "select array_agg(name order by name) from pg_available_extensions where name in ('pg_trickle', 'postgres_fdw')";
  expect(await value(names)).toEqual("{pg_trickle,postgres_fdw}");
});

test("it listens on loopback only", async () => {
  expect(await value("show listen_addresses")).toBe("127.0.0.1");
});

test("a taken port is an error of its own kind and leaves nothing behind", async () => {
  const folder = temporaryFolder();
  const { port } = inject("postgres");
  try {
    const started = startPostgres({
      dataDir: `${folder.path}/data`,
      socketDir: `${folder.path}/socket`,
      logFile: `${folder.path}/postgres.log`,
      port,
    });
    await expect(started).rejects.toThrow(PortTakenError);
  } finally {
    folder.remove();
  }
});

test("a second cluster starts on a port of its own and frees it when it stops", async () => {
  const folder = temporaryFolder();
  const second = await startPostgres({
    dataDir: `${folder.path}/data`,
    socketDir: `${folder.path}/socket`,
    logFile: `${folder.path}/postgres.log`,
  });
  expect(second.port).not.toBe(inject("postgres").port);
  await second.stop();
  expect(await isPortFree(second.port)).toBe(true);
  folder.remove();
});

test("a database may sort by the rules of a language", async () => {
  const database = await openTrickle({ locale: "en_US", engine: false });
  try {
    const { rows } = await database
      .pool()
      .query("select array_agg(x order by x) as sorted from unnest(array['b','A','a','B']) x");
    expect(rows[0].sorted).toEqual(["a", "A", "b", "B"]);
  } finally {
    await database.drop();
  }
});
