/** A catalog whose files are elsewhere than the engine is set to: told by name wherever one looks, and over when it is put right. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";
import { useStreamTables } from "../extension/testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, value } = useStreamTables(trickle);

const ELSEWHERE = "s3://other/lake/";
const own = () => `${trickle().dataPath}/`;
const wayOut = () =>
  `Set LAKE_DATA_PATH (in the chart pgTrickle.lake.s3.bucket and .prefix) to the catalog's. Or, if the files were moved, stop all clients and run in PostgreSQL: update ducklake.ducklake_metadata set value = '${own()}' where key = 'data_path';`;
const problem = () => `the lake's catalog has the data path ${ELSEWHERE}, and the lake engine is set to ${own()}`;
const told = () => `${problem()}. ${wayOut()}`;

const move = (path: string) => sql("update ducklake.ducklake_metadata set value = $1 where key = 'data_path'", [path]);
const checkLake = () => value<boolean>("select pgtrickle.check_lake()");
const lakeError = () => value<string | null>("select h.error from pgtrickle_internal.lake_health h");
const ping = async () => (await sql("select ok, problem from pgtrickle_lake.ping")).rows[0];
const attach = (dataPath: string | null) =>
  sql(
    "select pgtrickle.attach_lake(host => $1, port => $2, lake_password => 'lake', plans_password => 'plans', catalog_password => 'catalog', data_path => $3)",
    [trickle().lake.socketDir, trickle().lake.port, dataPath],
  );

/** The engine is killed and starts again: this is what it says. */
async function restarted(): Promise<void> {
  const { lake } = trickle();
  const logged = () => readFileSync(lake.logFile, "utf8");
  const before = logged().length;
  process.kill(lake.enginePid(), "SIGKILL");
  await until(async () => logged().slice(before).includes(told()));
  expect(logged().slice(before)).toContain("lake engine could not start");
  expect(logged()).not.toContain("OVERRIDE_DATA_PATH");
}

beforeEach(() => attach(null));
afterEach(async () => {
  await move(own());
  await until(checkLake);
});

test("the engine that runs says so, and is well again when it is put back", async () => {
  await move(ELSEWHERE);
  expect(await ping()).toEqual({ ok: false, problem: told() });
  expect(await checkLake()).toBe(false);
  expect(await lakeError()).toBe(told());
  await move(own());
  expect(await ping()).toEqual({ ok: true, problem: null });
  expect(await checkLake()).toBe(true);
});

test("an engine that starts says so in its log, and comes up when it is put right by what was said", async () => {
  await move(ELSEWHERE);
  await restarted();
  const [statement = ""] = /update ducklake\..*;$/.exec(told()) ?? [];
  await sql(statement);
  await until(checkLake);
  expect(await value("select count(*) from lake.events")).toBe("0");
});

describe("attach_lake() that is told where the engine's files are", () => {
  test("refuses a catalog whose files are elsewhere, and remembers nothing of it", async () => {
    await move(ELSEWHERE);
    expect(await failure(attach(trickle().dataPath))).toMatchObject({
      code: "TR014",
      message: problem(),
      hint: wayOut(),
    });
    expect(await value("select data_path from pgtrickle_internal.installation")).toBeNull();
  });

  test.each(["", "/"])(
    "takes one that fits, written with '%s' at its end, and then the extension speaks for an engine that is down",
    async (end) => {
      await attach(`${trickle().dataPath}${end}`);
      expect(await checkLake()).toBe(true);
      await move(ELSEWHERE);
      await restarted();
      const scheduler = await trickle().pool().connect();
      try {
        await scheduler.query("select pgtrickle.scheduler_start()");
        expect(await checkLake()).toBe(false);
        expect(await lakeError()).toBe(told());
        expect(await value("select pgtrickle_internal.lake_problem()")).toContain(told());
      } finally {
        scheduler.release(true);
      }
    },
  );
});
