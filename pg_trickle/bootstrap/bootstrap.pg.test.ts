/** The bootstrap as it runs in a pod: against a PostgreSQL that is there, again and again, with a real lake engine. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { conninfo } from "../../stack/ducklake.ts";
import { type Lake, startLake } from "../../stack/lake.ts";
import { postgresUrl } from "../../stack/postgres.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import type {} from "../../test/support/provided.ts";

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/timetravel/", import.meta.url));
const postgres = inject("postgres");
const folder = temporaryFolder();
const suffix = randomBytes(4).toString("hex");
const database = `bootstrap_${suffix}`;
const socketDir = join(folder.path, "socket");
const seedDir = join(folder.path, "seed");
const lakeSql = join(folder.path, "private/lake.sql");
let lake: Lake | undefined;

const environment = {
  ADMIN_URL: postgresUrl(postgres, "postgres"),
  DATABASE_NAME: database,
  LAKE_HOST: socketDir,
  LAKE_PORT: "5433",
  LAKE_PASSWORD: "lake",
  PLANS_PASSWORD: "plans",
  CATALOG_PASSWORD: "catalog",
  OPERATOR_ROLE: `operator_${suffix}`,
  OPERATOR_PASSWORD: "it's \\ the operator",
  SCHEDULER_ROLE: `scheduler_${suffix}`,
  SCHEDULER_PASSWORD: "scheduler",
  SEED_DIR: seedDir,
  PRIVATE_DIRS: join(folder.path, "private"),
  LAKE_INIT_SOURCE: join(EXAMPLE, "lake.sql"),
  LAKE_INIT_TARGET: lakeSql,
  WAIT_MS: "30000",
};

async function bootstrap(command: string, changes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, command], { env: { ...environment, ...changes } });
  return stdout;
}

async function query<T extends object>(sql: string, url = postgresUrl(postgres, database)): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

function failureOf(work: Promise<string>): Promise<{ code: number; stderr: string }> {
  return work.then(
    () => Promise.reject(new Error("it has succeeded")),
    (error: { code: number; stderr: string }) => error,
  );
}

beforeAll(async () => {
  await mkdir(seedDir);
  await writeFile(join(seedDir, "10-stream-table.sql"), await readFile(join(EXAMPLE, "database.sql")));
  await bootstrap("init");
});

afterAll(async () => {
  await lake?.stop();
  const admin = postgresUrl(postgres, "postgres");
  await query(`drop database if exists ${database} with (force)`, admin);
  await query(`drop role if exists operator_${suffix}`, admin);
  await query(`drop role if exists scheduler_${suffix}`, admin);
  folder.remove();
});

test("logins can log in and are members of what they need", async () => {
  const user = encodeURIComponent(environment.OPERATOR_PASSWORD);
  const url = `postgresql://operator_${suffix}:${user}@127.0.0.1:${postgres.port}/${database}`;
  expect(await query("select pg_has_role('pgtrickle_admin', 'member') as is_admin", url)).toEqual([{ is_admin: true }]);
});

test("folders for sockets and credentials are private", async () => {
  expect((await stat(join(folder.path, "private"))).mode & 0o777).toBe(0o700);
  expect((await stat(lakeSql)).mode & 0o777).toBe(0o600);
});

test("a second init changes nothing but passwords", async () => {
  const identity = "select oid from pg_database where datname = current_database()";
  const before = await query(identity);
  expect(await bootstrap("init", { OPERATOR_PASSWORD: "new" })).not.toContain("database created");
  expect(await query(identity)).toEqual(before);
  const url = `postgresql://operator_${suffix}:new@127.0.0.1:${postgres.port}/${database}`;
  expect(await query("select 1 as one", url)).toEqual([{ one: 1 }]);
});

test("seeding waits for the engine, happens once, and never again", async () => {
  const seeding = bootstrap("seed");
  lake = await startLake({
    catalog: conninfo({
      host: postgres.socketDir,
      port: postgres.port,
      database,
      user: "pgtrickle_catalog",
      password: "catalog",
    }),
    dataPath: join(folder.path, "data"),
    tempDir: join(folder.path, "temp"),
    extensions: postgres.duckdbExtensions,
    socketDir,
    port: 5433,
    lakePassword: "lake",
    plansPassword: "plans",
    initFile: lakeSql,
    logFile: join(folder.path, "lake.log"),
  });
  expect(await seeding).toContain('"msg":"seeded"');
  await query("select pgtrickle.drop_stream_table('public.event_summary')");
  expect(await bootstrap("seed")).not.toContain('"msg":"seeded"');
  expect(await query("select table_name from pgtrickle.pgt_stream_tables")).toEqual([]);
});

test("a seed file that fails leaves nothing and says which one and why", async () => {
  await writeFile(join(seedDir, "20-bad.sql"), "create table half (a int); select 1 / 0");
  const { code, stderr } = await failureOf(bootstrap("seed"));
  expect(code).toBe(1);
  expect(stderr).toContain("20-bad.sql: division by zero");
  expect(await query("select to_regclass('half') as half")).toEqual([{ half: null }]);
});

test("a data path that is not the catalog's ends at once, with both and what to do about it, and the right one is taken", async () => {
  const own = join(folder.path, "data");
  await bootstrap("init", { LAKE_DATA_PATH: own, OPERATOR_PASSWORD: "new" });
  const recorded = "select data_path from pgtrickle_internal.installation";
  expect(await query(recorded)).toEqual([{ data_path: own }]);
  const { code, stderr } = await failureOf(bootstrap("init", { LAKE_DATA_PATH: "s3://other/lake/" }));
  expect(code).toBe(1);
  expect(stderr).toBe(
    `bootstrap: the lake's catalog has the data path ${own}/, and the lake engine is set to s3://other/lake/\nSet LAKE_DATA_PATH (in the chart pgTrickle.lake.s3.bucket and .prefix) to the catalog's. Or, if the files were moved, stop all clients and run in PostgreSQL: update ducklake.ducklake_metadata set value = 's3://other/lake/' where key = 'data_path';\n`,
  );
  expect(await query(recorded)).toEqual([{ data_path: own }]);
});

test("a wrong password ends at once, with what to do about it", async () => {
  const url = environment.ADMIN_URL.replace(/postgres:[^@]*@/, "postgres:wrong@");
  const { code, stderr } = await failureOf(bootstrap("init", { ADMIN_URL: url }));
  expect(code).toBe(1);
  expect(stderr).toContain("A volume keeps the password");
  expect(stderr).not.toContain("wrong@");
});

test("somebody who is no superuser is told so", async () => {
  const url = `postgresql://operator_${suffix}:new@127.0.0.1:${postgres.port}/postgres`;
  expect((await failureOf(bootstrap("init", { ADMIN_URL: url }))).stderr).toContain("no superuser");
});

test("a bad environment is told in full, exit code 2", async () => {
  const { code, stderr } = await failureOf(bootstrap("init", { LAKE_PORT: "x", DATABASE_NAME: "" }));
  expect(code).toBe(2);
  expect(stderr).toContain("LAKE_PORT");
  expect(stderr).toContain("DATABASE_NAME");
});
