import { expect, test } from "vitest";
import { livenessProblems, readinessProblems } from "./health.ts";

test.each([
  ["all is well", { loopLagMs: 20, reflectorAgeMs: 60_000 }, 0],
  ["the event loop was blocked", { loopLagMs: 11_000, reflectorAgeMs: 0 }, 1],
  ["the reflector's loop stands still", { loopLagMs: 0, reflectorAgeMs: 400_000 }, 1],
  ["both", { loopLagMs: 11_000, reflectorAgeMs: 400_000 }, 2],
])("liveness: %s", (_case, given, want) => {
  expect(livenessProblems(given)).toHaveLength(want);
});

test.each([
  ["ready", { cachesSynced: true, isShuttingDown: false, missing: [] }, 0],
  ["not synced", { cachesSynced: false, isShuttingDown: false, missing: [] }, 1],
  ["a right is gone", { cachesSynced: true, isShuttingDown: false, missing: ["it may not"] }, 1],
  ["going down", { cachesSynced: true, isShuttingDown: true, missing: [] }, 1],
])("readiness: %s", (_case, given, want) => {
  expect(readinessProblems(given)).toHaveLength(want);
});
