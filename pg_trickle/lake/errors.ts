// Errors with a SQLSTATE, and, with storage-errors.ts, the one place that reads DuckDB's error texts: DuckDB gives no codes, so
// its class prefix ("Binder Error: …") and a few fixed phrases are all there is. Clients only ever see the codes.
import { FILE_LOST_HINT, readStorageFailure } from "./storage-errors.ts";

export interface ErrorExtras {
  readonly detail?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

export class LakeError extends Error {
  override readonly name = "LakeError";
  readonly sqlState: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;

  constructor(sqlState: string, message: string, extras: ErrorExtras = {}) {
    super(message, { cause: extras.cause });
    this.sqlState = sqlState;
    this.detail = extras.detail;
    this.hint = extras.hint;
  }
}

export const SQL_STATE = {
  pseudoColumn: "LT001",
  badPlan: "LT002",
  refused: "LT003",
  snapshotMissing: "LT004",
  notSupported: "LT005",
  markerApplied: "LT006",
  tableMissing: "LT007",
  storageFailed: "LT008",
  killsInstance: "LT009",
  readCutShort: "LT010",
  sealBroken: "LT011",
  fileLost: "LT012",
  otherVersion: "LT013",
  leafTooLarge: "LT014",
  tooManyConnections: "53300",
  outOfMemory: "53200",
  insufficientPrivilege: "42501",
  queryCanceled: "57014",
  serializationFailure: "40001",
  outcomeUnknown: "08007",
  deadlockDetected: "40P01",
  lockNotAvailable: "55P03",
  invalidPassword: "28P01",
  invalidAuthorization: "28000",
  protocolViolation: "08P01",
  connectionFailure: "08006",
  syntaxError: "42601",
  undefinedColumn: "42703",
  invalidTransactionState: "25000",
  noActiveTransaction: "25P01",
  inFailedTransaction: "25P02",
  invalidCursorName: "34000",
  duplicateCursor: "42P03",
  duplicateTable: "42P07",
  invalidStatementName: "26000",
  duplicateStatement: "42P05",
  invalidSavepoint: "3B001",
  invalidParameter: "22023",
  internal: "XX000",
} as const;

interface Rule {
  readonly match: RegExp;
  /** Where the message is only a part of the text: the group that holds it. */
  readonly isSentence?: boolean;
  readonly sqlState: string;
  readonly hint?: string;
}

const CONFLICT_HINT = "Another client changed the same lake table at the same time; run the transaction again.";

// Order matters: the phrase before the class.
const RULES: readonly Rule[] = [
  { match: /^INTERRUPT Error/, sqlState: SQL_STATE.queryCanceled },
  {
    // The error of a trigger comes after the statements of the whole commit, in which users' values stand.
    match: /.*ERROR:\s+pgtrickle guard: ([^\n]*?)\s*(?:HINT:|\n|$)/s,
    isSentence: true,
    sqlState: SQL_STATE.serializationFailure,
    hint: "Another client has committed to the lake at the same time; run the transaction again.",
  },
  {
    match: /No snapshot found at version|does not exist at version/,
    sqlState: SQL_STATE.snapshotMissing,
    hint: "The snapshot has been expired or does not exist yet; see ducklake.ducklake_snapshot for those that do.",
  },
  {
    match: /Transaction conflict|Conflict on (?:tuple|update)|conflict on primary key/i,
    sqlState: SQL_STATE.serializationFailure,
    hint: CONFLICT_HINT,
  },
  {
    match: /could not serialize|Exceeded the maximum retry count/i,
    sqlState: SQL_STATE.serializationFailure,
    hint: CONFLICT_HINT,
  },
  // Two commits of clients that meet in the catalog's tables: PostgreSQL has undone all of this one.
  { match: /ERROR:\s+deadlock detected/, sqlState: SQL_STATE.serializationFailure, hint: CONFLICT_HINT },
  { match: /Current transaction is aborted/, sqlState: SQL_STATE.inFailedTransaction },
  { match: /canceling statement due to lock timeout|lock timeout/i, sqlState: SQL_STATE.lockNotAvailable },
  { match: /^Catalog Error: Table with name/, sqlState: SQL_STATE.tableMissing },
  { match: /^Catalog Error/, sqlState: "42883" },
  { match: /^Binder Error: Referenced (?:column|table)/, sqlState: SQL_STATE.undefinedColumn },
  { match: /^Binder Error/, sqlState: "42804" },
  { match: /^Parser Error/, sqlState: SQL_STATE.syntaxError },
  { match: /^Conversion Error.*(?:out of range|overflow)/i, sqlState: "22003" },
  { match: /^Conversion Error/, sqlState: "22P02" },
  { match: /^Out of Range Error/, sqlState: "22003" },
  { match: /^Constraint Error: NOT NULL/, sqlState: "23502" },
  { match: /^Constraint Error/, sqlState: "23000" },
  { match: /^Out of Memory Error/, sqlState: SQL_STATE.outOfMemory },
  { match: /^Permission Error/, sqlState: SQL_STATE.insufficientPrivilege },
  { match: /^Not implemented Error/i, sqlState: "0A000" },
  {
    match: /^IO Error.*(?:connect|Connection|server closed)/s,
    sqlState: SQL_STATE.connectionFailure,
    hint: "The lake's catalog could not be reached.",
  },
  {
    match: /^IO Error: [^\n]*\.parquet"?: No such file or directory/,
    sqlState: SQL_STATE.fileLost,
    hint: FILE_LOST_HINT,
  },
  { match: /^IO Error/, sqlState: "58030" },
  { match: /^Invalid Input Error/, sqlState: "22023" },
];

/** "Binder Error: ": said by the SQLSTATE already. */
const CLASS_PREFIX = /^(?:[A-Za-z ]+ Error: )+/;

/** DuckDB ends its messages with the statement text, which is ours and not the client's: only the first part is told. */
function firstParagraph(message: string): string {
  const end = message.search(/\n\s*\n|\nLINE \d+:|\nCandidate bindings|\nDid you mean/);
  const first = withoutPasswords(end === -1 ? message : message.slice(0, end));
  return first.replace(CLASS_PREFIX, "").trim();
}

/** A failed connection to the catalog quotes the whole connection string. */
export function withoutPasswords(message: string): string {
  return message
    .replace(/(Unable to connect to Postgres) at "[^"]*"/, "$1")
    .replaceAll(/(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s'"]+)/gi, "$1***");
}

/** What every statement is told once the instance is dead. The class before it, as a value that is quoted may hold the words. */
const DEAD_ALREADY =
  /^(?:FATAL|INTERNAL|TransactionContext|Connection) Error.*database has been invalidated because of a previous fatal error/s;

export type Death = "already" | "now" | "perhaps" | null;

/** Whether the error says that the instance is dead and has to be made anew: it was so before the statement, or died of it. */
export function readDeath(error: unknown): Death {
  const message = error instanceof Error ? error.message : String(error);
  if (DEAD_ALREADY.test(message)) return "already";
  if (message.startsWith("FATAL Error")) return "now";
  return message.startsWith("INTERNAL Error") ? "perhaps" : null;
}

export interface DeathFacts {
  /** Which instance it was. */
  readonly generation: number;
  readonly statement: string;
  /** False if it was dead before the statement, which then has not run at all. */
  readonly diedOfIt: boolean;
  readonly cause?: unknown;
}

/** A statement met a DuckDB instance that is dead; nothing that it did is in the lake, unless it was a COMMIT. */
export class InstanceDead extends Error {
  override readonly name = "InstanceDead";
  readonly generation: number;
  readonly statement: string;
  readonly diedOfIt: boolean;

  constructor({ generation, statement, diedOfIt, cause }: DeathFacts) {
    super("the lake's DuckDB has failed and is made anew", { cause });
    this.generation = generation;
    this.statement = statement;
    this.diedOfIt = diedOfIt;
  }
}

/**
 * A statement failed because of what this attachment of the lake remembers. A new one, which has not failed of it, has its
 * place already; for the connection it is the same as a dead instance.
 */
export class AttachmentOutdated extends InstanceDead {
  constructor(generation: number, statement: string, cause: Error) {
    super({ generation, statement, diedOfIt: false, cause });
    this.message = `the lake was attached anew: before that, ${firstParagraph(cause.message)}`;
  }
}

/** The death that an error tells of, also where it has been put into words for the client already. */
export function deathIn(error: unknown): InstanceDead | null {
  if (error instanceof InstanceDead) return error;
  return error instanceof LakeError && error.cause instanceof InstanceDead ? error.cause : null;
}

function deathForClient(death: InstanceDead): LakeError {
  if (death.diedOfIt && /^commit\b/i.test(death.statement)) {
    return new LakeError(SQL_STATE.outcomeUnknown, "the lake's DuckDB failed during COMMIT", {
      cause: death,
      hint: "It is not known whether the transaction is in the lake: look before it is run again.",
    });
  }
  return new LakeError(SQL_STATE.serializationFailure, death.message, {
    cause: death,
    hint: "Nothing of this transaction is in the lake; run it again.",
  });
}

const NOT_ALLOWED = /Permission Error: .*?"([^"]+)"[^"]*disabled by configuration/s;

