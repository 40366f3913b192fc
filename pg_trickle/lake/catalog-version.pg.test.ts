/** A catalog that another client has migrated to a DuckLake of another version: told by name wherever one looks, and over when it is put right. */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { useStreamTables } from "../extension/testing/stream-tables.ts";
import { KNOWN_VERSION } from "./duck/catalog-version.ts";

const trickle = useTrickle();
const { sql, value } = useStreamTables(trickle);

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
  const scheduler = await trickle().pool().connect();
  try {
    await scheduler.query("select pgtrickle.scheduler_start()");
    await setVersion("1.1");
    expect(await ping()).toEqual({ ok: false, problem: NEWER });
    expect(await checkLake()).toBe(false);
    expect(await lakeError()).toBe(NEWER);
    expect(await value("select pgtrickle_internal.lake_problem()")).toContain(NEWER);
    await setVersion(KNOWN_VERSION);
    expect(await ping()).toEqual({ ok: true, problem: null });
    expect(await checkLake()).toBe(true);
    expect(await value("select pgtrickle_internal.lake_problem()")).toBeNull();
  } finally {
    scheduler.release(true);
  }
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
  expect(await value("select count(*) from lake.events")).toBe("0");
});
