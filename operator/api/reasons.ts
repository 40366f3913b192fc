/**
 * Reasons of conditions, events and failures: PascalCase, stable, explained here once. Machines may match them; the message beside
 * a reason is for people and may change. docs/reference/errors.md is made from this table.
 */

interface Explanation {
  readonly means: string;
  /** What a person does; empty: nothing. */
  readonly wayOut: string;
}

export const explanations = {
  Progressing: { means: "The operation goes on; the message says with what.", wayOut: "" },
  WaitingForClaim: {
    means: "Another rewind has the claim to one of the tables.",
    wayOut:
      "Wait: rewinds of one table run one after the other. The message names the other one; abort it if this one matters more.",
  },
  SecretNotFound: {
    means: "The Secret of `spec.database` is not there.",
    wayOut:
      "Create it in the namespace of the object. A new object waits half a minute for it, then it has failed: apply it anew. A rewind that has begun asks again.",
  },
  SecretInvalid: {
    means: "The Secret lacks a key, or holds something that is not a connection.",
    wayOut: "Correct the key that the message names. A rewind that had not begun has failed: apply it anew.",
  },
  DatabaseUnreachable: {
    means: "No connection to the database.",
    wayOut:
      "Look whether it runs, and whether the host in the Secret is right. It is tried again; a rewind that had not begun gives up after about three minutes.",
  },
  AuthenticationFailed: {
    means: "The server refuses user, password or database name.",
    wayOut: "Correct the Secret. A rewind that had not begun has failed: apply it anew.",
  },
  PermissionDenied: {
    means: "The database user lacks a right that the operation needs, or the operator may not read the Secret.",
    wayOut:
      "Grant the user `pgtrickle_admin` and what its repair needs, and apply the object anew. Or let the operator read the Secret: it asks again.",
  },
  InvalidSpec: {
    means:
      "The object is not valid: it names one table in two spellings, or it was stored before the schema was tightened.",
    wayOut: "Delete it and apply one that is valid.",
  },
  UnknownStreamTable: {
    means: "There is no stream table of that name.",
    wayOut: "The message lists those that there are.",
  },
  AmbiguousStreamTable: { means: "The name fits several stream tables.", wayOut: "Write it with its schema." },
  SnapshotExpired: {
    means: "The target is older than what the lake still holds.",
    wayOut: "Take a snapshot that the message names, or strategy `Journal` for the end of an earlier refresh.",
  },
  SnapshotInFuture: {
    means: "The target is newer than the newest snapshot of the lake.",
    wayOut: "Take a snapshot in the range that the message names.",
  },
  SnapshotNotFound: {
    means: "The lake has no snapshot of that number.",
    wayOut: "Take one that `pgtrickle.snapshots(…)` lists.",
  },
  SourceDropped: {
    means: "A source table, or a column of it, is gone, or was not there at the target.",
    wayOut: "Take a snapshot at which `pgtrickle.snapshots(…)` shows a strategy.",
  },
  QueryRefused: {
    means: "The query of the stream table is not one that the lake engine runs.",
    wayOut: "As the message says.",
  },
  StrategyNotPossible: {
    means: "The strategy does not reach the target.",
    wayOut: "Take `Auto`, or the one that the message names.",
  },
  AdoptionRequired: {
    means: "The database was restored from a dump, and nobody has said that it may go on.",
    wayOut: "Run `select pgtrickle.adopt()` once the old database is gone for good.",
  },
  AssertionFailed: {
    means: "An assertion gave false, NULL or an error. Nothing was published.",
    wayOut: "Take another target, or correct the assertion. Apply a new object.",
  },
  VerificationFailed: {
    means: "The new rows are not what the query gives. Nothing was published.",
    wayOut: "Run `select * from pgtrickle.inspect_lake()`; try another strategy.",
  },
  EvidenceContradicted: {
    means: "The lake gives other rows at the target than were published and recorded there. Nothing was published.",
    wayOut: "Decide who is right: strategy `Journal` takes the published rows, `acceptContradiction: true` the lake's.",
  },
  QueryFailed: {
    means: "The query cannot be computed, for example because of an overflow.",
    wayOut: "Delete or mend the row by a `repair`, or take a snapshot before it. The message has the SQLSTATE.",
  },
  LakeDamaged: {
    means:
      "A data file is lost, the lake and its catalog contradict each other, or the guard has recorded that the snapshot is wrong.",
    wayOut: "Run `select * from pgtrickle.inspect_lake()`; strategy `Journal` needs no lake.",
  },
  RepairFailed: {
    means: "A statement of the repair failed. The tables are at the target.",
    wayOut: "Apply a new object to the same target with a repair that works. It takes the tables over.",
  },
  CallRefused: {
    means: "The database refuses a call as such: the extension is missing, or of another version.",
    wayOut: "Install or update the extension. If it is there and current, this is a bug: report the message.",
  },
  LakeUnreachable: {
    means: "The lake engine or the lake's storage does not answer.",
    wayOut: "Look at the engine's container and log. It is tried again by itself.",
  },
  TransientError: {
    means: "Something failed that may pass by itself.",
    wayOut: "It is tried again. If it stays, the message says what to look at.",
  },
  BackoffLimitExceeded: {
    means: "A step failed more often than `backoffLimit` allows.",
    wayOut: "Mend what the message names. Apply a new object.",
  },
  DeadlineExceeded: {
    means: "The operation took longer than `activeDeadlineSeconds`.",
    wayOut: "Mend what the message names, or give the new object more time.",
  },
  Planned: { means: "There is a plan, or the dry run has ended with it.", wayOut: "" },
  NotPlanned: { means: "There is no plan yet.", wayOut: "" },
  AwaitingApproval: {
    means: "A person has to look at the plan.",
    wayOut: "Set `approval.planHash` to `status.plan.hash`, or set `abort: true`.",
  },
  PlanStale: {
    means: "`approval.planHash` is not the hash of the plan, or not any more.",
    wayOut: "Read the new plan, and set its hash.",
  },
  ApprovedByHash: { means: "`approval.planHash` is the hash of the plan.", wayOut: "" },
  DryRun: { means: "A plan that is only shown needs no approval.", wayOut: "" },
  ApprovedAutomatically: { means: "`approval.mode` is `Automatic`.", wayOut: "" },
  RewindCommitted: { means: "The tables were moved to the target, in one transaction.", wayOut: "" },
  NotRewound: { means: "Nothing was moved.", wayOut: "" },
  VerifiedInTransaction: {
    means: "The rows were compared with the query, and the assertions held, before the commit.",
    wayOut: "",
  },
  NotVerified: { means: "Nothing was compared, as nothing was moved.", wayOut: "" },
  SchedulingResumed: { means: "The tables are refreshed again, as far as they were before.", wayOut: "" },
  AwaitingResume: {
    means: "The tables are at the target, paused, and a person has to look at them.",
    wayOut: "Set `resume.policy` to `Automatic` (replay) or `Never` (end here, paused).",
  },
  LeftPaused: {
    means: "`resume.policy` is `Never`: the tables stay paused at the target.",
    wayOut: "Run `select pgtrickle.resume_scheduler(…)` when they shall go on.",
  },
  Held: {
    means: "The tables still have the hold of this rewind.",
    wayOut:
      "Nothing while it runs. Of an ended one: a new rewind takes the hold over, or `pgtrickle.resume_scheduler(…)` ends it.",
  },
  FoundPaused: {
    means: "Somebody else had paused the tables before, and still does.",
    wayOut: "Run `select pgtrickle.resume_scheduler(…)` if they shall go on.",
  },
  NotHeld: { means: "This rewind holds nothing: it never did, or it was undone.", wayOut: "" },
  Succeeded: { means: "Everything was done.", wayOut: "" },
  AlreadyDone: {
    means: "This very operation was done before, and nothing has moved its tables back since.",
    wayOut: "To run it again, give it another `operationId`.",
  },
  Aborted: {
    means: "`spec.abort` was set.",
    wayOut: "If the tables are held (`status.tables[].held`), as for `Held`.",
  },
  Expired: { means: "The time of `ttlSecondsAfterFinished` is over; the object is deleted.", wayOut: "" },
  Deleted: { means: "The object was deleted, and what it held was put back.", wayOut: "" },
  HoldOrphaned: {
    means: "The object was deleted while its database could not be reached for a minute and a half.",
    wayOut: "The tables stay paused: the next rewind takes them over, or `pgtrickle.resume_scheduler(…)` lets them go.",
  },
  OrphanFreed: {
    means: "The claim of a rewind that has ended, or no longer exists, was freed for this one.",
    wayOut: "",
  },
  DriftHealed: {
    means: "While the object was waiting, a scrub found one of its tables to be other than its query, and healed it.",
    wayOut: "Read `docs/runbooks/StreamTableDrift.md`.",
  },
  Failed: { means: "It has failed, and the operation log no longer says why.", wayOut: "Look at the object's events." },
} as const satisfies Readonly<Record<string, Explanation>>;

export type Reason = keyof typeof explanations;

/** `Reason.Planned` is "Planned". */
export const Reason = Object.fromEntries(Object.keys(explanations).map((name) => [name, name])) as {
  readonly [Name in Reason]: Name;
};
