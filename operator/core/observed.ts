/**
 * What `decide` may know: plain, read-only data. Gathered by the controller, never fetched from here.
 */
import type { Reason } from "../api/reasons.ts";
import type { StreamTableRewindSpec } from "../api/spec.ts";
import type { Contradiction, Plan, StreamTableRewindStatus } from "../api/status.ts";

/** Something that went wrong, classified where it happened (database/sqlstate.ts), never by its message. */
/**
 * Ways in which a database fails those who ask it: no address, nobody there, no way, no answer, no trust, not that user, nobody
 * is let in, broken off; and a statement that was refused. For measurements.
 */
export const databaseTroubles = [
  "dns",
  "refused",
  "network",
  "timeout",
  "tls",
  "authentication",
  "server",
  "lost",
  "statement",
] as const;
export type DatabaseTrouble = (typeof databaseTroubles)[number];

export interface Failure {
  readonly reason: Reason;
  /** Thing, value, way out. */
  readonly message: string;
  /** Nothing but a change by a person helps: no retry. */
  readonly terminal: boolean;
  /** SQLSTATE, where there is one. */
  readonly code?: string;
  /** Where a database said it, or did not answer. */
  readonly trouble?: DatabaseTrouble;
}

export const loggedSteps = ["Pause", "Rewind", "Repair", "Replay", "Release"] as const;
export type LoggedStep = (typeof loggedSteps)[number];

/** What can fail and be retried: the operation log's steps and what the operation log does not know. */
export type Step = LoggedStep | "Connect" | "Claim" | "Plan" | "Finalizer";

/** A stream table as a step found it (`before`) or left it (`after`). */
export interface TableState {
  readonly name: string;
  readonly snapshotId?: number | undefined;
  readonly status?: string | undefined;
  readonly holders?: readonly string[] | undefined;
  readonly strategy?: string | undefined;
  readonly rowsRemoved?: number | undefined;
  readonly rowsAdded?: number | undefined;
  readonly rowCount?: number | undefined;
  readonly fingerprint?: string | undefined;
  readonly contradiction?: Contradiction | undefined;
}

/** The latest attempt of a step, as the operation log has it. */
export interface StepFact {
  readonly name: LoggedStep;
  readonly attempt: number;
  readonly outcome: "Running" | "Done" | "Failed";
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly before: readonly TableState[];
  readonly after: readonly TableState[];
  /** Only of a Repair: rows changed by each statement. */
  readonly rowCounts?: readonly number[] | undefined;
  readonly failure?: Failure | undefined;
}

export interface ClaimOwner {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly cluster: string;
  /** Its StreamTableRewind is of this cluster and has ended or does not exist any more. */
  readonly gone: boolean;
}

export interface TableFact {
  readonly requested: string;
  readonly name?: string | undefined;
  /** What the rows are. */
  readonly snapshotId?: number | undefined;
  readonly status?: string | undefined;
  readonly holders: readonly string[];
  /** Another rewind that has the claim to the table. */
  readonly claimedBy?: ClaimOwner | undefined;
  /** The last scrub that found it to be other than its query, and what that one found. */
  readonly healed?: { readonly at: string; readonly found: string } | undefined;
  readonly failure?: Failure | undefined;
}

export interface OperationFact {
  /** Absent while it goes on. */
  readonly outcome?: "Succeeded" | "Failed" | "Aborted" | "Orphaned" | undefined;
  /** What it has claimed, by full name. */
  readonly tables: readonly string[];
  readonly reason?: string | undefined;
  readonly startedAt?: string | undefined;
  /** Since it was started, by the database's clock. */
  readonly ageMs?: number | undefined;
  readonly finishedAt?: string | undefined;
  /** Since its operator was last heard of in the database. */
  readonly idleMs?: number | undefined;
}

/** An operation of the same object name and content, by another uid. */
export interface DoneBefore {
  readonly uid: string;
  readonly finishedAt: string;
}

