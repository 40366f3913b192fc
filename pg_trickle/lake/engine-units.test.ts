import { describe, expect, test } from "vitest";
import { ConfigError, isLoopback, readConfig, threadPoolSize } from "./config.ts";
import { castFromText, duckText } from "./duck/casts.ts";
import { Doubts, mayBeOutdated } from "./duck/doubts.ts";
import { catalogConninfo } from "./duck/instance.ts";
import { LruCache } from "./duck/lru-cache.ts";
import { InstanceDead, LakeError, readDeath, toLakeError } from "./errors.ts";
import { lakeName } from "./planner/quoting.ts";
import { failuresAfter, isDead, restartDelayMs, SILENT_LIMIT_MS, START_LIMIT_MS } from "./watchdog.ts";

const ENVIRONMENT = {
  LAKE_CATALOG: "dbname=d password=secret",
  LAKE_DATA_PATH: "/data",
  LAKE_EXTENSIONS: "/extensions",
  LAKE_SOCKET_DIR: "/run/lake",
  LAKE_PORT: "5433",
  LAKE_PASSWORD: "a",
  PLANS_PASSWORD: "b",
};

describe("configuration", () => {
  test("has defaults for all but what names this installation", () => {
    const config = readConfig({ ...ENVIRONMENT, LAKE_LISTEN: "", LAKE_INIT_FILE: "" });
    expect(config).toMatchObject({
      metadataSchema: "ducklake",
      memoryLimit: "1GB",
      threads: 2,
      maxSessions: 40,
      maxRunning: 4,
      inliningRowLimit: null,
      logLevel: "info",
      listen: null,
      tls: null,
      initFile: null,
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(threadPoolSize(config)).toBeGreaterThan(2 * config.maxSessions);
  });

  test("lists every bad key at once", () => {
    const bad = () => readConfig({ LAKE_PORT: "0", LAKE_DATA_PATH: "relative" });
    expect(bad).toThrow(ConfigError);
    expect(bad).toThrow(/LAKE_CATALOG[\s\S]*LAKE_DATA_PATH[\s\S]*LAKE_EXTENSIONS[\s\S]*LAKE_PORT[\s\S]*PLANS_PASSWORD/);
  });

  test("allows listening beyond loopback only with TLS", () => {
    expect(() => readConfig({ ...ENVIRONMENT, LAKE_LISTEN: "0.0.0.0:5433" })).toThrow("LAKE_TLS_CERT");
    expect(() => readConfig({ ...ENVIRONMENT, LAKE_LISTEN: "127.0.0.1:5433", LAKE_TLS_KEY: "/k" })).toThrow(
      "both or neither",
    );
    const tls = { LAKE_TLS_CERT: "/c", LAKE_TLS_KEY: "/k" };
    expect(readConfig({ ...ENVIRONMENT, ...tls, LAKE_LISTEN: "[::]:5433" }).listen).toEqual({ host: "::", port: 5433 });
    expect(
      ["127.0.0.1", "127.9.9.9", "::1", "localhost", "10.0.0.1", "::", "127.evil.example"].map(isLoopback),
    ).toEqual([true, true, true, true, false, false, false]);
  });
});

describe("sessions of the catalog", () => {
  test.each([
    ["dbname=d user=u", "'-c pgtrickle.turn=mine'"],
    ["dbname=d options='-c search_path=a\\ b' user=u", "'-c search_path=a\\ b -c pgtrickle.turn=mine'"],
    ["options=-cgeqo=off dbname=d", "'-cgeqo=off -c pgtrickle.turn=mine'"],
    ["dbname=d password='x options=y'", "'-c pgtrickle.turn=mine'"],
  ])("to %s are let through while the engine has its turn", (catalog, options) => {
    const conninfo = catalogConninfo(catalog, "id");
    expect(conninfo).toBe(`${catalog} application_name='pg_trickle lake engine id' options=${options}`);
  });
});

describe("errors of DuckDB", () => {
  test.each([
    ["INTERRUPT Error: Interrupted!", "57014"],
    ["Invalid Input Error: No snapshot found at version 99", "LT004"],
    ["Catalog Error: Table with name events does not exist at version 0!", "LT004"],
    ['Catalog Error: Table with name nope does not exist!\nDid you mean "x"?', "LT007"],
    [
      "TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\nTransaction conflict - attempting to insert",
      "40001",
    ],
    ["TransactionContext Error: Current transaction is aborted (please ROLLBACK)", "25P02"],
    ["Conversion Error: Could not convert string 'x' to INT64", "22P02"],
    ["Conversion Error: Type INT64 with value 5 can't be cast because the value is out of range", "22003"],
    ["Constraint Error: NOT NULL constraint failed: events.value", "23502"],
    ["Out of Memory Error: could not allocate", "53200"],
    ["Parser Error: syntax error", "42601"],
    ["something new", "XX000"],
  ])("%s", (message, sqlState) => {
    expect(toLakeError(new Error(message)).sqlState).toBe(sqlState);
  });

  test("of the catalog's guard are told in its own words, whatever values stand before them", () => {
    const text = `TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.
Failed to flush changes into DuckLake: Failed to execute query "insert into x values ('ERROR:  pgtrickle guard: a value
of somebody''s')": ERROR:  pgtrickle guard: the deletion from data file 0 is dated to snapshot 5
HINT:  run the transaction again
CONTEXT:  PL/pgSQL function`;
    for (const message of [text, text.replaceAll("\n", " ")]) {
      expect(toLakeError(new Error(message))).toMatchObject({
        sqlState: "40001",
        message: "the deletion from data file 0 is dated to snapshot 5",
        hint: expect.stringContaining("run the transaction again"),
      });
    }
    const other = `Failed to execute query "insert into x values ('pgtrickle guard: no')": ERROR:  out of space`;
    expect(toLakeError(new Error(other)).sqlState).not.toBe("40001");
  });

  test("are told without the engine's own SQL and without passwords", () => {
    const failed = toLakeError(new Error("Binder Error: nope\n\nLINE 1: select secret_sql\n        ^"));
    expect(failed.message).toBe("nope");
    const refused = toLakeError(
      new Error('IO Error: Unable to connect to Postgres at "dbname=x password=hunter2 host=/s": refused'),
    );
    expect(refused).toMatchObject({ sqlState: "08006" });
    expect(refused.message).not.toContain("hunter2");
    expect(toLakeError(new Error("a password='hunt er2' b")).message).toBe("a password=*** b");
  });

  test("of our own stay as they are", () => {
    const error = new LakeError("LT001", "x");
    expect(toLakeError(error)).toBe(error);
  });

  test.each([
    ["FATAL Error: Failed: database has been invalidated because of a previous fatal error. The", "already"],
    ["INTERNAL Error: database has been invalidated because of a previous fatal error", "already"],
    ["FATAL Error: Failed to write", "now"],
    ["INTERNAL Error: Attempted to access index 3", "perhaps"],
    ["IO Error: no", null],
    [
      "Conversion Error: Could not convert string 'database has been invalidated because of a previous fatal error'",
      null,
    ],
  ] as const)("say whether the instance is dead: %s", (message, death) => {
    expect(readDeath(new Error(message))).toBe(death);
  });

  test.each([
    { statement: "select 1", diedOfIt: true, sqlState: "40001", hint: /run it again/ },
    { statement: "commit", diedOfIt: false, sqlState: "40001", hint: /run it again/ },
    { statement: "commit", diedOfIt: true, sqlState: "08007", hint: /not known whether/ },
  ])(
    "of an instance that died ($statement, of it: $diedOfIt) are $sqlState",
    ({ statement, diedOfIt, sqlState, hint }) => {
      const error = toLakeError(new InstanceDead({ generation: 1, statement, diedOfIt }));
      expect(error).toMatchObject({ sqlState, hint: expect.stringMatching(hint) });
    },
  );
});

describe("an error that may be the attachment's fault", () => {
  const text = "Invalid Input Error: Unknown name map id 3 when trying to map file";

  test.each([
    [text, "SELECT 1", true],
    [
      "Invalid Input Error: Attempting to fetch from an unsuccessful query result\nError: TransactionContext Error: Current transaction is aborted",
      "SELECT 1",
      true,
    ],
    ['IO Error: Cannot open file "/lake/a.parquet": No such file or directory', "SELECT 1", true],
    ["HTTP Error: Unable to connect to URL s3://lake/a.parquet: Not Found (HTTP 404 Not Found)", "SELECT 1", true],
    ["Conversion Error: Could not convert string 'Unknown name map id'", "SELECT 1", false],
    ["IO Error: Connection refused", "SELECT 1", false],
    [text, "commit", false],
    [text, "insert into lake.main.t select * from temp.main.staged", false],
  ])("%s of %s: %s", (message, sql, want) => {
    expect(mayBeOutdated(new Error(message), sql)).toBe(want);
  });

  test("is asked of a fresh attachment once; again after a new snapshot and a pause that doubles", () => {
    let nowMs = 0;
    const doubts = new Doubts(() => nowMs);
    expect(doubts.has(text, "7")).toBe(true);
    doubts.settle(text, "7");
    expect([doubts.has(text, "8"), doubts.has("another", "7")]).toEqual([false, true]);
    nowMs = 60_000;
    expect([doubts.has(text, "7"), doubts.has(text, "8")]).toEqual([false, true]);
    doubts.settle(text, "8");
    nowMs = 179_999;
    expect(doubts.has(text, "9")).toBe(false);
    nowMs = 180_000;
    expect(doubts.has(text, "9")).toBe(true);
  });
});

describe("values for DuckDB", () => {
  test.each([
    ["DATE", "0044-03-15 BC", "0044-03-15 (BC)"],
    ["TIMESTAMP WITH TIME ZONE", "0044-03-15 12:00:00+00 BC", "0044-03-15 (BC) 12:00:00+00"],
    ["VARCHAR", "44 BC", "44 BC"],
    ["INTEGER[]", "{1,NULL,3}", '["1",null,"3"]'],
    ["INTEGER[]", "{}", "[]"],
    ["INTEGER[][]", "{{1,2},{3,4}}", '[["1","2"],["3","4"]]'],
    ["VARCHAR[]", '{a,"b c","q\\"\\\\","NULL",NULL,"{,}",""}', '["a","b c","q\\"\\\\","NULL",null,"{,}",""]'],
    ["DATE[]", "{2026-01-02,NULL}", '["2026-01-02",null]'],
    ["INTERVAL", "-1 mons +2 days", "-1 mons 2 days"],
    ["HUGEINT", "9007199254740992", "9007199254740992"],
  ])("%s %s is %s", (type, text, want) => {
    expect(duckText(type, text)).toBe(want);
  });

  test.each([
    ["HUGEINT", "-9007199254740993"],
    ["INTERVAL", "00:00:00.0001"],
  ])("%s %s is refused, as Parquet would change it", (type, text) => {
    expect(() => duckText(type, text)).toThrow(expect.objectContaining({ sqlState: "22003" }));
  });

  test("are cast, and names are quoted", () => {
    expect(castFromText("BLOB", "c")).toBe("unhex(substr(c, 3))");
    expect(castFromText("INTEGER[]", "c")).toBe("c::json::INTEGER[]");
    expect(lakeName('main.a"b')).toBe('lake."main"."a""b"');
  });
});

describe("the watchdog", () => {
  const life = { startedAtMs: 0, readyAtMs: 1000, lastAnswerAtMs: 5000 };

  test("takes an engine for dead when it has been silent, or has not started", () => {
    expect(isDead(life, 5000 + SILENT_LIMIT_MS)).toBe(false);
    expect(isDead(life, 5001 + SILENT_LIMIT_MS)).toBe(true);
    const starting = { startedAtMs: 0, readyAtMs: null, lastAnswerAtMs: null };
    expect(isDead(starting, START_LIMIT_MS)).toBe(false);
    expect(isDead(starting, START_LIMIT_MS + 1)).toBe(true);
  });

  test("starts again at once, then ever later, and begins anew after a good life", () => {
    expect([1, 2, 3, 4, 20].map(restartDelayMs)).toEqual([0, 200, 400, 800, 5000]);
    expect(failuresAfter(life, 7, 2000)).toBe(8);
    expect(failuresAfter(life, 7, 40_000)).toBe(1);
  });
});

test("a cache forgets what was used least recently", () => {
  const cache = new LruCache<string, number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
});
