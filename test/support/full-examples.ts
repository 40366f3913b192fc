/** Two specs and two plans that have every field that there is, and no value in common: withLeaf() (leaves.ts) says which is missing. */
import type { StreamTableRewindSpec } from "../../operator/api/spec.ts";
import type { Plan } from "../../operator/api/status.ts";

/** Not valid with both targets: whoever asks an API server leaves one of them out. */
export const fullSpec: StreamTableRewindSpec = {
  operationId: "inc-1",
  database: { secretRef: { name: "timetravel-db" } },
  streamTables: ["public.event_summary"],
  target: { snapshotId: 42, timestamp: "2026-11-22T03:00:00Z" },
  strategy: "Auto",
  acceptContradiction: false,
  approval: { mode: "Manual", hold: false, planHash: "a" },
  verification: { assertions: [{ name: "no-corrupted", sql: "select true" }], at: ["Rewind", "Replay"] },
  repair: { sql: ["delete from lake.events"] },
  resume: { policy: "Automatic", replay: "Folded" },
  failurePolicy: "Hold",
  ...{ dryRun: false, abort: false, backoffLimit: 6, activeDeadlineSeconds: 3600, ttlSecondsAfterFinished: 60 },
};

export const otherSpec: StreamTableRewindSpec = {
  operationId: "inc-2",
  database: { secretRef: { name: "other-db" } },
  streamTables: ["public.other"],
  target: { snapshotId: 43, timestamp: "2026-11-23T03:00:00Z" },
  strategy: "Full",
  acceptContradiction: true,
  approval: { mode: "Automatic", hold: true, planHash: "b" },
  verification: { assertions: [{ name: "any", sql: "select false" }], at: ["Replay"] },
  repair: { sql: ["select 1"] },
  resume: { policy: "Never", replay: "Stepwise" },
  failurePolicy: "Resume",
  ...{ dryRun: true, abort: true, backoffLimit: 7, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 61 },
};

/** Two plans, in the same way. */
export const fullPlan: Plan = {
  ...{ hash: "h", plannedAt: "2026-11-22T12:00:00Z", systemIdentifier: "7", database: "staging", timeline: 1 },
  ...{ target: 42, head: 57, oldest: 0, commitsUndoneCount: 3, rowsChanged: 1 },
  commitsUndone: [{ snapshotId: 43, time: "12:00", author: "a", message: "m", changes: "c" }],
  tables: [
    {
      ...{ name: "public.event_summary", from: 57, to: 42, strategy: "Full", reason: "r", definitionHash: "d" },
      ...{ rowsChanged: 1, estimatedCostMs: 1 },
      sources: [{ table: "lake.events", tableId: 1, schemaVersion: 1 }],
      sample: [{ change: "+", row: "{}" }],
      contradiction: {
        recorded: { rowCount: 105, fingerprint: "105-a", refreshId: 3, at: "2026-11-22T11:00:00Z" },
        lake: { rowCount: 135, fingerprint: "135-b" },
        taken: "recorded",
        sample: [{ change: "+", row: "{}" }],
      },
    },
  ],
};

export const otherPlan: Plan = {
  ...{ hash: "i", plannedAt: "2026-11-22T13:00:00Z", systemIdentifier: "8", database: "production", timeline: 2 },
  ...{ target: 41, head: 58, oldest: 1, commitsUndoneCount: 4, rowsChanged: 2 },
  commitsUndone: [{ snapshotId: 44, time: "13:00", author: "b", message: "n", changes: "d" }],
  tables: [
    {
      ...{ name: "public.other", from: 58, to: 41, strategy: "Journal", reason: "s", definitionHash: "e" },
      ...{ rowsChanged: 2, estimatedCostMs: 2 },
      sources: [{ table: "lake.other", tableId: 2, schemaVersion: 2 }],
      sample: [{ change: "-", row: "[]" }],
      contradiction: {
        recorded: { rowCount: 106, fingerprint: "106-a", refreshId: 4, at: "2026-11-22T12:00:00Z" },
        lake: { rowCount: 136, fingerprint: "136-b" },
        taken: "lake",
        sample: [{ change: "-", row: "[]" }],
      },
    },
  ],
};
