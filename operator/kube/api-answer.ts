/** What an answer of the API server means: pure. */
import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "./errors.ts";

interface StatusBody {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
}

/** Parses JSON that has to be an object; anything else (a proxy's HTML page, a cut body) is undefined. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds or an HTTP date; only a time that is not in the past counts. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const delayMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  return delayMs >= 0 ? delayMs : undefined;
}

export interface Answer {
  readonly verb: string;
  readonly path: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function retryAfterOf(answer: Answer, body: StatusBody | undefined, now: Date): number | undefined {
  const seconds = body?.details?.retryAfterSeconds;
  const fromHeader = parseRetryAfterMs(answer.headers["retry-after"], now);
  return fromHeader ?? (typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined);
}

export function errorOf(answer: Answer, now: Date): ApiError {
  const body: StatusBody | undefined = parseObject(answer.body);
  return new ApiError({
    verb: answer.verb,
    path: answer.path.split("?")[0] ?? answer.path,
    status: answer.status,
    reason: typeof body?.reason === "string" && body.reason !== "" ? body.reason : "Unknown",
    message: typeof body?.message === "string" ? body.message : answer.body.slice(0, 200),
    retryAfterMs: retryAfterOf(answer, body, now),
  });
}
