/**
 * status of StreamTableRewind v1alpha1: a mirror of the journal in the database, rebuilt from it whenever it differs.
 * Only `retry`, `plan` and `waited` cannot be observed again (core/SPEC.md, "What is stored").
 */
import { z } from "zod";
import { conditionSchema } from "./conditions.ts";

export const phases = [
  "Pending",
  "Queued",
  "Planning",
  "AwaitingApproval",
  "Pausing",
  "Rewinding",
  "Repairing",
  "AwaitingResume",
  "Replaying",
  "Succeeded",
  "Planned",
  "Failed",
  "Aborted",
] as const;

export type Phase = (typeof phases)[number];

export const terminalPhases = ["Succeeded", "Planned", "Failed", "Aborted"] as const satisfies readonly Phase[];

export function isTerminal(phase: Phase | undefined): boolean {
  return phase !== undefined && (terminalPhases as readonly Phase[]).includes(phase);
}

/** Phases that only a person ends. */
export function isWaitingForPerson(phase: Phase | undefined): boolean {
  return phase === "AwaitingApproval" || phase === "AwaitingResume";
}

/** How many commits and rows a status shows; the rest is counted. */
export const sampleLimit = 20;

const time = z.iso.datetime({ offset: true });
const snapshot = z.int().min(0);
const text = z.string().max(4096);

/** A few rows of each side are enough to see what it is about. */
export const contradictionSample = 4;

const contradictionSchema = z
  .object({
    recorded: z.object({ rowCount: z.int(), fingerprint: text, refreshId: z.int(), at: time }),
    lake: z.object({ rowCount: z.int(), fingerprint: text }),
    taken: z.enum(["recorded", "lake"]).optional().describe("Whose rows were published."),
    sample: z
      .array(z.object({ change: text, row: text }))
      .max(contradictionSample)
      .optional()
      .describe("Rows that were published and the lake does not give (-), and that it gives instead (+)."),
  })
  .describe("The lake gives other rows at the target now than a refresh published and recorded there.");

const planTableSchema = z.object({
  name: text,
  from: snapshot.optional(),
  to: snapshot.optional(),
  strategy: text.optional(),
  reason: text.optional(),
  rowsChanged: z.int().optional(),
  estimatedCostMs: z.number().optional(),
  contradiction: contradictionSchema.optional(),
  definitionHash: text.optional(),
  sources: z
    .array(z.object({ table: text, tableId: z.int().optional(), schemaVersion: z.int().optional() }))
    .max(64)
    .optional(),
  sample: z
    .array(z.object({ change: text, row: text.describe("The row as JSON text.") }))
    .max(sampleLimit)
    .optional(),
});

const planSchema = z.object({
  hash: text.describe("sha256 over what decides the result; not over counts, times or the moving frontier."),
  target: snapshot,
  head: snapshot.optional(),
  oldest: snapshot.optional(),
  commitsUndoneCount: z.int().optional(),
  commitsUndone: z
    .array(
      z.object({
        snapshotId: snapshot,
        time: text.optional(),
        author: text.optional(),
        message: text.optional(),
        changes: text.optional(),
      }),
    )
    .max(sampleLimit)
    .optional(),
  rowsChanged: z.int().optional(),
  tables: z.array(planTableSchema).max(64),
  systemIdentifier: text.optional(),
  database: text.optional(),
  timeline: z.int().optional(),
  plannedAt: time,
});

const tableSchema = z.object({
  name: text,
  frontierBefore: snapshot.optional().describe("Snapshot of the rows when the tables were paused."),
  frontierAfter: snapshot.optional().describe("Snapshot of the rows now."),
  strategy: text.optional(),
  rowsRemoved: z.int().optional(),
  rowsAdded: z.int().optional(),
  rowCount: z.int().optional().describe("Rows right after the rewind."),
  fingerprint: text.optional().describe("Order-independent fingerprint of the rows right after the rewind."),
  contradiction: contradictionSchema.optional(),
  statusBefore: text.optional().describe("What pg_trickle said before: ACTIVE, PAUSED, ERROR, …"),
  heldBefore: z.array(text).max(64).optional().describe("Holds that were there before and are left alone."),
  held: z.boolean().optional().describe("Whether this rewind holds the table now."),
  lastDriftAt: time.optional().describe("When a scrub healed the table, if that was since this object was made."),
});

const stepSchema = z.object({
  name: text,
  state: z.enum(["Running", "Done", "Failed"]),
  attempts: z.int().min(0),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  reason: text.optional(),
  message: text.optional(),
});

const retrySchema = z.object({
  step: text,
  count: z.int().min(0).describe("Failures of this step in a row."),
  reason: text,
  message: text,
  lastFailureTime: time,
  nextAttemptTime: time,
});

/** Of an object that no operator has looked at: for kstatus, having no status at all would mean that all is well. */
export const unobserved = { observedGeneration: -1 } as const;

export const statusSchema = z.object({
  observedGeneration: z.int().min(-1).optional().describe("The generation that this status is about; -1: none yet."),
  phase: z.enum(phases).optional().describe("For people. Machines use conditions. Terminal phases never change."),
  reason: text.optional(),
  message: z.string().max(32768).optional(),
  conditions: z
    .array(conditionSchema)
    .max(16)
    .optional()
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] }),
  startTime: time.optional().describe("When the tables' locks were taken: activeDeadlineSeconds counts from here."),
  completionTime: time.optional(),
  waited: z
    .object({ since: time.optional(), seconds: z.int().min(0) })
    .optional()
    .describe("Time that a person was waited for with the locks taken: activeDeadlineSeconds does not count it."),
  target: z.object({ snapshotId: snapshot }).optional(),
  plan: planSchema.optional(),
  tables: z.array(tableSchema).max(16).optional(),
  steps: z.array(stepSchema).max(16).optional(),
  repair: z.object({ snapshotId: snapshot.optional(), rowCounts: z.array(z.int()).max(32).optional() }).optional(),
  replay: z
    .object({
      snapshotId: snapshot.describe("The least advanced table's snapshot."),
      head: snapshot,
      lag: z.int().describe("Snapshots still to come."),
    })
    .optional(),
  retry: retrySchema.optional(),
  failure: z
    .object({ reason: text, message: z.string().max(32768) })
    .optional()
    .describe("Why the operation fails; once here it stays, while what was done is being undone."),
});

export type StreamTableRewindStatus = z.infer<typeof statusSchema>;
export type Plan = z.infer<typeof planSchema>;
export type PlanTable = z.infer<typeof planTableSchema>;
export type Contradiction = z.infer<typeof contradictionSchema>;
export type TableStatus = z.infer<typeof tableSchema>;
export type StepStatus = z.infer<typeof stepSchema>;
export type Retry = z.infer<typeof retrySchema>;
