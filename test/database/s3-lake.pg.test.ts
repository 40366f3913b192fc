/** The lake's data files in S3: the incident and its rollback, and what is said where the storage does not play along. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { silentProgress } from "../../tools/progress.ts";
import { listObjects } from "../support/s3-client.ts";
import { openS3Lake, type S3Lake } from "../support/s3-lake.ts";
import { ensureS3Server, type S3Server, startS3Server } from "../support/s3-server.ts";
import { createSummary, failure, frontier, insertEvents, status, summary } from "../support/summary-table.ts";
import { startTlsFront } from "../support/tls-front.ts";
import { until } from "../support/until.ts";

const BUCKET = "lake-data";
const BUCKET_2 = "other-lake";
const BUCKET_3 = "third-lake";
/** The server is built once. */
const BUILD_MS = 600_000;
const folder = temporaryFolder();
const click = (count: number) => ({ event_type: "click", event_count: String(count), total_value: String(count * 50) });
const corrupted = { event_type: "CORRUPTED_EVENT", event_count: "1000", total_value: "999999000" };

let s3: S3Server;
let lake: S3Lake;
let scheduler: Awaited<ReturnType<typeof startScheduler>> | undefined;

beforeAll(async () => {
  s3 = await startS3Server(await ensureS3Server(silentProgress));
  await s3.createBucket(BUCKET);
  await s3.createBucket(BUCKET_2);
  await s3.createBucket(BUCKET_3);
  lake = await openS3Lake({ account: s3.account, bucket: BUCKET });
}, BUILD_MS);

afterAll(async () => {
  await scheduler?.stop();
  await lake?.drop();
  await s3?.stop();
  folder.remove();
});

const pool = (): Pool => lake.database.pool();
const objects = () => listObjects(s3.account, BUCKET);
const refresh = () => pool().query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");

async function head(): Promise<number> {
  const { rows } = await pool().query<{ id: number }>(
    "select max(snapshot_id)::int as id from ducklake.ducklake_snapshot",
  );
  return rows[0]?.id ?? -1;
}

async function atSnapshot(snapshot: number): Promise<unknown[]> {
  const sql = "select * from pgtrickle.at(null::public.event_summary, $1) order by event_type";
  return (await pool().query(sql, [snapshot])).rows;
}

/** One commit and one file with five good rows among the bad ones, so that the repair has to write a delete file. */
async function insertBadBatch(): Promise<void> {
  await pool().query(
    `insert into lake.events (event_id, event_type, value, created_at)
     select gen_random_uuid(), case when i > 5 then 'CORRUPTED_EVENT' else 'click' end, case when i > 5 then 999999 else 50 end,
            now() from generate_series(1, 1005) i`,
  );
}

async function isVerified(): Promise<boolean> {
  const { rows } = await pool().query<{ ok: boolean }>("select ok from pgtrickle.verify('event_summary')");
  return rows[0]?.ok === true;
}

async function lastRefreshedAt(): Promise<number> {
  const sql = "select last_refreshed_at as at from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'";
  return (await pool().query<{ at: Date }>(sql)).rows[0]?.at.getTime() ?? 0;
}

async function lastError(): Promise<string> {
  const sql = "select last_error from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'";
  return (await pool().query<{ last_error: string | null }>(sql)).rows[0]?.last_error ?? "";
}

test("a bad commit is rolled back, repaired and replayed", async () => {
  await insertEvents(pool(), "click", 100);
  await createSummary(pool(), { schedule: "1s" });
  await insertEvents(pool(), "click", 10);
  await refresh();
  const good = await frontier(pool());
  await insertBadBatch();
  await refresh();
  const bad = await frontier(pool());
  expect(await summary(pool())).toEqual([corrupted, click(115)]);

  await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
  const { rows } = await pool().query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Full')", [good]);
  expect(rows).toMatchObject([{ to_snapshot: String(good), strategy: "Full" }]);
  expect(await summary(pool())).toEqual([click(110)]);
  expect(await isVerified()).toBe(true);

  const deleted = await pool().query("delete from lake.events where event_type = 'CORRUPTED_EVENT'");
  expect(deleted.rowCount).toBe(1000);
  await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
  await refresh();
  expect(await summary(pool())).toEqual([click(115)]);
  expect(await isVerified()).toBe(true);

  expect(await atSnapshot(good)).toEqual([click(110)]);
  expect(await atSnapshot(bad)).toEqual([corrupted, click(115)]);
});

