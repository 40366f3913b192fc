import { expect, test } from "vitest";
import { Chronicle, deedsOf, deedsOfMaintenance, isCaused } from "./chronicle.ts";

const where = { ids: [1] };

test("only what others have done since is a cause, of the right kind and to the right table", () => {
  const chronicle = new Chronicle();
  chronicle.record("pg1", deedsOf({ kind: "delete", table: "items", where, isRowByRow: false }));
  const since = chronicle.now;
  chronicle.record("duck", deedsOf({ kind: "delete", table: "events", where, isRowByRow: false }));
  chronicle.record("pg1", deedsOf({ kind: "insert", table: "events", rows: [] }));
  const others = chronicle.others("duck", since);
  expect(isCaused(["deletes"], others, undefined)).toBe(false);
  expect(isCaused(["inserts"], others, "events")).toBe(true);
  expect(isCaused(["inserts"], others, "items")).toBe(false);
  expect(isCaused([], others, undefined)).toBe(false);
});

test("an update is a deletion too, a read is nothing, and maintenance may touch every table", () => {
  const chronicle = new Chronicle();
  chronicle.record("pg1", deedsOf({ kind: "count", table: "items", where }));
  expect(chronicle.now).toBe(0);
  chronicle.record("pg1", deedsOf({ kind: "updateFrom", table: "items", ids: [1], add: 1 }));
  expect(isCaused(["deletes"], chronicle.others("duck", 0), "items")).toBe(true);
  chronicle.record("pg1", deedsOfMaintenance("checkpoint"));
  expect(isCaused(["compacts"], chronicle.others("duck", 0), "notes")).toBe(true);
  expect(isCaused(["flushes"], chronicle.others("duck", 0), "notes")).toBe(true);
});
