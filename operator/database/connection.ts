/** One PostgreSQL session with bounded waiting. The only file that constructs a client. */
import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client, type ClientConfig } from "pg";
import { classified } from "./errors.ts";
import type { ConnectionSettings } from "./secret.ts";
import type { CallContext } from "./sqlstate.ts";

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
    connectionTimeoutMillis: connectTimeoutMs,
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
}

export class Session {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this.interrupt();
  #timeoutMs = shortTimeoutMs;

  private constructor({ client, socket, signal }: SessionParts) {
    this.#client = client;
    this.#socket = socket;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  /** @param signal breaks the connection. */
  static async open(settings: ConnectionSettings, applicationName: string, signal?: AbortSignal): Promise<Session> {
    const socket = new Socket();
    const client = new Client({ ...configOf(settings, applicationName), stream: () => socket });
    // A broken connection also rejects the query that is running; without a listener it would end the process.
    client.on("error", () => undefined);
    const session = new Session({ client, socket, signal });
    try {
      await client.connect();
      return session;
    } catch (error) {
      await session.close();
      throw classified(error, "connect");
    }
  }

  /** The first column of the first row. */
  async value(text: string, values: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const timeoutMs = Math.min(options.timeoutMs ?? shortTimeoutMs, maximumTimeoutMs);
    try {
      await this.#setTimeout(timeoutMs);
      const query = { text, values: [...values], rowMode: "array" as const, query_timeout: timeoutMs + networkGraceMs };
      const { rows } = await this.#client.query<unknown[]>(query);
      return rows[0]?.[0];
    } catch (error) {
      throw classified(error, options.context ?? "call");
    }
  }

  /** A statement without a result, e.g. `begin`. */
  async run(text: string, options: CallOptions = {}): Promise<void> {
    await this.value(text, [], options);
  }

  /** The running query is rejected; the server goes on with it until somebody ends its backend. */
  interrupt(): void {
    this.#socket.destroy();
  }

  /** Ends within a second, whatever the server does. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#abort);
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, closeTimeoutMs);
    await Promise.race([this.#client.end().catch(() => undefined), patience]);
    clearTimeout(timer);
    this.#socket.destroy();
  }

  async #setTimeout(timeoutMs: number): Promise<void> {
    if (timeoutMs === this.#timeoutMs) return;
    await this.#client.query("select set_config('statement_timeout', $1, false)", [String(Math.ceil(timeoutMs))]);
    this.#timeoutMs = timeoutMs;
  }
}
