/**
 * spec of StreamTableRewind v1alpha1. The schema here is the only source: types, CRD and validation come from it.
 * Only the CRD-safe subset of zod (object, array, string, number, boolean, enum, optional, nullable number, default);
 * what spans fields is a CEL rule here and a named check with the same message in core/checks/. A field is immutable unless it is
 * marked (mutable.ts): the generator makes a rule for each of the others.
 */
import { z } from "zod";
import type { CelRule } from "./cel-rule.ts";
import { mutable } from "./mutable.ts";
import { timeRule } from "./time.ts";

/** Of a list together: kubectl apply keeps a copy of all in an annotation, which may not be longer, and etcd takes 1.5 MB. */
export const sqlInAll = 262_144;

export const specMessages = {
  oneTarget: "exactly one of target.snapshotId and target.timestamp must be set",
  uniqueTables: "streamTables must not name a table twice",
  uniqueAssertions: "verification.assertions must have different names",
  assertedSomewhere:
    "verification.at is empty, so the assertions would never be evaluated: name Rewind, Replay or both, or leave at out for both",
  shortRepair: `repair.sql may have ${sqlInAll} characters in all: put what is longer into a function of the database and call that one`,
  shortAssertions: `verification.assertions may have ${sqlInAll} characters of sql in all: put what is longer into a function of the database and call that one`,
  abortOneWay: "abort cannot be taken back",
  acceptNeedsLake: "acceptContradiction takes the lake's rows: it does not go with strategy Journal",
  planHashNeedsManual: "approval.planHash needs approval.mode Manual: with Automatic there is nothing to approve",
} as const;

const rules = (list: readonly CelRule[]) => ({ "x-kubernetes-validations": list });

const sql = z.string().min(1).max(65536);

const databaseSchema = z
  .object({
    secretRef: z.object({
      name: z.string().min(1).max(253).describe("Name of a Secret in the namespace of this object."),
    }),
  })
  .describe(
    "Where the stream tables live. The Secret has uri, or host, port, dbname, user and password; optionally sslmode (disable, which is the default, require, verify-ca, verify-full) and ca.crt. Everything, repair included, runs as that database user.",
  );

const targetSchema = z
  .object({
    snapshotId: z.int().min(0).optional().describe("DuckLake snapshot that the tables shall be equal to."),
    timestamp: z
      .string()
      .max(64)
      .meta(rules([timeRule]))
      .optional()
      .describe("The last snapshot at or before this time; resolved to an id, shown in status, before anything runs."),
  })
  .describe("Where to go back to: exactly one of snapshotId and timestamp.")
  .meta(rules([{ rule: "has(self.snapshotId) != has(self.timestamp)", message: specMessages.oneTarget }]));

const approvalSchema = z
  .object({
    mode: z
      .enum(["Automatic", "Manual"])
      .default("Automatic")
      .describe("Manual waits, after planning, until planHash equals status.plan.hash."),
    hold: z
      .boolean()
      .default(false)
      .describe("Lock and pause the tables already while waiting for approval; they show stale rows meanwhile."),
    planHash: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe(
        "Approves the plan with this hash. The hash covers what decides the result, not the moving frontier: it stays good while events arrive. A plan that has changed is asked for again.",
      )
      .meta(mutable),
  })
  .meta(rules([{ rule: "!has(self.planHash) || self.mode == 'Manual'", message: specMessages.planHashNeedsManual }]))
  .describe("Whether a person looks at the plan before anything is moved.")
  .prefault({});

const assertionSchema = z.object({
  name: z.string().min(1).max(63),
  sql: sql.describe(
    "A query that gives one boolean; it runs inside the transaction that it judges and changes nothing.",
  ),
});

/** The API server evaluates it over the default of the whole, too, which has neither. */
const assertedSomewhere = "!has(self.assertions) || size(self.assertions) == 0 || !has(self.at) || size(self.at) > 0";

