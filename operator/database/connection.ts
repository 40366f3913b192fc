/** One PostgreSQL session with bounded waiting. The only file that constructs a client. */
import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client, type ClientConfig, type QueryConfig } from "pg";
import type { DatabaseTrouble } from "../core/observed.ts";
import { classified, sqlStateOf } from "./errors.ts";
import type { ConnectionSettings } from "./secret.ts";
import type { CallContext } from "./sqlstate.ts";
import { troubleOf } from "./trouble.ts";

const connectTimeoutMs = 5_000;
/** For calls that only touch PostgreSQL's own rows. */
const shortTimeoutMs = 10_000;
/** Short, with retries: a session queued behind a dying one would wait on although the row is free. */
const lockTimeoutMs = 2_000;
/** The server's own timeout comes first; this one is for a server that is gone without a word. */
const networkGraceMs = 5_000;
const maximumTimeoutMs = 2_147_000_000;
/** A server that is frozen never answers a good-bye. */
const closeTimeoutMs = 1_000;
/** A session that rested is asked whether it lives; a new one is soon there. */
const resumeTimeoutMs = 1_000;

/** Not `discard all`: plans and compiled functions are what a session rests for. */
const forgetEverything = `
  close all; deallocate all; set session authorization default; reset role; reset all; unlisten *; select pg_advisory_unlock_all();
  discard temp; discard sequences; set application_name = 'strw/resting'`;

function tlsOf({ sslMode, ca }: ConnectionSettings): boolean | ConnectionOptions {
  switch (sslMode) {
    case "disable":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case "verify-full":
      return { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: true };
  }
}

function configOf(settings: ConnectionSettings, applicationName: string): ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    // Never from the operator's own environment or password file.
    password: settings.password ?? "",
    ssl: tlsOf(settings),
    application_name: applicationName,
    statement_timeout: shortTimeoutMs,
    lock_timeout: lockTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

export interface CallOptions {
  readonly context?: CallContext;
  readonly timeoutMs?: number;
}

interface SessionParts {
  readonly client: Client;
  readonly socket: Socket;
  readonly signal: AbortSignal | undefined;
  readonly wantsTls: boolean;
}

/** Not pg's own timeout, whose error has no code to know it by. */
async function connectInTime(client: Client, socket: Socket): Promise<void> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, connectTimeoutMs);
  try {
    await client.connect();
  } catch (error) {
    if (!isLate) throw error;
    const message = `the database did not answer within ${connectTimeoutMs / 1_000} s`;
    throw Object.assign(new Error(message, { cause: error }), { code: "ETIMEDOUT" });
  } finally {
    clearTimeout(timer);
  }
}

export class Session {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #openedAtMs = performance.now();
  readonly #abort = () => this.interrupt();
  #signal: AbortSignal | undefined;
  #timeoutMs = shortTimeoutMs;
  #hasFailed = false;
  #isInterrupted = false;
  #isConnected = false;
  #awaitsTls: boolean;

  private constructor({ client, socket, signal, wantsTls }: SessionParts) {
    this.#client = client;
    this.#socket = socket;
    this.#awaitsTls = wantsTls;
    this.#obey(signal);
    socket.once("connect", () => {
      this.#isConnected = true;
    });
    client.connection.once("sslconnect", () => {
      client.connection.stream.once("secureConnect", () => {
        this.#awaitsTls = false;
      });
    });
    socket.once("close", () => {
      this.#hasFailed = true;
    });
  }

  /** A call of it failed, or its connection is gone. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  ageMs(): number {
    return performance.now() - this.#openedAtMs;
  }

  /** @param signal breaks the connection. */
  static async open(settings: ConnectionSettings, applicationName: string, signal?: AbortSignal): Promise<Session> {
    const socket = new Socket();
    const client = new Client({ ...configOf(settings, applicationName), stream: () => socket });
    // A broken connection also rejects the query that is running; without a listener it would end the process.
    client.on("error", () => undefined);
    const session = new Session({ client, socket, signal, wantsTls: settings.sslMode !== "disable" });
    try {
      await connectInTime(client, socket);
      return session;
    } catch (error) {
      const trouble = session.#troubleOf(error, "connect");
      await session.close();
      throw classified(error, "connect", trouble);
    }
  }

