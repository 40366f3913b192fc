/**
 * status of StreamTableRewind v1alpha1: a mirror of the operation log in the database, rebuilt from it whenever it differs.
 * What cannot be observed again stands in core/SPEC.md, "What is stored because it cannot be observed again".
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

const rowCount = z.int().describe("Number of rows.");
const fingerprint = text.describe("Fingerprint of the rows, whatever their order.");
const row = text.describe("The row, as JSON.");

const contradictionSchema = z
  .object({
    recorded: z
      .object({
        ...{ rowCount, fingerprint },
        refreshId: z.int().describe("Id of the refresh that published them, in pgtrickle.refresh_history."),
        at: time.describe("When they were published."),
      })
      .describe("The rows that were published at the target."),
    lake: z.object({ rowCount, fingerprint }).describe("The rows that the lake gives at the target now."),
    taken: z
      .enum(["recorded", "lake"])
      .optional()
      .describe("Which of the two the rewind published. Absent: neither yet."),
    sample: z
      .array(
        z.object({
          change: text.describe(
            "-: published then, not given by the lake now. +: given by the lake now, not published then.",
          ),
          row,
        }),
      )
      .max(contradictionSample)
      .optional()
      .describe(`Rows that differ, at most ${contradictionSample}.`),
  })
  .describe("The lake gives other rows at the target now than were published there before. Absent: it gives the same.");

const planTableSchema = z.object({
  name: text.describe("Full name of the stream table."),
  from: snapshot.optional().describe("Snapshot of its rows when the plan was made."),
  to: snapshot.optional().describe("Snapshot that it goes to."),
  strategy: text
    .optional()
    .describe("How its rows get there: Full, Delta, Journal, or Nothing if they are there already."),
  reason: text.optional().describe("Why by this strategy."),
  rowsChanged: z.int().optional().describe("Rows that are removed or added. Absent: the lake could not be asked."),
  estimatedCostMs: z.number().optional().describe("Time that this is expected to take, in milliseconds."),
  contradiction: contradictionSchema.optional(),
  definitionHash: text.optional().describe("Hash of the table's query and of the settings that it depends on."),
  sources: z
    .array(
      z.object({
        table: text.describe("Name of the lake table."),
        tableId: z
          .int()
          .optional()
          .describe("Its id in DuckLake's catalog at the target. A table made anew has another."),
        schemaVersion: z.int().optional().describe("DuckLake's version of its columns at the target."),
      }),
    )
    .max(64)
    .optional()
    .describe("The lake tables that its query reads."),
  sample: z
    .array(z.object({ change: text.describe("-: the row is removed. +: it is added."), row }))
    .max(sampleLimit)
    .optional()
    .describe(`Rows that change, at most ${sampleLimit}.`),
});

const commitSchema = z.object({
  snapshotId: snapshot.describe("Snapshot that the commit made."),
  time: text.optional().describe("When it was made."),
  author: text.optional().describe("Who made it, as the lake has it."),
  message: text.optional().describe("Its commit message."),
  changes: text.optional().describe("What it changed, in DuckLake's words."),
});

const planSchema = z.object({
  hash: text.describe(
    "sha256 of everything that decides the result. Not of counts, times and the newest snapshot: it stays while events arrive. To approve the plan, set spec.approval.planHash to it.",
  ),
  target: snapshot.describe("Snapshot that the tables go to."),
  head: snapshot.optional().describe("Newest snapshot of the lake when the plan was made."),
  oldest: snapshot.optional().describe("Oldest snapshot that the lake still had then."),
  commitsUndoneCount: z.int().optional().describe("Commits to the source tables that the rewind undoes."),
  commitsUndone: z.array(commitSchema).max(sampleLimit).optional().describe(`The first ${sampleLimit} of them.`),
  rowsChanged: z.int().optional().describe("Rows that are removed or added, in all tables together."),
  tables: z.array(planTableSchema).max(64).describe("What happens to each stream table."),
  systemIdentifier: text.optional().describe("System identifier of the PostgreSQL cluster that was asked."),
  database: text.optional().describe("Name of the database that was asked."),
  timeline: z.int().optional().describe("Timeline of that PostgreSQL. A failover or a restore gives it another."),
  plannedAt: time.describe("When the plan was made."),
});

/** Names of 0.1.0. Only read: the API server would drop what its schema does not have, and with it the record of ended rewinds. */
const formerNames = {
  frontierBefore: snapshot.optional().describe("Deprecated: contentsSnapshotIdBefore, as version 0.1.0 wrote it."),
  frontierAfter: snapshot.optional().describe("Deprecated: contentsSnapshotId, as version 0.1.0 wrote it."),
  heldBefore: z.array(text).max(64).optional().describe("Deprecated: holdersBefore, as version 0.1.0 wrote it."),
};

