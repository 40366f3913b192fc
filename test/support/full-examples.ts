/** Two specs that have every field that there is, and no value in common: withLeaf() (leaves.ts) says which one is missing. */
import type { StreamTableRewindSpec } from "../../operator/api/spec.ts";

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
