/**
 * SQLSTATEs by name, and what each means for an operation. The message text of an error is shown, never matched.
 */
import { Reason } from "../api/reasons.ts";

/** pg_trickle's own class. */
export const TrickleState = {
  unknownStreamTable: "TR001",
  ambiguousStreamTable: "TR002",
  wrongFrontierShape: "TR003",
  snapshotInFuture: "TR004",
  snapshotExpired: "TR005",
  mixedSnapshots: "TR006",
  notPaused: "TR007",
  heldByOthers: "TR008",
  queryRefused: "TR009",
  verificationFailed: "TR010",
  assertionFailed: "TR011",
  superseded: "TR012",
  directChangeRefused: "TR013",
  lakeUnreachable: "TR014",
  fenced: "TR015",
  sourceDropped: "TR016",
  adoptFirst: "TR017",
  strategyNotPossible: "TR018",
  repairAlreadyApplied: "TR019",
  refusedInsideRepair: "TR020",
  badArgument: "TR021",
  evidenceContradicted: "TR022",
  timeNotCome: "TR023",
  guardRefused: "TR040",
  lakeDamaged: "TR041",
} as const;

/** The lake engine's own class. */
export const LakeState = {
  badPlanCall: "LT001",
  badPlan: "LT002",
  queryRefused: "LT003",
  snapshotNotThere: "LT004",
  notSupported: "LT005",
  markerAlreadyApplied: "LT006",
  unknownTable: "LT007",
  storageFailed: "LT008",
  deadlyQuery: "LT009",
  readCutShort: "LT010",
  sealBroken: "LT011",
  fileLost: "LT012",
  otherVersion: "LT013",
  leafTooLarge: "LT014",
} as const;

export const PostgresState = {
  invalidPassword: "28P01",
  invalidAuthorization: "28000",
  unknownDatabase: "3D000",
  insufficientPrivilege: "42501",
  undefinedFunction: "42883",
  undefinedSchema: "3F000",
  undefinedTable: "42P01",
  queryCanceled: "57014",
  activeTransaction: "25001",
  ioError: "58030",
} as const;

/** Said of locks and of others that were faster: they pass, and tell who is in the way. */
const passing = ["40001", "40P01", "55P03"];

/** Those of PostgreSQL, appendix A of its manual. */
const standardClasses =
  "00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 F0 HV P0 XX";

const named: readonly string[] = [
  ...[TrickleState, LakeState, PostgresState].flatMap((states) => Object.values(states)),
  ...passing,
];

/**
 * For labels: a repair or an assertion may raise any five characters. A code that means something here stays, any other is told by
 * its class.
 */
export function boundedSqlState(code: string | undefined): string {
  if (code === undefined || named.includes(code)) return code ?? "";
  const classOf = code.slice(0, 2);
  return standardClasses.split(" ").includes(classOf) ? `${classOf}000` : "other";
}

/** What was being done: the same code means different things for our own calls and for a user's SQL. */
export type CallContext = "connect" | "call" | "move" | "repair";

interface Meaning {
  readonly reason: Reason;
  readonly terminal: boolean;
}

const terminal = (reason: Reason): Meaning => ({ reason, terminal: true });
const transient = (reason: Reason): Meaning => ({ reason, terminal: false });

/** Codes with one meaning in every context. Missing ones: see classes below. */
const meanings: Readonly<Record<string, Meaning>> = {
  [TrickleState.unknownStreamTable]: terminal(Reason.UnknownStreamTable),
  [TrickleState.ambiguousStreamTable]: terminal(Reason.AmbiguousStreamTable),
  [TrickleState.wrongFrontierShape]: terminal(Reason.CallRefused),
  [TrickleState.snapshotInFuture]: terminal(Reason.SnapshotInFuture),
  // By another clock it has come already.
  [TrickleState.timeNotCome]: transient(Reason.SnapshotInFuture),
  [TrickleState.snapshotExpired]: terminal(Reason.SnapshotExpired),
  [TrickleState.mixedSnapshots]: terminal(Reason.CallRefused),
  [TrickleState.queryRefused]: terminal(Reason.QueryRefused),
  [TrickleState.verificationFailed]: terminal(Reason.VerificationFailed),
  [TrickleState.assertionFailed]: terminal(Reason.AssertionFailed),
  [TrickleState.lakeUnreachable]: transient(Reason.LakeUnreachable),
  [TrickleState.sourceDropped]: terminal(Reason.SourceDropped),
  [TrickleState.adoptFirst]: terminal(Reason.AdoptionRequired),
  [TrickleState.strategyNotPossible]: terminal(Reason.StrategyNotPossible),
  [TrickleState.badArgument]: terminal(Reason.CallRefused),
  [TrickleState.evidenceContradicted]: terminal(Reason.EvidenceContradicted),
  // What a commit of somebody else made of a read passes with the next try.
  [TrickleState.lakeDamaged]: transient(Reason.LakeDamaged),
  // The engine's word for the same; it looks at the query again at each read.
  [LakeState.queryRefused]: terminal(Reason.QueryRefused),
  [LakeState.leafTooLarge]: terminal(Reason.QueryRefused),
  [LakeState.snapshotNotThere]: terminal(Reason.SnapshotNotFound),
  [LakeState.unknownTable]: terminal(Reason.SourceDropped),
  // A wrong key, too: it is mended in the lake's settings, not in the object.
  [LakeState.storageFailed]: transient(Reason.LakeUnreachable),
  // Over when the catalog is restored, or a pg_trickle that knows it is installed.
  [LakeState.otherVersion]: transient(Reason.LakeUnreachable),
  [LakeState.readCutShort]: transient(Reason.LakeUnreachable),
  [LakeState.sealBroken]: transient(Reason.LakeDamaged),
  // Only a person brings it back.
  [LakeState.fileLost]: terminal(Reason.LakeDamaged),
  [PostgresState.invalidPassword]: terminal(Reason.AuthenticationFailed),
  [PostgresState.invalidAuthorization]: terminal(Reason.AuthenticationFailed),
  [PostgresState.unknownDatabase]: terminal(Reason.AuthenticationFailed),
  [PostgresState.insufficientPrivilege]: terminal(Reason.PermissionDenied),
  [PostgresState.queryCanceled]: transient(Reason.TransientError),
};