  /** The first column of the first row. */
  async value(text: string, values: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const timeoutMs = Math.min(options.timeoutMs ?? shortTimeoutMs, maximumTimeoutMs);
    // A longer one that was set before may stay for a short call: setting it back is a round trip, and we do not wait longer.
    const isLongEnough = options.timeoutMs === undefined && this.#timeoutMs >= timeoutMs;
    try {
      if (!isLongEnough) await this.#setTimeout(timeoutMs);
      const query = { text, values: [...values], rowMode: "array" as const, query_timeout: timeoutMs + networkGraceMs };
      const { rows } = await this.#client.query<unknown[]>(query);
      return rows[0]?.[0];
    } catch (error) {
      this.#hasFailed = true;
      const { context = "call" } = options;
      throw classified(error, context, this.#troubleOf(error, context));
    }
  }

  /** A statement without a result, e.g. `begin`. */
  async run(text: string, options: CallOptions = {}): Promise<void> {
    await this.value(text, [], options);
  }

  /** The running query is rejected; the server goes on with it until somebody ends its backend. */
  interrupt(): void {
    this.#hasFailed = true;
    this.#isInterrupted = true;
    this.#socket.destroy();
  }

  /** Forgets what was set in it and whom it worked for. False: it is good for nothing but being closed. */
  async rest(): Promise<boolean> {
    this.#obey(undefined);
    const isDone = !this.#hasFailed && (await this.#answers({ text: forgetEverything }));
    this.#timeoutMs = shortTimeoutMs;
    // Nobody waits for a session that rests, neither does the end of the process.
    this.#socket.unref();
    return isDone;
  }

  /** False: it did not survive its rest. */
  async resume(applicationName: string, signal?: AbortSignal): Promise<boolean> {
    this.#socket.ref();
    this.#obey(signal);
    const text = "select set_config('application_name', $1, false)";
    return !this.#hasFailed && (await this.#answers({ text, values: [applicationName] }));
  }

  /** Ends within a second, whatever the server does. */
  async close(): Promise<void> {
    this.#obey(undefined);
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, closeTimeoutMs);
    await Promise.race([this.#client.end().catch(() => undefined), patience]);
    clearTimeout(timer);
    this.#socket.destroy();
  }

  /** What we broke off ourselves is no trouble. */
  #troubleOf(error: unknown, context: CallContext): DatabaseTrouble | undefined {
    if (this.#isInterrupted) return undefined;
    const { code } = error as { readonly code?: unknown };
    const isClosed = this.#socket.destroyed || this.#socket.readableEnded;
    const progress = { isConnected: this.#isConnected, awaitsTls: this.#awaitsTls, isClosed };
    return troubleOf({ sqlState: sqlStateOf(error), code }, context, progress);
  }

  async #setTimeout(timeoutMs: number): Promise<void> {
    if (timeoutMs === this.#timeoutMs) return;
    const text = "select set_config('statement_timeout', $1, false)";
    const query_timeout = shortTimeoutMs + networkGraceMs;
    await this.#client.query({ text, values: [String(Math.ceil(timeoutMs))], query_timeout } as QueryConfig);
    this.#timeoutMs = timeoutMs;
  }

  async #answers(query: QueryConfig): Promise<boolean> {
    try {
      await this.#client.query({ ...query, query_timeout: resumeTimeoutMs } as QueryConfig);
      return true;
    } catch {
      return false;
    }
  }

  /** From now on this signal breaks the connection, and no other. */
  #obey(signal: AbortSignal | undefined): void {
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }
}