interface OutsideKind {
  readonly name: string;
  readonly wayOut: string;
  readonly hint: string;
}

const OUTSIDE = {
  data: {
    name: "data file",
    wayOut: "write its rows there, or move the file there and add it anew",
    hint: "Snapshots before the file was added can be read. Write its rows there with a DuckDB that may read it, by `create or replace table t as from t`; or delete them with lake option data_inlining_row_limit 0, move the file below the data path, and add it from there.",
  },
  deletions: {
    name: "delete file",
    wayOut: "copy it there and let the catalog say so",
    hint: "Snapshots before it can be read. `select mend from pgtrickle.inspect_lake()` has the place for the copy and the statement.",
  },
  folder: {
    name: "folder",
    wayOut: "write its table there",
    hint: "Write the table there with a DuckDB that may read it, by `create or replace table t as from t`.",
  },
} as const satisfies Record<string, OutsideKind>;

function outsideKind(path: string): OutsideKind {
  if (!path.endsWith(".parquet")) return OUTSIDE.folder;
  return path.endsWith("-delete.parquet") ? OUTSIDE.deletions : OUTSIDE.data;
}

/** A file that a client has added where the engine must not read, or the folder of a table where it must not write; or null. */
export function outsideDataPath(error: unknown, dataPath: string): LakeError | null {
  const path = NOT_ALLOWED.exec(error instanceof Error ? error.message : "")?.[1];
  if (path === undefined) return null;
  const { name, wayOut, hint } = outsideKind(path);
  const message = `${name} ${path} is outside the lake's data path ${dataPath}: ${wayOut}`;
  return new LakeError(SQL_STATE.insufficientPrivilege, message, { cause: error, hint });
}

/** Any thrown value as an error that a client can be told. */
export function toLakeError(error: unknown): LakeError {
  if (error instanceof LakeError) return error;
  if (error instanceof InstanceDead) return deathForClient(error);
  const message = error instanceof Error ? error.message : String(error);
  const storage = readStorageFailure(message);
  if (storage !== null) {
    const sqlState = storage.isFileLost ? SQL_STATE.fileLost : SQL_STATE.storageFailed;
    return new LakeError(sqlState, storage.message, { cause: error, hint: storage.hint });
  }
  const rule = RULES.find((candidate) => candidate.match.test(message));
  const sentence = rule?.isSentence === true ? rule.match.exec(message)?.[1] : undefined;
  const extras: ErrorExtras = rule?.hint === undefined ? { cause: error } : { cause: error, hint: rule.hint };
  return new LakeError(rule?.sqlState ?? SQL_STATE.internal, sentence ?? firstParagraph(message), extras);
}

export function hasSqlState(error: unknown, sqlState: string): boolean {
  return error instanceof LakeError && error.sqlState === sqlState;
}
