/** Errors of the database as the operator tells them apart: by class and SQLSTATE, never by text. */
import { Reason } from "../api/reasons.ts";
import type { DatabaseTrouble, Failure } from "../core/observed.ts";
import { type CallContext, isConflictState, isMissingPart, meaningOf } from "./sqlstate.ts";

/** Nothing but a change by a person helps. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** May pass by itself. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** The token is no longer ours, or it was done already: look again and decide again. */
export class FencedError extends Error {
  override readonly name = "FencedError";
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The connection is gone without an answer: what it was running may still be running. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof TransientError)) return false;
  const { code } = error.failure;
  return code === undefined || code.startsWith("57P");
}

interface ServerError extends Error {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly hint?: unknown;
  readonly internalQuery?: unknown;
}

/** Enough to tell one statement from another; the whole text is in the spec. */
const quotedLength = 200;

/** Five characters: an SQLSTATE. Anything else (ECONNREFUSED, …) comes from the network. */
const sqlStatePattern = /^[0-9A-Z]{5}$/;

export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as ServerError | undefined)?.code;
  return typeof code === "string" && sqlStatePattern.test(code) ? code : undefined;
}

export function hasSqlState(error: unknown, code: string): boolean {
  return sqlStateOf(error) === code;
}

/** In one line: `kubectl get` cuts a message at its first line break, and what is said last is the way out. */
function sentence(text: unknown): string | undefined {
  return typeof text === "string" && text !== "" ? text.replaceAll(/\s+/g, " ").replace(/[. ]+$/, "") : undefined;
}

function quoted(sql: unknown): string | undefined {
  const text = sentence(sql);
  return text !== undefined && text.length > quotedLength ? `${text.slice(0, quotedLength)}…` : text;
}

/**
 * Message, detail and hint of the server in one text; of a network error its code, since its message may be empty. A repair
 * has several statements: the one that PostgreSQL names as wrong is quoted. Of a value that a query cannot compute, the SQLSTATE
 * says which kind of error it is.
 */
function describe(error: unknown, context: CallContext): string {
  if (!(error instanceof Error)) return String(error);
  const { message, code, detail, hint, internalQuery } = error as ServerError;
  const statement = context === "repair" ? quoted(internalQuery) : undefined;
  const state = sqlStateOf(error);
  const isMissing = isMissingPart(state, context);
  const isOfQuery = state !== undefined && meaningOf(state, context).reason === Reason.QueryFailed;
  const hints = isMissing ? ["this database lacks extension pg_trickle, or has another version of it"] : [];
  const parts = [
    sentence(message) ?? sentence(code) ?? error.name,
    isOfQuery ? `SQLSTATE ${state}` : undefined,
    statement,
    sentence(detail),
    sentence(hint),
    ...hints,
  ];
  return parts.filter((part) => part !== undefined).join(". ");
}

/**
 * Any error of a call as one of the three classes above.
 * @param trouble for measurements; undefined: nothing that the database is to be blamed for
 */
export function classified(
  error: unknown,
  context: CallContext,
  trouble?: DatabaseTrouble,
): TerminalError | TransientError | FencedError {
  if (error instanceof TerminalError || error instanceof TransientError || error instanceof FencedError) return error;
  const code = sqlStateOf(error);
  const message = describe(error, context);
  if (code !== undefined && isConflictState(code)) return new FencedError(code, message, { cause: error });
  const { reason, terminal } = meaningOf(code, context);
  const failure: Failure = { reason, message, terminal, ...(code && { code }), ...(trouble && { trouble }) };
  return terminal ? new TerminalError(failure, { cause: error }) : new TransientError(failure, { cause: error });
}
