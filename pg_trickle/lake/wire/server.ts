// Listeners and the table of live connections: owns sockets, the session cap's counting and the routing of cancel
// requests. What a session does with statements is behind SessionFactory.
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Logger } from "pino";
import { Connection, type ConnectionServices, type OpenedSession, type SessionStart } from "./connection.ts";
import type { Verifier } from "./scram.ts";

export interface WireServerOptions {
  readonly verifiers: ReadonlyMap<string, Verifier>;
  readonly maxSessions: number;
  /** Sessions beyond the cap that only these users may open. */
  readonly reservedFor: ReadonlyMap<string, number>;
  readonly openSession: (start: SessionStart) => OpenedSession;
  readonly tls: SecureContext | null;
  readonly logger: Logger;
}

/** Sockets that have not proved who they are; libpq needs a few milliseconds for that. */
const MAX_UNAUTHENTICATED = 200;
/** A client that a network has swallowed still holds its places in queues: the kernel finds out sooner than its default of two hours. */
const KEEP_ALIVE_MS = 10_000;

export class WireServer {
  readonly #options: WireServerOptions;
  readonly #connections = new Set<Connection>();
  readonly #listeners: Server[] = [];
  #nextProcessId = 1;

  constructor(options: WireServerOptions) {
    this.#options = options;
  }

  async listenSocket(path: string): Promise<void> {
    // A killed engine leaves its socket behind. The directory, which is 0700, decides who may connect.
    await rm(path, { force: true });
    await this.#listen((server, done) => server.listen(path, done), { requireTls: false, overTcp: false });
    await chmod(path, 0o777);
  }

  async listenTcp(host: string, port: number, requireTls: boolean): Promise<void> {
    await this.#listen((server, done) => server.listen(port, host, done), { requireTls, overTcp: true });
  }

  get sessionCount(): number {
    return [...this.#connections].filter((connection) => connection.isAuthenticated).length;
  }

  async close(): Promise<void> {
    const closed = this.#listeners.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await Promise.all([...this.#connections].map((connection) => connection.terminate()));
    await Promise.all(closed);
  }

  #listen(
    start: (server: Server, done: () => void) => void,
    kind: { readonly requireTls: boolean; readonly overTcp: boolean },
  ): Promise<void> {
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) =>
      this.#accept(socket, kind),
    );
    this.#listeners.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      start(server, () => {
        server.off("error", reject);
        server.on("error", (err) => this.#options.logger.warn({ err }, "listener error"));
        resolve();
      });
    });
  }

  #accept(socket: Socket, kind: { readonly requireTls: boolean; readonly overTcp: boolean }): void {
    if (this.#connections.size - this.sessionCount >= MAX_UNAUTHENTICATED) {
      socket.destroy();
      return;
    }
    const services: ConnectionServices = {
      verifiers: this.#options.verifiers,
      openSession: this.#options.openSession,
      hasRoom: (user) => this.sessionCount < this.#options.maxSessions + (this.#options.reservedFor.get(user) ?? 0),
      maxSessions: this.#options.maxSessions,
      cancel: (processId, secret) => this.#cancel(processId, secret),
      tls: kind.overTcp ? this.#options.tls : null,
      requireTls: kind.requireTls,
      logger: this.#options.logger,
    };
    const connection = new Connection(socket, this.#nextProcessId++, services);
    this.#connections.add(connection);
    void connection.run().finally(() => this.#connections.delete(connection));
  }

  #cancel(processId: number, secret: number): void {
    for (const connection of this.#connections) connection.cancelIfMatches(processId, secret);
  }
}
