/**
 * Reasons of conditions, events and failures: PascalCase, stable, documented here once. Machines may match them; the
 * message beside a reason is for people and may change.
 */
export const Reason = {
  /** The operation goes on; the message says with what. */
  Progressing: "Progressing",
  /** Another rewind holds the lock of one of the tables. */
  WaitingForLock: "WaitingForLock",
  /** The Secret of spec.database is not there (yet). */
  SecretNotFound: "SecretNotFound",
  /** The Secret lacks a key or holds something that is not a connection. */
  SecretInvalid: "SecretInvalid",
  /** No connection to the database; retried. */
  DatabaseUnreachable: "DatabaseUnreachable",
  /** The server refused user, password or database name. */
  AuthenticationFailed: "AuthenticationFailed",
  /** The database user lacks a right that the operation needs, or the operator may not read the Secret. */
  PermissionDenied: "PermissionDenied",
  /** The object does not satisfy its own schema (stored before the schema was tightened). */
  InvalidSpec: "InvalidSpec",
  UnknownStreamTable: "UnknownStreamTable",
  AmbiguousStreamTable: "AmbiguousStreamTable",
  SnapshotExpired: "SnapshotExpired",
  SnapshotInFuture: "SnapshotInFuture",
  SnapshotNotFound: "SnapshotNotFound",
  /** A source table, or a column of it, is not there: any more, or at the target not yet. */
  SourceDropped: "SourceDropped",
  QueryRefused: "QueryRefused",
  StrategyNotPossible: "StrategyNotPossible",
  AdoptionRequired: "AdoptionRequired",
  AssertionFailed: "AssertionFailed",
  VerificationFailed: "VerificationFailed",
  /** The lake gives other rows at the target than were published and recorded there. */
  EvidenceContradicted: "EvidenceContradicted",
  /** A value that the query of a stream table cannot compute, such as an overflow. */
  QueryFailed: "QueryFailed",
  /** A data file is lost, the lake and its catalog contradict each other, or the guard has recorded that a snapshot is wrong. */
  LakeDamaged: "LakeDamaged",
  RepairFailed: "RepairFailed",
  /** The database refused a call as such: a bug or an incompatible version. */
  CallRefused: "CallRefused",
  /** The lake engine does not answer; retried. */
  LakeUnreachable: "LakeUnreachable",
  /** Something that may pass by itself; retried. */
  TransientError: "TransientError",
  BackoffLimitExceeded: "BackoffLimitExceeded",
  DeadlineExceeded: "DeadlineExceeded",
  Planned: "Planned",
  NotPlanned: "NotPlanned",
  /** A person has to look at the plan and set approval.planHash to its hash. */
  AwaitingApproval: "AwaitingApproval",
  /** approval.planHash is not the hash of the plan (any more). */
  PlanStale: "PlanStale",
  /** approval.planHash is the plan's hash. */
  ApprovedByHash: "ApprovedByHash",
  /** Nothing is approved by a plan that is only shown. */
  DryRun: "DryRun",
  /** approval.mode is Automatic. */
  ApprovedAutomatically: "ApprovedAutomatically",
  RewindCommitted: "RewindCommitted",
  NotRewound: "NotRewound",
  VerifiedInTransaction: "VerifiedInTransaction",
  NotVerified: "NotVerified",
  SchedulingResumed: "SchedulingResumed",
  /** A person has to set resume.policy to Automatic or Never. */
  AwaitingResume: "AwaitingResume",
  /** resume.policy Never: paused at the snapshot for a person to resume. */
  LeftPaused: "LeftPaused",
  /** The tables still have the hold of this rewind. */
  Held: "Held",
  /** Somebody else had paused the tables before and still does. */
  FoundPaused: "FoundPaused",
  /** This rewind holds nothing (never did, or undone). */
  NotHeld: "NotHeld",
  Succeeded: "Succeeded",
  /** The journal has this very operation as done, and nothing has moved its tables back since. */
  AlreadyDone: "AlreadyDone",
  /** spec.abort. */
  Aborted: "Aborted",
  /** The time of ttlSecondsAfterFinished is over. */
  Expired: "Expired",
  /** The object was deleted and what it held was put back. */
  Deleted: "Deleted",
  /** The object was deleted and its database could not be reached for a minute and a half. */
  HoldOrphaned: "HoldOrphaned",
  /** The lock of a rewind that has ended or no longer exists was freed: an event of the one that waited for it. */
  OrphanFreed: "OrphanFreed",
  /** A scrub found a table to be other than its query, and healed it, while the object was waiting. */
  DriftHealed: "DriftHealed",
  /** Failed, but the journal no longer says why. */
  Failed: "Failed",
} as const;

export type Reason = (typeof Reason)[keyof typeof Reason];
