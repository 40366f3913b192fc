/** An object that is gone from the bucket is found by the catalog's list, and nothing is where all are there. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentProgress } from "../../tools/progress.ts";
import { askS3, listObjects } from "../support/s3-client.ts";
import { openS3Lake, type S3Lake } from "../support/s3-lake.ts";
import { ensureS3Server, type S3Server, startS3Server } from "../support/s3-server.ts";
import { insertEvents } from "../support/summary-table.ts";

const BUCKET = "inspected-lake";
/** The server is built once. */
const BUILD_MS = 600_000;

let s3: S3Server;
let lake: S3Lake;

beforeAll(async () => {
  s3 = await startS3Server(await ensureS3Server(silentProgress));
  await s3.createBucket(BUCKET);
  lake = await openS3Lake({ account: s3.account, bucket: BUCKET });
}, BUILD_MS);

afterAll(async () => {
  await lake?.drop();
  await s3?.stop();
});

test("a data file that was removed from the bucket", async () => {
  const pool = lake.database.pool();
  const found = async () =>
    (await pool.query("select kind, object, message from pgtrickle.inspect_lake('main.events', storage => true)")).rows;
  await insertEvents(pool, "click", 100);
  await insertEvents(pool, "view", 100);
  expect(await found()).toEqual([]);
  const { rows } = await pool.query<{ id: string; path: string }>(
    "select data_file_id as id, path from ducklake.ducklake_data_file order by 1 desc limit 1",
  );
  const [file] = rows;
  const path = `lake/main/events/${file?.path}`;
  expect(await listObjects(s3.account, BUCKET)).toContain(path);
  await askS3(s3.account, { method: "DELETE", path: `/${BUCKET}/${path}` });
  expect(await found()).toEqual([
    {
      kind: "FileMissing",
      object: `data file ${file?.id}`,
      message: `data file ${file?.id} of main.events is gone from the storage: s3://${BUCKET}/${path}`,
    },
  ]);
});