const tableSchema = z.object({
  name: text.describe("Full name of the stream table."),
  contentsSnapshotIdBefore: snapshot.optional().describe("Snapshot of its rows before the rewind."),
  contentsSnapshotIdAfter: snapshot
    .optional()
    .describe("Snapshot of its rows right after the rewind. Absent: the rewind is not committed."),
  contentsSnapshotId: snapshot.optional().describe("Snapshot of its rows now; of a rewind that has ended: at its end."),
  strategy: text
    .optional()
    .describe("How its rows got there: Full, Delta, Journal, or Nothing if they were there already."),
  rowsRemoved: z.int().optional().describe("Rows that the rewind removed."),
  rowsAdded: z.int().optional().describe("Rows that the rewind added."),
  rowCount: z.int().optional().describe("Number of rows right after the rewind."),
  fingerprint: text.optional().describe("Fingerprint of the rows right after the rewind, whatever their order."),
  contradiction: contradictionSchema.optional(),
  statusBefore: text
    .optional()
    .describe("What pg_trickle said of it before the rewind: ACTIVE, PAUSED, ERROR or INITIALIZING."),
  holdersBefore: z
    .array(text)
    .max(64)
    .optional()
    .describe("Who had paused it before the rewind. They are not touched: the table stays paused for them."),
  held: z.boolean().optional().describe("true: it is paused by this rewind now."),
  lastDriftAt: time
    .optional()
    .describe("When a scrub last found its rows wrong and healed them, if that was since this object was made."),
  ...formerNames,
});

const stepSchema = z.object({
  name: text.describe("Pause, Rewind, Repair, Replay or Release."),
  state: z.enum(["Running", "Done", "Failed"]).describe("How it stands. Running: begun, and nothing said since."),
  attempts: z.int().min(0).describe("How many times it was begun."),
  startedAt: time.optional().describe("When the attempt began that is done, or else the last one."),
  finishedAt: time.optional().describe("When that attempt ended."),
  reason: text.optional().describe("Why that attempt failed, in one word."),
  message: text.optional().describe("Why that attempt failed, for people."),
});

const retrySchema = z.object({
  step: text.describe("The step: Connect, Claim, Plan, Finalizer, Pause, Rewind, Repair, Replay or Release."),
  count: z
    .int()
    .min(0)
    .describe("How many times in a row it has failed. More than spec.backoffLimit: the rewind fails."),
  reason: text.describe("Why it failed last, in one word."),
  message: text.describe("Why it failed last, for people."),
  lastFailureTime: time.describe("When it failed last."),
  nextAttemptTime: time.describe("When it is tried again."),
});

/** Of an object that no operator has looked at: for kstatus, having no status at all would mean that all is well. */
export const unobserved = { observedGeneration: -1 } as const;

export const statusSchema = z.object({
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe("metadata.generation that this status is about. -1: no operator has looked at the object yet."),
  phase: z
    .enum(phases)
    .optional()
    .describe(
      `How far the rewind is. For people: programs use conditions. ${terminalPhases.join(", ")} are the ends, and never change.`,
    ),
  reason: text.optional().describe("Why it stands so, in one word for programs."),
  message: z.string().max(32768).optional().describe("Why it stands so, for people, and what to do."),
  conditions: z
    .array(conditionSchema)
    .max(16)
    .optional()
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
    .describe(
      "How the rewind stands, for programs. At each end Reconciling is False; Ready is True at a good one, Stalled at a bad one.",
    ),
  startTime: time
    .optional()
    .describe("When the tables were claimed for the rewind. spec.activeDeadlineSeconds counts from here."),
  completionTime: time
    .optional()
    .describe("When the rewind ended. If it held its tables after that: when it let go of them."),
  waited: z
    .object({
      since: time.optional().describe("When the waiting began that goes on now. Absent: nobody is waited for."),
      seconds: z.int().min(0).describe("Seconds of earlier waiting."),
    })
    .optional()
    .describe(
      "How long a person was waited for while the tables were claimed. spec.activeDeadlineSeconds does not count it.",
    ),
  target: z
    .object({ snapshotId: snapshot.describe("Id of the DuckLake snapshot.") })
    .optional()
    .describe("The snapshot that spec.target stands for."),
  plan: planSchema.optional().describe("What the rewind does, worked out before anything is moved."),
  tableSummary: text
    .optional()
    .describe("The stream tables in one line, for kubectl get: the first three names, and how many more there are."),
  tables: z.array(tableSchema).max(16).optional().describe("What was done to each stream table, and how it stands."),
  steps: z.array(stepSchema).max(16).optional().describe("The steps that were begun, in their order."),
  repair: z
    .object({
      snapshotId: snapshot.optional().describe("Snapshot that the repair made in the lake."),
      rowCounts: z
        .array(z.int())
        .max(32)
        .optional()
        .describe("Rows that each statement of spec.repair.sql changed, in their order."),
    })
    .optional()
    .describe("What the repair did. Absent: nothing yet."),
  replay: z
    .object({
      snapshotId: snapshot.describe(
        "Snapshot of the table's rows; of several tables: of the one that is furthest behind.",
      ),
      head: snapshot.describe("Newest snapshot of the lake; of a replay that is done: where it ended."),
      lag: z.int().describe("Snapshots between the two: those that are still to come."),
    })
    .optional()
    .describe("How far the replay is. Absent: nothing is rewound yet."),
  retry: retrySchema.optional().describe("The step that failed and will be tried again. Absent: there is none."),
  failure: z
    .object({
      reason: text.describe("Why, in one word for programs."),
      message: z.string().max(32768).describe("Why, for people."),
    })
    .optional()
    .describe("Why the rewind fails. It is written before anything is undone, and stays."),
});

export type StreamTableRewindStatus = z.infer<typeof statusSchema>;
export type Plan = z.infer<typeof planSchema>;
export type PlanTable = z.infer<typeof planTableSchema>;
export type Contradiction = z.infer<typeof contradictionSchema>;
export type TableStatus = z.infer<typeof tableSchema>;
export type StepStatus = z.infer<typeof stepSchema>;
export type Retry = z.infer<typeof retrySchema>;
