/** The DuckDB instance itself: what is locked, what can be read, and a new one when it has died. */
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { conninfo } from "../../../test/stack/ducklake.ts";
import { temporaryFolder } from "../../../test/stack/processes.ts";
import { useTrickle } from "../../../test/support/trickle.ts";
import { AuxConnection } from "../session/aux-connection.ts";
import { DataRowWriter } from "../wire/data-rows.ts";
import { zoneOffset } from "../wire/text/time-zones.ts";
import { Lake } from "./lake.ts";

const trickle = useTrickle({ engine: false });
const folder = temporaryFolder();
const signal = new AbortController().signal;
let lake: Lake;

beforeAll(async () => {
  const { attach } = trickle();
  lake = await Lake.open(
    {
      catalog: conninfo({ ...attach.catalog, host: inject("postgres").socketDir }),
      metadataSchema: "ducklake",
      dataPath: folder.path,
      extensionsDirectory: attach.extensions,
      memoryLimit: "500MB",
      threads: 2,
      tempDirectory: join(folder.path, "spill"),
      inliningRowLimit: 0,
      initFile: null,
    },
    pino({ level: "silent" }),
  );
});

afterAll(() => folder.remove());

async function one(sql: string): Promise<unknown> {
  const connection = await lake.connect();
  try {
    const rows = await connection.all(sql, signal);
    return rows[0]?.[0];
  } finally {
    connection.close();
  }
}

describe("every connection", () => {
  test("has the settings that reads at old snapshots and integer division need", async () => {
    expect(await one("select current_setting('disabled_optimizers')")).toBe("statistics_propagation");
    expect(await one("select 7 / 2")).toBe(3);
    expect(await one("select current_setting('TimeZone')")).toBe("UTC");
  });

  test.each([
    "set memory_limit = '100GB'",
    "set enable_external_access = true",
    "set allowed_configs = ['memory_limit']",
    "select * from read_text('/etc/passwd')",
    "copy (select 1) to '/tmp/stolen.csv'",
    "attach '/tmp/other.db' as other",
    "load httpfs",
  ])("refuses %s", async (sql) => {
    await expect(one(sql)).rejects.toThrow();
  });

  test("may set its time zone", async () => {
    const connection = await lake.connect();
    await connection.setTimeZone("Asia/Kolkata", signal);
    const [row] = await connection.all("select timestamptz '2026-01-01 00:00:00+00'::varchar", signal);
    connection.close();
    expect(row?.[0]).toBe("2026-01-01 05:30:00+05:30");
  });
});

describe("rows that are being read", () => {
  test("are not lost when the connection runs something else in between", async () => {
    const connection = await lake.connect();
    const rows = await connection.open("select i from range(10000) t(i)", zoneOffset("UTC"), () => signal);
    const writer = new DataRowWriter();
    let count = (await rows.read(100, writer)).count;
    await connection.run("create temp table other as select 1", signal);
    for (let piece = await rows.read(5000, writer); !piece.done; piece = await rows.read(5000, writer))
      count += piece.count;
    connection.close();
    expect(count).toBe(10_000);
  });

  test("stop when the statement is cancelled", async () => {
    const connection = await lake.connect();
    const abort = new AbortController();
    const query = connection.open(
      "select count(*) from range(100000000000) t(i) where sin(i) > 2",
      zoneOffset("UTC"),
      () => abort.signal,
    );
    setImmediate(() => abort.abort(new Error("cancelled")));
    await expect(query).rejects.toThrow(/Interrupted|cancelled/);
    expect(await connection.all("select 1", signal)).toEqual([[1]]);
    connection.close();
  });
});

describe("an instance that has died", () => {
  test("is made anew once, and reads are done again on the new one", async () => {
    const aux = new AuxConnection(lake);
    const others = [new AuxConnection(lake), new AuxConnection(lake)];
    const before = lake.generation;
    const steps: number[] = [];
    const read = (connection: AuxConnection) =>
      connection.use(async (duck) => {
        steps.push(duck.generation);
        if (duck.generation === before)
          throw new Error("FATAL Error: Failed: database has been invalidated because of a previous fatal error");
        return duck.all("select count(*) from lake.snapshots()", signal);
      });
    const results = await Promise.all([aux, ...others].map(read));
    expect(results).toHaveLength(3);
    expect(lake.generation).toBe(before + 1);
    expect(steps.filter((generation) => generation === before + 1)).toHaveLength(3);
    const ast = await lake.parse("select 42");
    expect(await lake.print(ast)).toBe("SELECT 42");
    for (const each of [aux, ...others]) each.close();
  });
});