const verificationSchema = z
  .object({
    assertions: z
      .array(assertionSchema)
      .max(16)
      .default([])
      .meta(
        rules([
          { rule: "self.all(a, self.exists_one(b, a.name == b.name))", message: specMessages.uniqueAssertions },
          { rule: `self.map(a, size(a.sql)).sum() <= ${sqlInAll}`, message: specMessages.shortAssertions },
        ]),
      ),
    at: z
      .array(z.enum(["Rewind", "Replay"]))
      .max(2)
      .default(["Rewind", "Replay"])
      .describe("Before the commit of which steps the assertions must hold."),
  })
  .meta(rules([{ rule: assertedSomewhere, message: specMessages.assertedSomewhere }]))
  .describe("What must hold besides the comparison with the defining query, which is always made.")
  .prefault({});

const repairSchema = z
  .object({ sql: z.array(sql).min(1).max(32).describe("Statements, one an item, in order.") })
  .meta(rules([{ rule: `self.sql.map(s, size(s)).sum() <= ${sqlInAll}`, message: specMessages.shortRepair }]))
  .describe("Statements that remove the damage from the source, in one transaction; they reach the lake at most once.");

const resumeSchema = z
  .object({
    policy: z
      .enum(["Automatic", "Manual", "Never"])
      .default("Automatic")
      .describe(
        "Automatic replays and lets the tables go. Manual waits, with the tables paused at the snapshot, until this is set to Automatic or Never. Never ends there: the tables stay paused until pgtrickle.resume_scheduler(…).",
      )
      .meta(mutable),
    replay: z
      .enum(["Folded", "Stepwise"])
      .default("Folded")
      .describe("Folded publishes the table at head once; Stepwise publishes each snapshot in order."),
  })
  .describe("How the tables come back to the lake's head.")
  .prefault({});

export const specSchema = z
  .object({
    operationId: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("A new one makes the same content a new operation (GitOps)."),
    database: databaseSchema,
    streamTables: z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(16)
      .describe("Stream tables, as schema.name or name; rewound together, to one snapshot.")
      .meta(rules([{ rule: "self.all(a, self.exists_one(b, a == b))", message: specMessages.uniqueTables }])),
    target: targetSchema,
    strategy: z
      .enum(["Auto", "Full", "Journal"])
      .default("Auto")
      .describe(
        "How to get there: Full runs the defining query at the snapshot, Journal undoes recorded changes without reading the lake, Auto takes what is cheaper and possible.",
      ),
    acceptContradiction: z
      .boolean()
      .default(false)
      .describe(
        "Publish the lake's rows also where a refresh published others at that snapshot and recorded them. Without it such a rewind takes the recorded rows from the undo journal, or is refused.",
      ),
    approval: approvalSchema,
    verification: verificationSchema,
    repair: repairSchema.optional(),
    resume: resumeSchema,
    failurePolicy: z
      .enum(["Hold", "Resume"])
      .default("Hold")
      .describe(
        "After the rewind was committed, on failure: Hold leaves good but stale rows, paused; Resume lets the scheduler go on. Before that, everything is always undone.",
      ),
    dryRun: z.boolean().default(false).describe("Plan only: nothing is locked, paused or changed."),
    abort: z
      .boolean()
      .default(false)
      .describe(
        "Stop. Before the rewind is committed everything is undone, after it failurePolicy decides. Cannot be taken back.",
      )
      .meta(mutable),
    backoffLimit: z.int().min(0).max(100).default(6).describe("Retries of a step before the operation fails."),
    activeDeadlineSeconds: z
      .int()
      .min(1)
      .max(604800)
      .default(3600)
      .describe("Does not count waiting in the queue, for approval or for a manual resume."),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .max(31536000)
      .nullable()
      .optional()
      .describe(
        "Deletes the object so long after its end, unless it still holds tables. Off by default: GitOps would bring it back.",
      )
      .meta(mutable),
  })
  .meta(
    rules([
      { rule: "!oldSelf.abort || self.abort", message: specMessages.abortOneWay },
      { rule: "!self.acceptContradiction || self.strategy != 'Journal'", message: specMessages.acceptNeedsLake },
    ]),
  );

/** Parsed: defaults are filled in. */
export type StreamTableRewindSpec = z.infer<typeof specSchema>;
/** As a person writes it. */
export type StreamTableRewindSpecInput = z.input<typeof specSchema>;
export type Assertion = z.infer<typeof assertionSchema>;
