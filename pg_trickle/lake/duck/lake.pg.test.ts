/** The DuckDB instance itself: what is locked, what can be read, and a new one when it has died. */
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { conninfo } from "../../../stack/ducklake.ts";
import { temporaryFolder } from "../../../stack/processes.ts";
import { useTrickle } from "../../../test/support/trickle.ts";
import { DataRowWriter } from "../wire/data-rows.ts";
import { zoneOffset } from "../wire/text/time-zones.ts";
import type { LakeConnection } from "./connection.ts";
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

describe("a read that is cancelled while rows come", () => {
  /** More rows than DuckDB keeps ready: it works while it is asked for more. */
  const QUERY = "select i from range(20000000) t(i) where i % 40 = 0";
  const WHOLE = "500000 rows";
  const ROUNDS = 60;

  async function countUntil(connection: LakeConnection, delayMs: number): Promise<string> {
    const abort = new AbortController();
    const rows = await connection.open(QUERY, zoneOffset("UTC"), () => abort.signal);
    const timer = setTimeout(() => abort.abort(new Error("cancelled")), delayMs);
    let count = 0;
    try {
      for (let isDone = false; !isDone; ) {
        const piece = await rows.read(5000, new DataRowWriter());
        count += piece.count;
        isDone = piece.done;
      }
      return `${count} rows`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      clearTimeout(timer);
      rows.close();
    }
  }

  test.each(["in autocommit", "in a transaction"])("ends with the cancel or has all its rows, %s", async (mode) => {
    const connection = await lake.connect();
    const ends: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      if (mode !== "in autocommit") await connection.run("begin", signal);
      ends.push(await countUntil(connection, (round * 20) / ROUNDS));
      if (mode !== "in autocommit") await connection.run("rollback", signal);
    }
    connection.close();
    expect(ends.filter((end) => end !== "cancelled" && end !== WHOLE)).toEqual([]);
    expect(ends).toContain("cancelled");
  });
});
