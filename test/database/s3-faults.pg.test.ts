/**
 * Answers of the storage that get lost half way. Rows that are missing without an error would end in stream tables as if they
 * were true (https://github.com/duckdb/duckdb-httpfs/issues/370 was of that kind), and an upload that is sent twice in a lake
 * with rows twice.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentProgress } from "../../tools/progress.ts";
import { type Fault, type S3Faults, startS3Faults } from "../support/s3-faults.ts";
import { openS3Lake, type S3Lake } from "../support/s3-lake.ts";
import { ensureS3Server, type S3Server, startS3Server } from "../support/s3-server.ts";
import { failure, insertEvents } from "../support/summary-table.ts";

const BUCKET = "lake-data";
const BUILD_MS = 600_000;
const EVERY = 1_000_000;
let s3: S3Server;
let way: S3Faults;
let lake: S3Lake;

beforeAll(async () => {
  s3 = await startS3Server(await ensureS3Server(silentProgress));
  await s3.createBucket(BUCKET);
  way = await startS3Faults(s3.account.endpoint);
  const account = { ...s3.account, endpoint: way.address };
  lake = await openS3Lake({
    account,
    bucket: BUCKET,
    sql: "set global http_timeout = 1; set global http_retries = 2;",
  });
  await insertEvents(lake.database.pool(), "click", 20_000);
}, BUILD_MS);

afterAll(async () => {
  await lake?.drop();
  await way?.stop();
  await s3?.stop();
});

const ALL_ROWS = `select count(*)::int as rows, count(distinct event_id)::int as ids, sum(value)::int as total,
  count(*) filter (where event_type = 'click')::int as clicks from lake.events`;
const complete = (rows: number) => [{ rows, ids: rows, total: rows * 50, clicks: rows }];

test.each<[Fault, number]>([
  ["cut", 1],
  ["stalled", 1],
  ["busy", 1],
  ["cut", EVERY],
])("reads that are %s, %i of them: all rows or an error, never some rows", async (fault, times) => {
  // A new engine has no file in memory.
  await lake.restartWith({});
  const before = way.hits();
  way.fault("GET", fault, times);
  const query = lake.database.pool().query(ALL_ROWS);
  if (times === EVERY) expect((await failure(query)).code).toBe("LT008");
  else expect((await query).rows).toEqual(complete(20_000));
  expect(way.hits()).toBeGreaterThan(before);
  way.heal();
  expect((await lake.database.pool().query(ALL_ROWS)).rows).toEqual(complete(20_000));
});

test.each<[Fault, number]>([
  ["lost", 1],
  ["busy", 1],
  ["lost", EVERY],
])("uploads that are %s, %i of them: committed once or not at all", async (fault, times) => {
  const pool = lake.database.pool();
  const { rows: before } = await pool.query<{ count: number }>("select count(*)::int as count from lake.events");
  const hits = way.hits();
  way.fault("PUT", fault, times);
  const insert = insertEvents(pool, "click", 100);
  if (times === EVERY) expect((await failure(insert)).code).toBe("LT008");
  else await insert;
  expect(way.hits()).toBeGreaterThan(hits);
  way.heal();
  const want = (before[0]?.count ?? 0) + (times === EVERY ? 0 : 100);
  expect((await pool.query(ALL_ROWS)).rows).toEqual(complete(want));
});