/** Said by the statements of a repair: the user's SQL is wrong, whenever it is tried. */
const repairMeanings: Readonly<Record<string, Meaning>> = {
  [TrickleState.heldByOthers]: terminal(Reason.RepairFailed),
  [TrickleState.directChangeRefused]: terminal(Reason.RepairFailed),
  [TrickleState.refusedInsideRepair]: terminal(Reason.RepairFailed),
  [LakeState.queryRefused]: terminal(Reason.RepairFailed),
  [LakeState.notSupported]: terminal(Reason.RepairFailed),
  [LakeState.unknownTable]: terminal(Reason.RepairFailed),
  [PostgresState.insufficientPrivilege]: terminal(Reason.RepairFailed),
  [PostgresState.activeTransaction]: terminal(Reason.RepairFailed),
};

/**
 * Codes of ours that are tried again without a reason of their own, each with why. Every other code of extension and engine has a
 * meaning above or is a conflict below; a test holds that against their sqlstates.ts.
 */
export const transientOnPurpose: Readonly<Record<string, string>> = {
  [TrickleState.notPaused]: "somebody has resumed the table meanwhile; the next claim pauses it anew",
  [TrickleState.heldByOthers]: "the other holder lets go some time; of a repair's own statement it is wrong SQL",
  [TrickleState.superseded]: "somebody was faster: look again",
  [TrickleState.directChangeRefused]: "told to a repair's statements; no call of ours changes a table directly",
  [TrickleState.refusedInsideRepair]: "told to a repair's statements only",
  [TrickleState.guardRefused]: "a commit met one of another client; nothing was changed, and run again it may pass",
  [LakeState.badPlanCall]: "extension and engine of two versions, as in the middle of an update",
  [LakeState.badPlan]: "extension and engine of two versions, as in the middle of an update",
  [LakeState.notSupported]:
    "told to a repair's statements; of a statement of ours, two versions in the middle of an update",
  [LakeState.deadlyQuery]: "refused for ten minutes; with more memory it may pass",
};

/** Whether these tables give the code a meaning in some context. */
export function hasMeaning(code: string): boolean {
  return code in meanings || conflicts.includes(code);
}

/**
 * Classes that say that the SQL itself is wrong: cardinality, data, constraints, triggered action, invalid statement,
 * transaction termination, schema name, syntax or access, with check, external routine, raise exception, feature not
 * supported.
 */
const wrongSqlClasses = ["0A", "21", "22", "23", "26", "27", "2D", "2F", "38", "39", "3F", "42", "44", "P0"];

/** The operation log's fence, and things that were done already: look again. */
const conflicts: readonly string[] = [
  TrickleState.fenced,
  TrickleState.repairAlreadyApplied,
  LakeState.markerAlreadyApplied,
];

export function isConflictState(code: string | undefined): boolean {
  return code !== undefined && conflicts.includes(code);
}

function ofUserSql(code: string, context: CallContext): Meaning | undefined {
  if (!wrongSqlClasses.includes(code.slice(0, 2))) return undefined;
  if (context === "repair") return terminal(Reason.RepairFailed);
  // The table's own query: what cannot be computed will not be next time either. An assertion has a code of its own.
  return context === "move" ? terminal(Reason.QueryFailed) : undefined;
}

const missingParts: readonly string[] = [
  PostgresState.undefinedFunction,
  PostgresState.undefinedSchema,
  PostgresState.undefinedTable,
];

/** The extension may be installed a moment later; whoever applies database and object together wants that to work. */
function ofMissingParts(code: string): Meaning | undefined {
  return missingParts.includes(code) ? transient(Reason.CallRefused) : undefined;
}

/** Of our own calls, not of a user's SQL. */
export function isMissingPart(code: string | undefined, context: CallContext): boolean {
  return code !== undefined && context === "call" && missingParts.includes(code);
}

/** Connection exception, insufficient resources, operator intervention, system error. */
const unreachableClasses = ["08", "53", "57", "58"];

/** Said by PostgreSQL itself, so PostgreSQL is there: its postgres_fdw does not reach the lake engine, or that one not its files. */
function ofLakeConnection(code: string, context: CallContext): Meaning | undefined {
  const asksTheLake = context === "move" || context === "repair";
  const isOfLake = code.startsWith("08") || code === PostgresState.ioError;
  return asksTheLake && isOfLake ? transient(Reason.LakeUnreachable) : undefined;
}

export function meaningOf(code: string | undefined, context: CallContext): Meaning {
  if (code === undefined) return transient(Reason.DatabaseUnreachable);
  const known = (context === "repair" ? repairMeanings[code] : undefined) ?? meanings[code];
  const meaning = known ?? ofUserSql(code, context) ?? ofLakeConnection(code, context) ?? ofMissingParts(code);
  if (meaning !== undefined) return meaning;
  const unreachable = context === "connect" || unreachableClasses.includes(code.slice(0, 2));
  return transient(unreachable ? Reason.DatabaseUnreachable : Reason.TransientError);
}
