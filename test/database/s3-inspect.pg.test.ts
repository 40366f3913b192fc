/** An object that is gone from the bucket is found by the catalog's list, and nothing is where all are there. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { silentProgress } from "../../tools/progress.ts";
import { askS3, listObjects } from "../support/s3-client.ts";
import { openS3Lake, type S3Lake } from "../support/s3-lake.ts";
import { ensureS3Server, type S3Server, startS3Server } from "../support/s3-server.ts";
import { createSummary, failure, insertEvents } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

const BUCKET = "inspected-lake";
/** The server is built once. */
const BUILD_MS = 600_000;
const folder = temporaryFolder();

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
  folder.remove();
});

const pool = () => lake.database.pool();
const found = async () =>
  (await pool().query("select kind, object, message from pgtrickle.inspect_lake('main.events', storage => true)")).rows;

/** Takes the newest data file out of the bucket; what is said of it then, and its key. */
async function loseNewest(): Promise<{ readonly message: string; readonly object: string }> {
  const { rows } = await pool().query<{ id: string; path: string }>(
    "select data_file_id as id, path from ducklake.ducklake_data_file order by data_file_id desc limit 1",
  );
  const [file] = rows;
  const key = `lake/main/events/${file?.path}`;
  expect(await listObjects(s3.account, BUCKET)).toContain(key);
  await askS3(s3.account, { method: "DELETE", path: `/${BUCKET}/${key}` });
  return {
    object: `data file ${file?.id}`,
    message: `data file ${file?.id} of main.events is gone from the storage: s3://${BUCKET}/${key}`,
  };
}

test("by an engine that has the file in its memory: verify, scrub and inspect_lake() name it; reads and refreshes go on", async () => {
  await insertEvents(pool(), "click", 100);
  await insertEvents(pool(), "view", 100);
  await createSummary(pool());
  const read = async () => (await pool().query("select sum(value)::int as total from lake.events")).rows;
  const verify = (level: string) => pool().query("select ok from pgtrickle.verify('event_summary', $1)", [level]);
  const scrub = () => pool().query("select pgtrickle.scrub('event_summary')");
  for (const level of ["engine", "rows"]) expect((await verify(level)).rows).toEqual([{ ok: true }]);
  expect(await read()).toEqual([{ total: 10_000 }]);
  await scrub();
  expect(await found()).toEqual([]);

  const lost = await loseNewest();
  const said = {
    ...{ code: "LT012", message: lost.message },
    hint: expect.stringMatching(/restore it from a backup.*event_summary has its rows still.*inspect_lake/),
  };
  for (const level of ["engine", "rows"]) expect(await failure(verify(level))).toMatchObject(said);
  expect(await failure(scrub())).toMatchObject(said);
  expect(await found()).toEqual([{ kind: "FileMissing", ...lost }]);
  // The published rows are whole, and so is what the engine remembers.
  expect((await verify("fingerprint")).rows).toEqual([{ ok: true }]);
  expect(await read()).toEqual([{ total: 10_000 }]);
  await insertEvents(pool(), "click", 10);
  await pool().query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
  expect(await failure(verify("engine"))).toMatchObject(said);
});

test("by the scheduler, whose scrub says so beside the table, which stays ACTIVE", async () => {
  await pool().query(
    "insert into pgtrickle_internal.settings values ('scrub_interval_ms', 1), ('scrub_budget_percent', 100)",
  );
  await pool().query("select pgtrickle.alter_stream_table('event_summary', schedule => '1s')");
  const scheduler = await startScheduler({
    databaseUrl: lake.database.url,
    logFile: join(folder.path, "scheduler.log"),
  });
  try {
    const told = async () =>
      (await pool().query("select status, scrub_error from pgtrickle.pgt_stream_tables where scrub_error is not null"))
        .rows[0];
    expect(await until(told)).toEqual({
      status: "ACTIVE",
      scrub_error: expect.stringMatching(/^data file \d+ of main\.events is gone from the storage: s3:/),
    });
  } finally {
    await scheduler.stop();
  }
});

test("and by an engine that has not: it is a lost file, and no storage that fails", async () => {
  await lake.restartWith({});
  const refused = await failure(pool().query("select sum(value) from lake.events"));
  expect(refused).toMatchObject({
    code: "LT012",
    message: expect.stringMatching(
      /^a data file of the lake is not there: HTTP 404 NoSuchKey, .*\/main\/events\/ducklake-/,
    ),
    hint: expect.stringMatching(/strategy Journal/),
  });
});
