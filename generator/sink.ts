// Writes batches into lake.events, one transaction each, and outlives the database: it reconnects with backoff for as long
// as it is wanted. A batch is in the lake exactly once, also when the connection broke after the commit was asked for.

import pg from "pg";
import type { LakeEvent } from "./scenario.ts";

interface SinkLogger {
  warn(fields: object, message: string): void;
}

export interface Sink {
  /** Resolves true when the batch is committed, false when `signal` ended the attempts before that. */
  write(events: readonly LakeEvent[], signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

export interface SinkOptions {
  readonly databaseUrl: string;
  readonly logger: SinkLogger;
  readonly now?: () => Date;
  readonly backoff?: (attempt: number) => number;
}

const INSERT_BATCH = `
  insert into lake.events (event_id, event_type, value, created_at)
  select event_id, event_type, value, $4::timestamptz
    from unnest($1::uuid[], $2::text[], $3::bigint[]) as batch (event_id, event_type, value)`;

const IS_WRITTEN = "select count(*) > 0 as written from lake.events where event_id = $1::uuid";

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;

/** Doubling delay with full jitter in its upper half, so that writers do not come back in step. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.round(ceiling / 2 + random() * (ceiling / 2));
}

/** Waits, but not past the abort. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done, { once: true });
  });
}

export function openSink({ databaseUrl, logger, now = () => new Date(), backoff = backoffMs }: SinkOptions): Sink {
  let client: pg.Client | undefined;

  async function drop(): Promise<void> {
    const old = client;
    client = undefined;
    await old?.end().catch(() => undefined);
  }

  async function connected(): Promise<pg.Client> {
    if (client === undefined) {
      const fresh = new pg.Client({
        connectionString: databaseUrl,
        application_name: "generator",
        connectionTimeoutMillis: 5000,
        keepAlive: true,
      });
      // Without a listener a connection that breaks while idle would end the process.
      fresh.on("error", () => {
        if (client === fresh) {
          client = undefined;
        }
      });
      await fresh.connect();
      client = fresh;
    }
    return client;
  }

  async function attempt(events: readonly LakeEvent[], isRetry: boolean): Promise<void> {
    const connection = await connected();
    if (isRetry && (await isWritten(connection, events))) {
      return;
    }
    await connection.query(INSERT_BATCH, [
      events.map((event) => event.eventId),
      events.map((event) => event.eventType),
      events.map((event) => event.value),
      now(),
    ]);
  }

  async function write(events: readonly LakeEvent[], signal: AbortSignal): Promise<boolean> {
    // The first attempt is made even when the stop has been asked for: a batch that was begun is finished.
    for (let failures = 0; ; ) {
      try {
        await attempt(events, failures > 0);
        return true;
      } catch (error) {
        failures += 1;
        await drop();
        const delayMs = backoff(failures);
        logger.warn({ ...describeError(error), failures, delayMs }, "batch not written, trying again");
        await pause(delayMs, signal);
        if (signal.aborted) {
          return false;
        }
      }
    }
  }

  return { write, close: drop };
}

// The outcome of a COMMIT whose answer never came is unknown. A batch is one transaction, so its first event tells for all.
async function isWritten(connection: pg.Client, events: readonly LakeEvent[]): Promise<boolean> {
  const first = events[0];
  if (first === undefined) {
    return true;
  }
  const { rows } = await connection.query<{ written: boolean }>(IS_WRITTEN, [first.eventId]);
  return rows[0]?.written ?? false;
}

function describeError(error: unknown): { sqlState?: string; error: string } {
  if (!(error instanceof Error)) {
    return { error: String(error) };
  }
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? { sqlState: code, error: error.message } : { error: error.message };
}
