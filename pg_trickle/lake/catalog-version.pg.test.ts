/** A catalog that another client has migrated to a DuckLake of another version: told by name wherever one looks, and over when it is put right. */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents, summary } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { useSchedulerRounds } from "../extension/testing/scheduler-rounds.ts";
import { useStreamTables } from "../extension/testing/stream-tables.ts";
import { KNOWN_VERSION } from "./duck/catalog-version.ts";

const trickle = useTrickle();
const { sql, value, pool, head } = useStreamTables(trickle);
const scheduled = useSchedulerRounds(trickle);

const NEWER =
  "the lake's catalog has DuckLake version 1.1, and the lake engine knows 1.0. A newer client has migrated it. Install a pg_trickle that knows 1.1; or stop all clients and restore database and data files from a backup of before.";

const setVersion = (version: string) =>
  sql("update ducklake.ducklake_metadata set value = $1 where key = 'version'", [version]);
const checkLake = () => value<boolean>("select pgtrickle.check_lake()");
const lakeError = () => value<string | null>("select h.error from pgtrickle_internal.lake_health h");
const attach = () =>
  sql(
    "select pgtrickle.attach_lake(host => $1, port => $2, lake_password => 'l', plans_password => 'p', catalog_password => 'c')",
    [trickle().lake.socketDir, trickle().lake.port],
  );

afterEach(async () => {
  await setVersion(KNOWN_VERSION);
  await until(checkLake);
});

test("a new catalog has the version that the engine and the extension know", async () => {
  expect(await value("select pgtrickle_internal.lake_version()")).toBe(KNOWN_VERSION);
  expect(await value("select pgtrickle_internal.known_lake_version()")).toBe(KNOWN_VERSION);
});

test("the engine that runs and the extension say so, and are well again when it is put back", async () => {
  const ping = async () => (await sql("select ok, problem from pgtrickle_lake.ping")).rows[0];
  const trouble = () => value("select pgtrickle.lake_trouble()");
  await setVersion("1.1");
  expect(await ping()).toEqual({ ok: false, problem: NEWER });
  // Asked of the catalog: nobody has checked the lake since.
  expect(await trouble()).toBe("version");
  expect(await checkLake()).toBe(false);
  expect(await lakeError()).toBe(NEWER);
  await setVersion(KNOWN_VERSION);
  expect(await trouble()).toBe("engine");
  expect(await ping()).toEqual({ ok: true, problem: null });
  expect(await checkLake()).toBe(true);
  expect(await trouble()).toBeNull();
});

test("stream tables are ERROR by name and stand still at once, and go on by themselves when it is put back", async () => {
  await insertEvents(pool(), "click", 2);
  await createSummary(pool());
  const before = await frontier(pool());
  await insertEvents(pool(), "click", 3);
  const rows = [expect.objectContaining({ event_type: "click", event_count: "2" })];
  await setVersion("1.1");
  // Before anybody has checked the lake.
  expect(await failure(sql("select pgtrickle.refresh('event_summary')"))).toMatchObject({
    code: "TR014",
    message: NEWER,
    hint: "Nothing was changed. Stream tables are refreshed again by themselves when the version is right.",
  });
  expect(await failure(sql("select pgtrickle.refresh('event_summary', 'FULL')"))).toMatchObject({ message: NEWER });
  expect(await failure(sql("select pgtrickle.scrub('event_summary')"))).toMatchObject({
    code: "TR014",
    message: NEWER,
  });
  expect(await scheduled("event_summary")).toEqual({ status: "ERROR", error: NEWER });
  expect((await sql("select from pgtrickle.due_refreshes()")).rows).toEqual([]);
  expect([await summary(pool()), await frontier(pool())]).toEqual([rows, before]);
  await setVersion(KNOWN_VERSION);
  expect(await scheduled("event_summary")).toEqual({ status: "ACTIVE", error: null });
  expect(await summary(pool())).toMatchObject([{ event_type: "click", event_count: "5" }]);
});

test("a table that is at head is ERROR too: head is what a catalog says that nobody here can read", async () => {
  await scheduled("event_summary");
  await setVersion("1.1");
  expect(await scheduled("event_summary")).toEqual({ status: "ERROR", error: NEWER });
  await setVersion(KNOWN_VERSION);
  expect(await scheduled("event_summary")).toEqual({ status: "ACTIVE", error: null });
});

test("through an engine that is attached nothing is committed from that moment, and soon nothing is read", async () => {
  const newest = await head();
  await setVersion("1.1");
  for (const change of ["delete from lake.events", "update lake.events set value = 1"]) {
    expect(await failure(sql(change))).toMatchObject({ code: "LT013", message: NEWER });
  }
  expect(await failure(insertEvents(pool(), "lost", 1))).toMatchObject({ code: "LT013", message: NEWER });
  expect(await failure(sql("select pgtrickle.create_lake_table('lost', 'id integer')"))).toMatchObject({
    code: "LT013",
    message: NEWER,
  });
  expect(await head()).toBe(newest);
  // What the engine saw a second ago may do for a read.
  await until(() =>
    sql("select count(*) from lake.events").then(
      () => false,
      ({ code, message }) => code === "LT013" && message === NEWER,
    ),
  );
  expect(await failure(sql("select * from pgtrickle.verify('event_summary', 'engine')"))).toMatchObject({
    code: "TR014",
    message: `the lake engine cannot be reached: ${NEWER}`,
  });
  await setVersion(KNOWN_VERSION);
  await insertEvents(pool(), "kept", 1);
  expect(await value("select count(*) from lake.events where event_type = 'kept'")).toBe("1");
});

test("a rewind by the undo journal needs nothing of the catalog, by the lake it is refused", async () => {
  await scheduled("event_summary");
  const target = await frontier(pool());
  const then = await summary(pool());
  await insertEvents(pool(), "later", 1);
  await scheduled("event_summary");
  await sql("select pgtrickle.pause_scheduler(array['event_summary'])");
  const rewind = (strategy: string) =>
    sql("select strategy from pgtrickle.rewind(array['event_summary'], $1, $2)", [target, strategy]);
  await setVersion("1.1");
  expect(await failure(rewind("Full"))).toMatchObject({ code: "TR014", message: NEWER });
  expect((await rewind("Auto")).rows).toEqual([{ strategy: "Journal" }]);
  expect(await summary(pool())).toEqual(then);
});

test.each([
  ["1.1", /^A newer client has migrated it\. Install a pg_trickle that knows 1\.1; or .*backup/],
  ["0.3", /^After a backup, attach it once in a DuckDB that has DuckLake 1\.0, with AUTOMATIC_MIGRATION/],
  ["odd", /^A newer client/],
])("attach_lake refuses a catalog of version %s and names the way out", async (version, hint) => {
  await setVersion(version);
  expect(await failure(attach())).toMatchObject({
    code: "TR014",
    message: `the lake's catalog has DuckLake version ${version}, and the lake engine knows 1.0`,
    hint: expect.stringMatching(hint),
  });
});

test("an engine that starts says so in its log, the extension in its place, and it comes up when it is put back", async () => {
  const { lake } = trickle();
  const logged = () => readFileSync(lake.logFile, "utf8");
  await setVersion("1.1");
  process.kill(lake.enginePid(), "SIGKILL");
  await until(async () => logged().includes(NEWER));
  expect(logged()).toContain("lake engine could not start");
  expect(await checkLake()).toBe(false);
  expect(await lakeError()).toBe(NEWER);
  await setVersion(KNOWN_VERSION);
  await until(checkLake);
  expect(await value("select count(*) > 0 from lake.events")).toBe(true);
});