test("each data and delete file is an object in the bucket, and nothing is on the local disk", async () => {
  const { rows } = await pool().query<{ path: string }>(
    "select path from ducklake.ducklake_data_file union all select path from ducklake.ducklake_delete_file",
  );
  const found = await objects();
  // Three inserts and a delete.
  expect(found).toHaveLength(4);
  expect(found).toEqual(rows.map(({ path }) => `lake/main/events/${path}`).sort());
  expect(readdirSync(lake.database.dataPath)).toEqual([]);
  expect(readdirSync(join(lake.database.dataPath, "..")).filter((name) => name.includes("s3"))).toEqual([]);
});

test("a plain DuckDB reads the same from the bucket", async () => {
  const witness = await lake.witness();
  try {
    const sql = "select event_type, count(*) as event_count, sum(value) as total_value from lake.events group by all";
    expect(await witness.rows(sql)).toEqual([click(115)]);
  } finally {
    witness.close();
  }
});

test("a storage that goes away: ERROR with the reason, no commit, and good again by itself", async () => {
  await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
  await insertEvents(pool(), "view", 7);
  const before = await head();
  await s3.goAway();
  const refused = await failure(insertEvents(pool(), "lost", 3));
  expect(refused.message).toMatch(/the lake's storage does not answer.*127\.0\.0\.1/);
  expect(refused.hint).toMatch(/Nothing was committed/);
  expect(await head()).toBe(before);

  scheduler = await startScheduler({ databaseUrl: lake.database.url, logFile: join(folder.path, "scheduler.log") });
  await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
  await until(async () => (await status(pool())) === "ERROR");
  expect(await until(async () => /storage/.test(await lastError()) && lastError())).toMatch(/does not answer/);
  expect(await summary(pool())).toEqual([click(115)]);

  await s3.comeBack();
  await until(async () => (await status(pool())) === "ACTIVE");
  expect(await summary(pool())).toEqual([click(115), { event_type: "view", event_count: "7", total_value: "350" }]);
  expect(await isVerified()).toBe(true);

  // With nothing to refresh there is nothing to ask the storage for.
  await s3.goAway();
  const shown = await lastRefreshedAt();
  await until(async () => (await lastRefreshedAt()) > shown);
  expect(await status(pool())).toBe("ACTIVE");
  await s3.comeBack();
});

test.each([
  ["S3_SECRET", "SignatureDoesNotMatch"],
  ["S3_KEY_ID", "InvalidAccessKeyId"],
])("a wrong %s is told with the way out, and the right one mends it", async (name, code) => {
  const before = await head();
  await lake.restartWith({ [name]: "wrong" });
  for (const sql of ["select sum(value) from lake.events", "insert into lake.events (value) values (1)"]) {
    const refused = await failure(pool().query(sql));
    expect(refused.code).toBe("LT008");
    expect(refused.message).toContain(`the lake's storage refuses the access key: HTTP 403 ${code}`);
    expect(refused.hint).toMatch(/secret-access-key.*Secret.*pgTrickle\.lake\.s3\.credentialsSecret/);
  }
  expect(await head()).toBe(before);
  await lake.restartWith({});
  await insertEvents(pool(), "click", 1);
  expect(await head()).toBe(before + 1);
});

test("TLS is the default, and whose certificate is accepted is the operator's choice", async () => {
  const front = await startTlsFront(Number(s3.account.endpoint.split(":")[1]));
  const authority = join(folder.path, "ca.crt");
  await writeFile(authority, front.authority);
  const change = { S3_ENDPOINT: front.address, S3_USE_SSL: "" };
  try {
    await lake.restartWith(change);
    const refused = await failure(insertEvents(pool(), "click", 1));
    expect(refused.message).toMatch(/no TLS connection to the lake's storage: .*https:\/\/localhost/);
    expect(refused.hint).toMatch(/pgTrickle\.lake\.s3\.caSecret/);
    const before = await head();
    await lake.restartWith({ ...change, S3_CA_FILE: authority });
    await insertEvents(pool(), "click", 1);
    expect(await head()).toBe(before + 1);
  } finally {
    await front.stop();
    await lake.restartWith({});
  }
});

test("a storage that accepts and never answers holds nobody up for long, and the engine still answers", async () => {
  const sql = "set global http_timeout = 1; set global http_retries = 0;";
  const other = await openS3Lake({ account: s3.account, bucket: BUCKET_2, sql });
  const others = other.database.pool();
  const engine = other.database.lake.enginePid();
  try {
    await insertEvents(others, "click", 1);
    process.kill(s3.process().pid, "SIGSTOP");
    const [read, written, isHealthy] = await Promise.all([
      failure(others.query("select sum(value) from lake.events")),
      failure(insertEvents(others, "click", 2)),
      others.query<{ ok: boolean }>("select pgtrickle.check_lake() as ok").then(({ rows }) => rows[0]?.ok),
    ]);
    for (const refused of [read, written])
      expect(refused.message).toMatch(/storage does not answer: Timeout was reached/);
    expect(isHealthy).toBe(true);
    process.kill(s3.process().pid, "SIGCONT");
    await insertEvents(others, "click", 3);
    const { rows } = await others.query("select count(*)::int as count, sum(value)::int as total from lake.events");
    expect(rows).toEqual([{ count: 4, total: 200 }]);
    expect(other.database.lake.enginePid()).toBe(engine);
  } finally {
    process.kill(s3.process().pid, "SIGCONT");
    await other.drop();
  }
});

test("a bucket that does not exist is told with the way out", async () => {
  const other = await openS3Lake({ account: s3.account, bucket: "no-such-bucket" });
  try {
    const refused = await failure(insertEvents(other.database.pool(), "click", 1));
    expect(refused.message).toMatch(/the lake's bucket does not exist.*s3:\/\/no-such-bucket\/lake\//);
    expect(refused.hint).toMatch(/pgTrickle\.lake\.s3\.bucket/);
  } finally {
    await other.drop();
  }
});

test("the secret key is in no log, in no table of the database, and in one file that nobody else may read", async () => {
  const { secret } = s3.account;
  expect(readFileSync(lake.initFile, "utf8")).toContain(secret);
  expect(statSync(lake.initFile).mode & 0o777).toBe(0o600);
  const { logDir } = inject("postgres");
  const logs = [
    lake.database.lake.logFile,
    s3.logFile,
    join(folder.path, "scheduler.log"),
    join(logDir, "postgres.log"),
  ];
  for (const log of logs) expect(readFileSync(log, "utf8")).not.toContain(secret);
  const { rows: tables } = await pool().query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relkind in ('r', 'm') and relpersistence = 'p'",
  );
  for (const { name } of tables) {
    const { rows } = await pool().query(`select from ${name} t where strpos(t::text, $1) > 0`, [secret]);
    expect(rows, name).toEqual([]);
  }
  await pool().query(
    "create foreign table public.keys (secret_string text) server lake options (table_name 'duckdb_secrets')",
  );
  expect((await failure(pool().query("select * from public.keys"))).message).not.toContain(s3.account.keyId);
  const { rows } = await pool().query("select value from ducklake.ducklake_metadata where key = 'data_path'");
  expect(rows).toEqual([{ value: `s3://${BUCKET}/lake/` }]);
});

test("keys of a service account are asked for where the pod gets them, and again once they are no good any more", async () => {
  let asked = 0;
  const agent = createServer((_request, response) => {
    asked++;
    const { keyId: AccessKeyId, secret: SecretAccessKey } = s3.account;
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: "", Expiration }));
  });
  await new Promise<void>((resolve) => agent.listen(0, "127.0.0.1", resolve));
  const { port } = agent.address() as AddressInfo;
  const keysFrom = `http://127.0.0.1:${port}/v1/credentials`;
  const other = await openS3Lake({ account: s3.account, bucket: BUCKET_3, keysFrom });
  const others = other.database.pool();
  try {
    const secrets = [s3.account.secret];
    await insertEvents(others, "click", 1);
    const before = asked;
    await s3.rotateKeys();
    secrets.push(s3.account.secret);
    await insertEvents(others, "click", 2);
    const { rows } = await others.query("select count(*)::int as count, sum(value)::int as total from lake.events");
    expect(rows).toEqual([{ count: 3, total: 150 }]);
    expect(asked).toBeGreaterThan(before);
    for (const file of [other.initFile, other.database.lake.logFile]) {
      for (const secret of secrets) expect(readFileSync(file, "utf8")).not.toContain(secret);
    }
  } finally {
    await other.drop();
    agent.close();
  }
});
