/**
 * One watch from its opening to its end. Events go to `onEvent` in order; the promise tells how it ended, and rejects never
 * but for what `onEvent` throws.
 */
import { ApiError, CallTimeoutError, TransportError } from "./errors.ts";
import { BadLineError, LineSplitter, parseWatchEvent, type WatchEvent } from "./line-parser.ts";
import type { EndReason } from "./recovery.ts";
import type { RawStream } from "./transport.ts";
import type { Clock, KubeObject, TimerHandle } from "./types.ts";

/** The API server sends a bookmark each minute or so; a connection silent for longer is taken for dead. */
export const INACTIVITY_MS = 90_000;

export interface FailureDescription {
  readonly reason: EndReason;
  readonly retryAfterMs?: number | undefined;
}

function describeAnswer(error: ApiError): FailureDescription {
  if (error.status === 410) return { reason: "gone" };
  if (error.status === 429) return { reason: "throttled", retryAfterMs: error.retryAfterMs };
  const reason = error.status >= 500 ? "server-error" : "refused";
  return { reason, retryAfterMs: error.retryAfterMs };
}

export function describeFailure(error: unknown): FailureDescription {
  if (error instanceof ApiError) return describeAnswer(error);
  if (error instanceof CallTimeoutError) return { reason: "timeout" };
  if (error instanceof TransportError) return { reason: "transport" };
  if (error instanceof BadLineError) return { reason: "bad-line" };
  return { reason: "unexpected" };
}

/** Closes the stream when nothing came for a while. */
class Watchdog {
  readonly #clock: Clock;
  readonly #bite: () => void;
  #timer: TimerHandle | undefined;
  hasBitten = false;

  constructor(clock: Clock, bite: () => void) {
    this.#clock = clock;
    this.#bite = bite;
    this.feed();
  }

  feed(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(INACTIVITY_MS, () => {
      this.hasBitten = true;
      this.#bite();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}

export interface WatchHandlers<T extends KubeObject> {
  onEvent(event: Exclude<WatchEvent<T>, { type: "ERROR" }>): void;
  /** Bytes came: the connection lives. */
  onBytes(): void;
}

function deliver<T extends KubeObject>(line: string, handlers: WatchHandlers<T>): void {
  const event = parseWatchEvent<T>(line);
  if (event.type !== "ERROR") {
    handlers.onEvent(event);
    return;
  }
  const { code: status, reason, message } = event;
  throw new ApiError({ verb: "WATCH", path: "(event)", status, reason, message });
}

async function readAll<T extends KubeObject>(
  stream: RawStream,
  watchdog: Watchdog,
  handlers: WatchHandlers<T>,
): Promise<void> {
  const lines = new LineSplitter();
  for await (const chunk of stream.chunks) {
    watchdog.feed();
    handlers.onBytes();
    for (const line of lines.push(chunk)) deliver(line, handlers);
  }
  lines.end();
}

/** Resolves when the server ended the watch in good order; throws otherwise (see `describeFailure`). */
export async function readWatch<T extends KubeObject>(
  stream: RawStream,
  clock: Clock,
  handlers: WatchHandlers<T>,
): Promise<EndReason> {
  const watchdog = new Watchdog(clock, () => stream.close());
  try {
    await readAll(stream, watchdog, handlers);
    return watchdog.hasBitten ? "inactive" : "end";
  } catch (error) {
    if (watchdog.hasBitten) return "inactive";
    throw error;
  } finally {
    watchdog.stop();
    stream.close();
  }
}
