// What the scheduler decides without a database: its settings and how long it waits for one.
import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";
import { reconnectDelayMs, tickDelayMs } from "./scheduler.ts";

describe("readConfig", () => {
  test("needs only the database's URL", () => {
    const config = readConfig({ DATABASE_URL: "postgresql://localhost/db" });
    expect(config).toMatchObject({ databaseUrl: "postgresql://localhost/db", maxRefreshes: 4, logLevel: "info" });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test("names every bad key at once, and no value", () => {
    const read = () => readConfig({ DATABASE_URL: "mysql://secret@host", LOG_LEVEL: "loud", MAX_REFRESHES: "0" });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/DATABASE_URL.*LOG_LEVEL.*MAX_REFRESHES/);
    expect(read).not.toThrow(/secret/);
  });

  test.each(["127.0.0.1:9188", "[::1]:9188", ":9188"])("serves metrics at %s only if told to", (address) => {
    const url = { DATABASE_URL: "postgresql://localhost/db" };
    expect(readConfig(url).metricsAddress).toBeUndefined();
    expect(readConfig({ ...url, METRICS_ADDRESS: address }).metricsAddress).toBe(address);
  });

  test.each(["9188", "host:", "::1:9188", "host:123456"])("refuses %s as the address of metrics", (address) => {
    const read = () => readConfig({ DATABASE_URL: "postgresql://localhost/db", METRICS_ADDRESS: address });
    expect(read).toThrow(/METRICS_ADDRESS: must be host:port/);
  });
});

describe("reconnectDelayMs", () => {
  test.each([
    { failures: 1, random: 0, want: 125 },
    { failures: 1, random: 1, want: 250 },
    { failures: 3, random: 1, want: 1_000 },
    { failures: 50, random: 1, want: 5_000 },
  ])("after $failures failures with chance $random: $want ms", ({ failures, random, want }) => {
    expect(reconnectDelayMs(failures, random)).toBe(want);
  });
});

describe("tickDelayMs", () => {
  test.each([
    { name: "nothing has a schedule", nextDueMs: null, want: 1_000 },
    { name: "what is due runs already", nextDueMs: 0, want: 250 },
    { name: "something is due at once", nextDueMs: 3, want: 50 },
    { name: "something is due soon", nextDueMs: 400, want: 400 },
    { name: "the next is far away", nextDueMs: 60_000, want: 1_000 },
  ])("$name: $want ms", ({ nextDueMs, want }) => {
    expect(tickDelayMs(nextDueMs)).toBe(want);
  });
});
