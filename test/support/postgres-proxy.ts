/**
 * A TCP proxy in front of PostgreSQL that notes each statement and holds it, and its answer, as long as the log wants.
 * Without TLS: it has to read what it passes on. One statement (or batch up to Sync) of a connection after the other.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { type Frame, FrameSplitter, firstMessage, StatementReader } from "./postgres-frames.ts";
import type { WriteLog } from "./write-log.ts";

export interface PostgresProxyOptions {
  /** A port, or a socket's path. */
  readonly target: NetConnectOpts;
  readonly log: WriteLog;
  /** What counts as a write; all statements if absent. */
  readonly isWrite?: (statement: string) => boolean;
}

export interface PostgresProxy {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Ends of a client's batches; only after one of them the server answers with ReadyForQuery. */
const BATCH_ENDS = new Set(["Q", "S"]);
const REFUSE_ENCRYPTION = "N";

class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #options: PostgresProxyOptions;
  readonly #fromClient = new FrameSplitter(false);
  readonly #fromServer = new FrameSplitter(true);
  readonly #statements = new StatementReader();
  #batch: Frame[] = [];
  /** Answers that are held back while a write is in work, until ReadyForQuery. */
  #held: { readonly frames: Frame[]; readonly ready: () => void } | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(client: Socket, server: Socket, options: PostgresProxyOptions) {
    this.#client = client;
    this.#server = server;
    this.#options = options;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.reset());
    }
    client.on("close", () => server.destroy());
    server.on("close", () => this.#serverLeft());
    client.on("data", (chunk) => this.#clientSent(chunk));
    server.on("data", (chunk) => this.#serverSent(chunk));
  }

  reset(): void {
    this.#client.resetAndDestroy();
    // may be a Unix socket, which knows no reset; a server takes the end of a connection as well
    this.#server.destroy();
  }

  /** What it said last, e.g. why it terminates the connection, still belongs to the client. */
  #serverLeft(): void {
    for (const { bytes } of this.#held?.frames ?? []) this.#client.write(bytes);
    this.#client.end();
  }

  #clientSent(chunk: Buffer): void {
    this.#fromClient.push(chunk);
    for (let frame = this.#fromClient.next(); frame; frame = this.#fromClient.next()) {
      if (frame.type === "") this.#first(frame);
      else this.#collect(frame);
    }
  }

  #first(frame: Frame): void {
    const asked = firstMessage(frame);
    if (asked === "encryption") {
      this.#client.write(REFUSE_ENCRYPTION);
      return;
    }
    this.#fromClient.isTyped = asked === "startup";
    this.#server.write(frame.bytes);
  }

  #collect(frame: Frame): void {
    this.#batch.push(frame);
    const [{ type } = frame] = this.#batch;
    // passwords, COPY data, Terminate: no answer ends with ReadyForQuery because of them
    const isBatch = ["Q", "P", "B", "D", "E", "C", "S", "H"].includes(type);
    if (isBatch && !BATCH_ENDS.has(frame.type)) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#work = this.#work.then(() => this.#pass(batch)).catch(() => this.reset());
  }

  async #pass(batch: readonly Frame[]): Promise<void> {
    const statement = this.#statements.read(batch);
    const isWrite = statement !== "" && (this.#options.isWrite?.(statement) ?? true);
    if (isWrite) await this.#passWrite(batch, statement);
    else this.#send(batch);
  }

  async #passWrite(batch: readonly Frame[], statement: string): Promise<void> {
    const { log } = this.#options;
    const write = log.add(statement);
    if (await log.isDropped("before", write)) {
      this.reset();
      return;
    }
    const frames: Frame[] = [];
    const ready = Promise.withResolvers<void>();
    this.#held = { frames, ready: ready.resolve };
    this.#send(batch);
    await ready.promise;
    this.#held = undefined;
    if (await log.isDropped("after", write)) this.reset();
    else for (const { bytes } of frames) this.#client.write(bytes);
  }

  #send(batch: readonly Frame[]): void {
    for (const { bytes } of batch) this.#server.write(bytes);
  }

  #serverSent(chunk: Buffer): void {
    this.#fromServer.push(chunk);
    for (let frame = this.#fromServer.next(); frame; frame = this.#fromServer.next()) {
      if (!this.#held) {
        this.#client.write(frame.bytes);
        continue;
      }
      this.#held.frames.push(frame);
      if (frame.type === "Z") this.#held.ready();
    }
  }
}

export async function startPostgresProxy(options: PostgresProxyOptions): Promise<PostgresProxy> {
  const connections = new Set<ProxiedConnection>();
  const server = createServer((client) => {
    const connection = new ProxiedConnection(client, connect(options.target), options);
    connections.add(connection);
    client.once("close", () => connections.delete(connection));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const connection of connections) connection.reset();
      await closed;
    },
  };
}