/** The database, asked with one statement that changes nothing and needs no engine. */
export interface ObservedWorld {
  readonly kind: "observed";
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly database: string;
  readonly head?: number | undefined;
  /** undefined: this object never claimed anything. */
  readonly operation?: OperationFact | undefined;
  readonly tables: readonly TableFact[];
  readonly target: { readonly snapshotId?: number | undefined; readonly failure?: Failure | undefined };
  readonly steps: readonly StepFact[];
  /** The lake has a commit of this object's repair. */
  readonly repairMarker?: { readonly snapshotId: number } | undefined;
  /** Succeeded, and nothing has moved its tables back since. */
  readonly alreadyDone?: DoneBefore | undefined;
}

export type World =
  | ObservedWorld
  /** Secret missing or unusable, no connection, or the database refused the question. */
  | { readonly kind: "unreachable"; readonly failure: Failure }
  /** Not asked, because the object is finished or its spec is refused anyway. */
  | { readonly kind: "unasked" };

export interface Observed {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly jitter: number;
  readonly object: {
    readonly uid: string;
    readonly namespace: string;
    readonly name: string;
    readonly generation: number;
    readonly createdAt: number;
    readonly deletingSince?: number | undefined;
    readonly hasFinalizer: boolean;
    /** Its status has names of an earlier version (former-status.ts); here it has those of today. */
    readonly hasFormerStatus?: boolean;
  };
  readonly spec: StreamTableRewindSpec | { readonly invalid: string };
  readonly status: StreamTableRewindStatus;
  readonly world: World;
  /** An older rewind of one of the tables that is waiting, too. */
  readonly ahead?: { readonly namespace: string; readonly name: string } | undefined;
  /** Lost with the process: tables are then claimed anew, a plan made anew, an action tried again. */
  readonly memory: {
    readonly token?: string | undefined;
    readonly plan?: Plan | undefined;
    /** How the action before this pass ended. */
    readonly lastFailure?: { readonly step: Step; readonly failure: Failure } | undefined;
  };
}

/** Tables were claimed and not yet given back. */
export function isOpen(world: World): boolean {
  return world.kind === "observed" && world.operation !== undefined && world.operation.outcome === undefined;
}

export function isInvalid(spec: Observed["spec"]): spec is { readonly invalid: string } {
  return "invalid" in spec;
}

export function stepFact(world: World, name: LoggedStep): StepFact | undefined {
  return world.kind === "observed" ? world.steps.find((step) => step.name === name) : undefined;
}

export function isDone(world: World, name: LoggedStep): boolean {
  return stepFact(world, name)?.outcome === "Done";
}

/** The point of no return is behind us. */
export function isRewound(world: World): boolean {
  return isDone(world, "Rewind");
}

/** The id that was shown is the one that runs, also when it came from a timestamp; once it has run the operation log has it. */
export function targetOf({ status, world }: Observed): number | undefined {
  if (world.kind !== "observed") return status.target?.snapshotId;
  const rewoundTo = isRewound(world) ? stepFact(world, "Rewind")?.after[0]?.snapshotId : undefined;
  return status.target?.snapshotId ?? rewoundTo ?? world.target.snapshotId;
}

/** The repair is in the lake, whether or not the operation log knows. */
export function isRepairApplied(world: World): boolean {
  return isDone(world, "Repair") || (world.kind === "observed" && world.repairMarker !== undefined);
}

/** The finalizer comes before the first claim and goes after the last: without it nothing is held (I2). */
export function mayHold(o: Observed): boolean {
  return o.object.hasFinalizer;
}

export function holdName(object: Observed["object"]): string {
  return `rewind:${object.namespace}/${object.name}`;
}

/** In full where the database knows it, else as it was asked for. */
export function tableName({ name, requested }: TableFact): string {
  return name ?? requested;
}

/** A scrub has healed the table in the life of this object. */
export function healedSince(o: Observed, { healed }: TableFact): TableFact["healed"] {
  return healed !== undefined && Date.parse(healed.at) >= o.object.createdAt ? healed : undefined;
}

/** Tables that have the hold of this rewind now. */
export function heldTables(o: Observed): readonly string[] {
  if (o.world.kind !== "observed") return [];
  const hold = holdName(o.object);
  return o.world.tables.filter((table) => table.holders.includes(hold)).map(tableName);
}

/** Tables that anybody holds now. */
export function pausedTables(world: World): readonly string[] {
  return world.kind === "observed" ? world.tables.filter(({ holders }) => holders.length > 0).map(tableName) : [];
}
