/** StreamTableRewind v1alpha1 as a whole: names, printer columns, rules that span spec and status. */
import { z } from "zod";
import type { CelRule } from "./cel-rule.ts";
import { specSchema } from "./spec.ts";
import { statusSchema, terminalPhases, unobserved } from "./status.ts";

export const group = "pgtrickle.dev";
export const version = "v1alpha1";
export const kind = "StreamTableRewind";
/** On every object that may hold a claim; removed when it holds nothing any more. */
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
    spec: specSchema.describe(
      "What to rewind, where to, and what to do then. A field cannot be changed later unless its description says so: make another object instead.",
    ),
    status: statusSchema
      .default(unobserved)
      .describe("What was planned and done, and how it stands. Written by the operator."),
  })
  .describe(
    "StreamTableRewind puts stream tables of pg_trickle back to a DuckLake snapshot, proves that their rows are right, repairs the source and replays forward. It is done once; the object is its record.",
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
  { name: "Tables", type: "string", jsonPath: ".status.tableSummary", description: "Stream tables that are rewound." },
  { name: "Target", type: "integer", jsonPath: ".status.target.snapshotId", description: "Snapshot to go back to." },
  { name: "Phase", type: "string", jsonPath: ".status.phase", description: "How far the rewind is." },
  {
    name: "From",
    type: "integer",
    jsonPath: ".status.tables[0].contentsSnapshotIdBefore",
    description: "Snapshot of the rows before the rewind. Of several tables: of the first one.",
  },
  {
    name: "To",
    type: "integer",
    jsonPath: ".status.tables[0].contentsSnapshotIdAfter",
    description: "Snapshot of the rows right after the rewind. Empty until it is committed.",
  },
  {
    name: "Lag",
    type: "integer",
    jsonPath: ".status.replay.lag",
    description: "Commits of the lake that the replay has still to publish.",
  },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  { name: "Reason", type: "string", jsonPath: ".status.reason", priority: 1 },
  { name: "Message", type: "string", jsonPath: ".status.message", priority: 1 },
];
