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
    secretRef: z
      .object({ name: z.string().min(1).max(253).describe("Name of the Secret.") })
      .describe(
        "The Secret with the connection, in the namespace of this object. Its keys: uri, or host, port, dbname, user and password. Optional keys: sslmode (disable, require, verify-ca or verify-full; without it: disable) and ca.crt (PEM). Everything runs as that database user, the repair too.",
      ),
  })
  .describe("The PostgreSQL database that has the stream tables.");

const targetSchema = z
  .object({
    snapshotId: z
      .int()
      .min(0)
      .optional()
      .describe("Id of a DuckLake snapshot. The tables get the rows that their queries give at this snapshot."),
    timestamp: z
      .string()
      .max(64)
      .meta(rules([timeRule]))
      .optional()
      .describe(
        "A time, for example 2026-11-29T14:30:00Z. It stands for the last snapshot at or before it. status.target shows which snapshot that is, before anything runs.",
      ),
  })
  .describe("Where to go back to. Set snapshotId or timestamp, not both.")
  .meta(rules([{ rule: "has(self.snapshotId) != has(self.timestamp)", message: specMessages.oneTarget }]));

const approvalSchema = z
  .object({
    mode: z
      .enum(["Automatic", "Manual"])
      .default("Automatic")
      .describe("Automatic: nobody is asked. Manual: the rewind waits until planHash is the hash in status.plan.hash."),
    hold: z
      .boolean()
      .default(false)
      .describe(
        "For mode Manual. true: the tables are paused while the rewind waits for the approval, and their rows become stale. false: nothing is touched before the approval.",
      ),
    planHash: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe(
        "The approval: the value of status.plan.hash, of the plan that you have read. It stays good while new events arrive. If something changes that decides the result, the rewind shows a new plan and waits again.",
      )
      .meta(mutable),
  })
  .meta(rules([{ rule: "!has(self.planHash) || self.mode == 'Manual'", message: specMessages.planHashNeedsManual }]))
  .describe("Whether a person looks at the plan before anything is moved.")
  .prefault({});

const assertionSchema = z.object({
  name: z.string().min(1).max(63).describe("Name of the assertion in messages. No two have the same."),
  sql: sql.describe(
    "A query that gives one boolean: true if all is well. It sees the new rows before anybody else does, and changes nothing.",
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
      )
      .describe(
        "Checks of your own, at most 16. If one of them is not true, its step publishes nothing and the rewind fails.",
      ),
    at: z
      .array(z.enum(["Rewind", "Replay"]))
      .max(2)
      .default(["Rewind", "Replay"])
      .describe("The steps in which the assertions are checked, before they commit."),
  })
  .meta(rules([{ rule: assertedSomewhere, message: specMessages.assertedSomewhere }]))
  .describe(
    "What is checked before rows are published. The rows themselves are always checked; assertions come on top.",
  )
  .prefault({});

const repairSchema = z
  .object({
    sql: z
      .array(sql)
      .min(1)
      .max(32)
      .describe(
        `SQL statements, one in each item, run in this order and in one transaction. They reach the lake at most once, whatever crashes. At most 32 statements and ${sqlInAll} characters in all.`,
      ),
  })
  .meta(rules([{ rule: `self.sql.map(s, size(s)).sum() <= ${sqlInAll}`, message: specMessages.shortRepair }]))
  .describe(
    "SQL that removes the damage from the source. It runs after the rewind and before the replay. Optional: without it the replay brings back what the source still has.",
  );

const resumeSchema = z
  .object({
    policy: z
      .enum(["Automatic", "Manual", "Never"])
      .default("Automatic")
      .describe(
        "Automatic: the rewind replays and lets refreshing go on. Manual: it waits, with the tables paused at the target, until this is set to Automatic or Never. Never: it ends with the tables paused; select pgtrickle.resume_scheduler(…) lets refreshing go on.",
      )
      .meta(mutable),
    replay: z
      .enum(["Folded", "Stepwise"])
      .default("Folded")
      .describe(
        "Folded: the replay publishes once, at the newest snapshot. Stepwise: it publishes each snapshot in order.",
      ),
  })
  .describe("How the tables come back to the newest snapshot of the lake.")
  .prefault({});

export const specSchema = z
  .object({
    operationId: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        "Names the operation. Optional. An object that succeeded, and is deleted and applied again unchanged, is not run again (reason AlreadyDone); with another operationId it is.",
      ),
    database: databaseSchema,
    streamTables: z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(16)
      .describe(
        "The stream tables to rewind, as schema.name or name, at most 16. All of them go to the same snapshot, in one transaction.",
      )
      .meta(rules([{ rule: "self.all(a, self.exists_one(b, a == b))", message: specMessages.uniqueTables }])),
    target: targetSchema,
    strategy: z
      .enum(["Auto", "Full", "Journal"])
      .default("Auto")
      .describe(
        "How the rows get to the target. Full: the query is run at that snapshot. Journal: recorded changes are undone, without reading the lake. Auto: the cheaper of those that are possible.",
      ),
    acceptContradiction: z
      .boolean()
      .default(false)
      .describe(
        "For a lake that gives other rows at the target now than were published there before. true: publish the lake's rows. false: publish the earlier rows from the undo journal; where it no longer has them, the rewind fails (reason EvidenceContradicted).",
      ),
    approval: approvalSchema,
    verification: verificationSchema,
    repair: repairSchema.optional(),
    resume: resumeSchema,
    failurePolicy: z
      .enum(["Hold", "Resume"])
      .default("Hold")
      .describe(
        "What happens to the tables if a step fails after the rewind was committed. Hold: they stay paused, with good but stale rows. Resume: refreshing goes on. A failure before that always undoes everything.",
      ),
    dryRun: z
      .boolean()
      .default(false)
      .describe(
        "true: only plan, and end as Planned. Nothing is claimed, paused or changed; assertions are not run. It stays a dry run.",
      ),
    abort: z
      .boolean()
      .default(false)
      .describe(
        "true: stop. Before the rewind is committed everything is undone; after it failurePolicy decides. It cannot be set back to false.",
      )
      .meta(mutable),
    backoffLimit: z
      .int()
      .min(0)
      .max(100)
      .default(6)
      .describe("How many times in a row a failed step is tried again before the rewind fails. 0: never."),
    activeDeadlineSeconds: z
      .int()
      .min(1)
      .max(604800)
      .default(3600)
      .describe(
        "Seconds that the rewind may take; then it fails. Waiting in the queue, for approval and for a manual resume does not count.",
      ),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .max(31536000)
      .nullable()
      .optional()
      .describe(
        "Seconds after its end when this object is deleted, unless it still holds tables. Without it the object stays. Not for GitOps: the tool would apply the object again.",
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
