import type { DuckDBConnection } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { DataRowWriter } from "../wire/data-rows.ts";
import { zoneOffset } from "../wire/text/time-zones.ts";
import { LakeConnection } from "./connection.ts";
import { Suspects } from "./suspects.ts";

const QUERY_RESULT = 3;
const INVALID = 0;

interface Stream {
  readonly returnType: number;
  /** Called when the only fetch begins, whose answer is DuckDB's null. */
  readonly during?: (connection: LakeConnection) => void;
  /** What running the query again to find the reason comes to. */
  readonly again?: () => Promise<unknown>;
}

/** A DuckDB that streams one result without a row, as the client library shows it. */
function connectionWith({ returnType, during, again }: Stream): LakeConnection {
  const result = {
    returnType,
    columnNames: () => [],
    columnTypes: () => [],
    fetchChunk: () => {
      during?.(connection);
      return Promise.resolve(null);
    },
  };
  const duck = {
    stream: () => Promise.resolve(result),
    run: (sql: string) => (sql.includes("every row") && again ? again() : Promise.resolve({ rowsChanged: 0 })),
    interrupt: () => undefined,
    disconnectSync: () => undefined,
  } as unknown as DuckDBConnection;
  const connection = new LakeConnection(duck, {
    dataPath: "/lake",
    generation: 1,
    suspects: new Suspects(() => 0),
    connect: () => Promise.resolve(duck),
    isOutdated: () => Promise.resolve(false),
  });
  return connection;
}

async function readOnce(stream: Stream, signal = new AbortController().signal): Promise<unknown> {
  const rows = await connectionWith(stream).open("select 1", zoneOffset("UTC"), () => signal);
  return rows.read(10, new DataRowWriter());
}

test("an end without an error is the end", async () => {
  expect(await readOnce({ returnType: QUERY_RESULT })).toEqual({ count: 0, done: true });
});

test("an end that comes with the cancel is the cancel", async () => {
  const abort = new AbortController();
  const during = () => abort.abort(new Error("cancelled"));
  await expect(readOnce({ returnType: QUERY_RESULT, during }, abort.signal)).rejects.toThrow("cancelled");
});

test("an end because the connection was closed is an error", async () => {
  const during = (connection: LakeConnection) => connection.close(new Error("closed for a reason"));
  await expect(readOnce({ returnType: QUERY_RESULT, during })).rejects.toThrow("closed for a reason");
});

test("an end with an error is told with what DuckDB says when the query is run again", async () => {
  const again = () => Promise.reject(new Error("Conversion Error: Could not convert string 'x'"));
  await expect(readOnce({ returnType: INVALID, again })).rejects.toThrow("Conversion Error");
});

test("an end with an error that does not come again is an error all the same, each time", async () => {
  const again = () => Promise.resolve({ getRows: () => Promise.resolve([]) });
  const { signal } = new AbortController();
  const rows = await connectionWith({ returnType: INVALID, again }).open("select 1", zoneOffset("UTC"), () => signal);
  const failed = { sqlState: "LT010", hint: expect.stringMatching(/No row of it may be used/) };
  await expect(rows.read(10, new DataRowWriter())).rejects.toMatchObject(failed);
  await expect(rows.read(10, new DataRowWriter())).rejects.toMatchObject(failed);
});
