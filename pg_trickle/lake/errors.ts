// Errors with a SQLSTATE, and, with storage-errors.ts, the one place that reads DuckDB's error texts: DuckDB gives no codes, so
// its class prefix ("Binder Error: …") and a few fixed phrases are all there is. Clients only ever see the codes.
import { readStorageFailure } from "./storage-errors.ts";

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
  sealBroken: "LT009",
  tooManyConnections: "53300",
  outOfMemory: "53200",
  insufficientPrivilege: "42501",
  queryCanceled: "57014",
  serializationFailure: "40001",
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

/** After these the instance answers nothing any more and has to be made anew. */
export function isInstanceInvalidated(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return /database has been invalidated|^FATAL Error/.test(message);
}

/** Any thrown value as an error that a client can be told. */
export function toLakeError(error: unknown): LakeError {
  if (error instanceof LakeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const storage = readStorageFailure(message);
  if (storage !== null) {
    return new LakeError(SQL_STATE.storageFailed, storage.message, { cause: error, hint: storage.hint });
  }
  const rule = RULES.find((candidate) => candidate.match.test(message));
  const sentence = rule?.isSentence === true ? rule.match.exec(message)?.[1] : undefined;
  const extras: ErrorExtras = rule?.hint === undefined ? { cause: error } : { cause: error, hint: rule.hint };
  return new LakeError(rule?.sqlState ?? SQL_STATE.internal, sentence ?? firstParagraph(message), extras);
}

export function hasSqlState(error: unknown, sqlState: string): boolean {
  return error instanceof LakeError && error.sqlState === sqlState;
}
