/**
 * The ways in which a call of the API server fails, and the predicates to tell them apart.
 * Callers decide by class, never by message.
 */

export interface ApiErrorInput {
  readonly verb: string;
  readonly path: string;
  readonly status: number;
  /** `reason` of the Kubernetes Status object, e.g. `NotFound`. */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** The API server answered, and not with success. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(input: ApiErrorInput) {
    super(`${input.verb} ${input.path}: ${input.status} ${input.reason}: ${input.message}`);
    this.status = input.status;
    this.reason = input.reason;
    this.retryAfterMs = input.retryAfterMs;
  }
}

/** The object is no longer the one that was observed: observe again, decide again. */
export class ConflictError extends Error {
  override readonly name: string = "ConflictError";
  readonly reason: string = "Conflict";
}

/** No (complete) answer: whether a write happened is not known. */
export class TransportError extends Error {
  override readonly name: string = "TransportError";
  readonly reason: string = "ApiServerUnreachable";
  /** False if the request certainly never reached the server. */
  readonly sent: boolean;

  constructor(message: string, options: { cause?: unknown; sent: boolean }) {
    super(message, { cause: options.cause });
    this.sent = options.sent;
  }
}

/** Our own patience ended; as with TransportError, a write may have happened. */
export class CallTimeoutError extends Error {
  override readonly name: string = "CallTimeoutError";
  readonly reason: string = "ApiServerTimeout";
}

/** The caller's signal ended the call. */
export class CallAbortedError extends Error {
  override readonly name: string = "CallAbortedError";
  readonly reason: string = "Aborted";
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

export function isNotFound(error: unknown): boolean {
  return hasStatus(error, 404);
}

export function isConflict(error: unknown): boolean {
  return error instanceof ConflictError || hasStatus(error, 409);
}

/** The resourceVersion or continue token is too old: list again. */
export function isGone(error: unknown): boolean {
  return hasStatus(error, 410);
}

export function isForbidden(error: unknown): boolean {
  return hasStatus(error, 403) || hasStatus(error, 401);
}

/** The schema or a CEL rule said no. */
export function isInvalid(error: unknown): boolean {
  return hasStatus(error, 422) || hasStatus(error, 400);
}

export function isTooManyRequests(error: unknown): boolean {
  return hasStatus(error, 429);
}

/** Worth trying again without anybody changing anything. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransportError || error instanceof CallTimeoutError) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}
