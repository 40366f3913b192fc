// The scrubber's part of the loop, over a database that is none: one at a time, told at the right level, never in the loop's way.
import { expect, test } from "vitest";
import type { DueRefresh, Scrubbed } from "./database.ts";
import { Scrubber, type ScrubDatabase } from "./scrubber.ts";

const events: DueRefresh = { id: "1", tableName: "public.events" };
const clean: Scrubbed = { kind: null, summary: "2 rows" };

function stage(given: Partial<ScrubDatabase> & { readonly due?: DueRefresh[] } = {}) {
  const calls: string[] = [];
  const told: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const due = [...(given.due ?? [events])];
  let now = 0;
  const database: ScrubDatabase = {
    begin: async () => {
      calls.push("begin");
      return due.shift();
    },
    refresh: async (id) => calls.push(`refresh ${id}`),
    scrub: async (id) => {
      calls.push(`scrub ${id}`);
      return clean;
    },
    recordFailure: async (id, { durationMs, error }) => {
      calls.push(`failed ${id} after ${durationMs} ms: ${error.message}`);
    },
    ...given,
  };
  const write = (level: string) => (fields: unknown, message: unknown) => {
    told.push({ level, fields: fields as Record<string, unknown>, message: String(message) });
  };
  const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const scrubber = new Scrubber(database, log as never, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { scrubber, calls, told, pass };
}

const nothingRuns = () => undefined;
const failed = (code: string, message: string) => Object.assign(new Error(message), { code });

test("a due table is refreshed first, then scrubbed, and told at info", async () => {
  const { scrubber, calls, told } = stage();
  await scrubber.startDue(nothingRuns);
  expect(scrubber.tableId).toBe("1");
  await scrubber.ended();
  expect(calls).toEqual(["begin", "refresh 1", "scrub 1"]);
  expect(told).toEqual([{ level: "info", fields: { table: "public.events", summary: "2 rows" }, message: "scrubbed" }]);
  expect(scrubber.tableId).toBeUndefined();
});

test.each(["drift", "damage"] as const)("%s is told at error, with the table", async (kind) => {
  const { scrubber, told } = stage({ scrub: async () => ({ kind, summary: "1 missing" }) });
  await scrubber.startDue(nothingRuns);
  await scrubber.ended();
  expect(told).toMatchObject([{ level: "error", fields: { table: "public.events", kind, summary: "1 missing" } }]);
});

test("one runs at a time, and it is asked for the next one once a second", async () => {
  const scrubbing = Promise.withResolvers<Scrubbed>();
  const { scrubber, calls, pass } = stage({ due: [events, events], scrub: () => scrubbing.promise });
  const begun = () => calls.filter((call) => call === "begin").length;
  await scrubber.startDue(nothingRuns);
  pass(60_000);
  await scrubber.startDue(nothingRuns);
  expect(begun()).toBe(1);
  scrubbing.resolve(clean);
  await scrubber.ended();
  await scrubber.startDue(nothingRuns);
  await scrubber.ended();
  await scrubber.startDue(nothingRuns);
  pass(999);
  await scrubber.startDue(nothingRuns);
  expect(begun()).toBe(2);
  pass(1);
  await scrubber.startDue(nothingRuns);
  expect(begun()).toBe(3);
});

test("a refresh of the table that runs is waited for, and the loop is not kept", async () => {
  const refreshing = Promise.withResolvers<void>();
  const { scrubber, calls } = stage();
  await scrubber.startDue((id) => (id === "1" ? refreshing.promise : undefined));
  expect(scrubber.tableId).toBe("1");
  expect(calls).toEqual(["begin"]);
  refreshing.resolve();
  await scrubber.ended();
  expect(calls).toEqual(["begin", "refresh 1", "scrub 1"]);
});

test("a refresh before it that fails keeps no scrub away: it may be what heals", async () => {
  const { scrubber, told } = stage({ refresh: () => Promise.reject(failed("XX001", "hidden state")) });
  await scrubber.startDue(nothingRuns);
  await scrubber.ended();
  expect(told.map(({ level }) => level)).toEqual(["debug", "info"]);
});

test.each([
  ["TR014", "warn"],
  ["TR012", "debug"],
])("a failure %s is recorded with its time and told at %s", async (code, level) => {
  const { scrubber, calls, told, pass } = stage({
    scrub: async () => {
      pass(1_234.4);
      throw failed(code, "no");
    },
  });
  await scrubber.startDue(nothingRuns);
  await scrubber.ended();
  expect(calls.at(-1)).toBe("failed 1 after 1234 ms: no");
  expect(told).toMatchObject([{ level, fields: { table: "public.events" }, message: "a scrub failed" }]);
});

test("a failure that cannot be recorded is told, and does not reach the loop", async () => {
  const { scrubber, told } = stage({
    scrub: () => Promise.reject(failed("57P01", "gone")),
    recordFailure: () => Promise.reject(new Error("gone too")),
  });
  await scrubber.startDue(nothingRuns);
  await scrubber.ended();
  expect(told).toMatchObject([{ level: "error", message: "a scrub failed and could not be recorded" }]);
});
