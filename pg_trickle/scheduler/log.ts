// What the scheduler logs: times that a person reads, and errors without what pg hangs on them.
import { type Logger, pino } from "pino";

interface ServerError extends Error {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly hint?: unknown;
}

/** An error of the server or of the network has a code and needs no stack; pg hangs its whole client on some of them. */
export function errorFields(err: ServerError): Readonly<Record<string, unknown>> {
  const { message, code, detail, hint, stack } = err;
  // A host with several addresses: the message of the whole is empty, the first one stands for all.
  const first: unknown = err instanceof AggregateError ? err.errors[0] : undefined;
  const text = message === "" && first instanceof Error ? first.message : message;
  return code === undefined ? { message: text, stack } : { message: text, code, detail, hint };
}

export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { component: "scheduler" },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: errorFields, recordError: errorFields },
  });
}
