/** StreamTableRewind v1alpha1 as a whole: names, printer columns, rules that span spec and status. */
import { z } from "zod";
import type { CelRule } from "./cel-rule.ts";
import { specSchema } from "./spec.ts";
import { statusSchema, terminalPhases, unobserved } from "./status.ts";

export const group = "pgtrickle.dev";
export const version = "v1alpha1";
export const kind = "StreamTableRewind";
/** On every object that may hold a lock; removed when it holds nothing any more. */
export const finalizer = "pgtrickle.dev/rewind";

export const terminalPhaseMessage = `a terminal phase (${terminalPhases.join(", ")}) never changes`;

const isTerminalBefore = `has(oldSelf.status) && has(oldSelf.status.phase) && oldSelf.status.phase in [${terminalPhases
  .map((phase) => `'${phase}'`)
  .join(", ")}]`;

/** On the root, because a rule on status would not run when status is removed as a whole. */
const terminalPhasesNeverChange: CelRule = {
  rule: `!(${isTerminalBefore}) || (has(self.status) && has(self.status.phase) && self.status.phase == oldSelf.status.phase)`,
  message: terminalPhaseMessage,
};

export const streamTableRewindSchema = z
  .object({
    spec: specSchema.describe("What to rewind, to where, and what to do then."),
    status: statusSchema.default(unobserved).describe("What was done and how it stands."),
  })
  .describe(
    "StreamTableRewind puts stream tables of pg_trickle back to a DuckLake snapshot, proves it, repairs the source and replays forward.",
  )
  .meta({ "x-kubernetes-validations": [terminalPhasesNeverChange] });

export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0: only with -o wide. */
  readonly priority?: number;
}

export const printerColumns: readonly PrinterColumn[] = [
  { name: "Tables", type: "string", jsonPath: ".spec.streamTables" },
  { name: "Target", type: "integer", jsonPath: ".status.target.snapshotId", description: "Snapshot to go back to" },
  { name: "Phase", type: "string", jsonPath: ".status.phase" },
  { name: "From", type: "integer", jsonPath: ".status.tables[0].frontierBefore", description: "Snapshot before" },
  { name: "To", type: "integer", jsonPath: ".status.tables[0].frontierAfter", description: "Snapshot now" },
  { name: "Lag", type: "integer", jsonPath: ".status.replay.lag", description: "Snapshots behind head" },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  { name: "Reason", type: "string", jsonPath: ".status.reason", priority: 1 },
  { name: "Message", type: "string", jsonPath: ".status.message", priority: 1 },
];
