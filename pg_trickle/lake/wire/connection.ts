// One client connection from its first byte to its last: startup, TLS, authentication, then messages one after the other.
// After an error in extended messages everything up to Sync is skipped, as the protocol demands.
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type SecureContext, TLSSocket } from "node:tls";
import type { Logger } from "pino";
import { LakeError, SQL_STATE, toLakeError } from "../errors.ts";
import { authenticate } from "./authentication.ts";
import { FrameStream, StreamEndedError } from "./frame-stream.ts";
import { protocolViolation } from "./frames.ts";
import { type ClientMessage, readMessage } from "./messages.ts";
import { Output } from "./output.ts";
import * as reply from "./replies.ts";
import type { Verifier } from "./scram.ts";
import { readStartup, type StartupPacket } from "./startup.ts";

export interface SessionHandler {
  readonly status: reply.TransactionStatus;
  handle(message: ClientMessage, output: Output): Promise<void>;
  sync(): Promise<void>;
  cancel(reason: LakeError): void;
  close(): Promise<void>;
}

export interface SessionStart {
  readonly user: string;
  readonly applicationName: string;
}

export interface OpenedSession {
  readonly session: SessionHandler;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

export interface ConnectionServices {
  readonly verifiers: ReadonlyMap<string, Verifier>;
  readonly openSession: (start: SessionStart) => OpenedSession;
  readonly hasRoom: (user: string) => boolean;
  readonly maxSessions: number;
  readonly cancel: (processId: number, secret: number) => void;
  readonly tls: SecureContext | null;
  readonly requireTls: boolean;
  readonly logger: Logger;
}

const AUTHENTICATION_MS = 15_000;
/** Largest message after authentication: a batch of rows with their values. */
const MESSAGE_LIMIT_BYTES = 256 * 1024 * 1024;

export class Connection {
  readonly #services: ConnectionServices;
  readonly #processId: number;
  readonly #secret = randomInt(0, 2 ** 31 - 1);
  readonly #socket: Socket;
  #stream: Duplex;
  #frames: FrameStream;
  #output: Output;
  #session: SessionHandler | null = null;
  #done: Promise<void> = Promise.resolve();

  constructor(socket: Socket, processId: number, services: ConnectionServices) {
    this.#services = services;
    this.#processId = processId;
    this.#socket = socket;
    this.#stream = socket;
    this.#frames = new FrameStream(socket);
    this.#output = new Output(socket);
    // Without a listener an ECONNRESET would end the process; `close` follows and says all there is to know.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#session?.cancel(clientGone()));
    socket.on("end", () => this.#session?.cancel(clientGone()));
  }

  get isAuthenticated(): boolean {
    return this.#session !== null;
  }

  run(): Promise<void> {
    this.#done = this.#serve().finally(() => this.#stream.destroy());
    return this.#done;
  }

  cancelIfMatches(processId: number, secret: number): void {
    if (processId !== this.#processId || secret !== this.#secret) return;
    this.#session?.cancel(new LakeError(SQL_STATE.queryCanceled, "canceling statement due to user request"));
  }

  /** The engine stops: the client is told, its transaction rolled back. */
  async terminate(): Promise<void> {
    const reason = new LakeError("57P01", "terminating connection: the lake engine is stopping");
    this.#session?.cancel(reason);
    if (this.#session !== null) await this.#tell(reason, "FATAL");
    this.#stream.destroy();
    await this.#done;
  }

  async #serve(): Promise<void> {
    try {
      if (await this.#start()) await this.#messages();
    } catch (error) {
      if (!(error instanceof StreamEndedError)) await this.#tell(toLakeError(error), "FATAL");
    } finally {
      await this.#session
        ?.close()
        .catch((err: unknown) => this.#services.logger.error({ err }, "session could not be closed"));
    }
  }

  /** False if the connection was only there for a request such as a cancel. */
  async #start(): Promise<boolean> {
    const deadline = setTimeout(() => this.#stream.destroy(), AUTHENTICATION_MS);
    try {
      const packet = await this.#negotiate();
      if (packet.kind !== "start") return false;
      await this.#admit(packet);
      return true;
    } finally {
      clearTimeout(deadline);
    }
  }

  async #negotiate(): Promise<StartupPacket> {
    for (;;) {
      const packet = readStartup(await this.#frames.startup());
      if (packet.kind === "cancel") this.#services.cancel(packet.processId, packet.secret);
      if (packet.kind === "start" || packet.kind === "cancel") return packet;
      if (packet.kind === "ssl" && this.#services.tls !== null) await this.#upgrade(this.#services.tls);
      else await this.#send(Buffer.from("N"));
    }
  }

  async #upgrade(secureContext: SecureContext): Promise<void> {
    if (this.#frames.reader.bufferedBytes > 0) throw protocolViolation("received unencrypted data after SSL request");
    await this.#send(Buffer.from("S"));
    this.#frames.release();
    const secure = new TLSSocket(this.#socket, { isServer: true, secureContext, ALPNProtocols: ["postgresql"] });
    secure.on("error", () => secure.destroy());
    this.#stream = secure;
    this.#frames = new FrameStream(secure);
    this.#output = new Output(secure);
  }

  async #admit(packet: Extract<StartupPacket, { kind: "start" }>): Promise<void> {
    const { services, user, applicationName } = this.#identity(packet);
    if (services.requireTls && !(this.#stream instanceof TLSSocket)) {
      throw new LakeError(SQL_STATE.invalidAuthorization, "this listener serves encrypted connections only", {
        hint: "Set sslmode to require or better.",
      });
    }
    if (packet.minor > 0) await this.#send(reply.negotiateProtocolVersion([]));
    await authenticate(user, services.verifiers, {
      next: () => this.#frames.next(),
      send: (bytes) => this.#send(bytes),
    });
    if (!services.hasRoom(user)) throw tooManySessions(services.maxSessions);
    const { session, parameters } = services.openSession({ user, applicationName });
    this.#session = session;
    this.#frames.reader.limitBytes = MESSAGE_LIMIT_BYTES;
    for (const [name, value] of parameters) await this.#output.write(reply.parameterStatus(name, value));
    await this.#output.write(reply.backendKeyData(this.#processId, this.#secret));
    await this.#send(reply.readyForQuery("I"));
  }

  #identity(packet: Extract<StartupPacket, { kind: "start" }>) {
    const user = packet.parameters.get("user") ?? "";
    return { services: this.#services, user, applicationName: packet.parameters.get("application_name") ?? "" };
  }

  async #messages(): Promise<void> {
    for (;;) {
      const message = readMessage(await this.#frames.next());
      if (message.kind === "terminate") return;
      const isAnswered = await this.#answer(message);
      if (message.kind === "query" || message.kind === "sync") await this.#ready();
      else if (!isAnswered) await this.#skipToSync();
      else if (message.kind === "flush") await this.#output.flush();
    }
  }

  /** False if the client was told an error. */
  async #answer(message: ClientMessage): Promise<boolean> {
    const session = this.#session;
    if (session === null) return false;
    try {
      if (message.kind === "sync") await session.sync();
      else await session.handle(message, this.#output);
      return true;
    } catch (error) {
      const failure = toLakeError(error);
      if (failure.sqlState === SQL_STATE.internal) this.#services.logger.error({ err: error }, "statement failed");
      else this.#services.logger.debug({ err: failure }, "statement refused");
      await this.#output.write(reply.errorResponse(failure, "ERROR"));
      return false;
    }
  }

  async #skipToSync(): Promise<void> {
    for (;;) {
      const frame = await this.#frames.next();
      if (frame.type === "X") throw new StreamEndedError("the client has closed the connection");
      if (frame.type === "S") break;
    }
    await this.#answer({ kind: "sync" });
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.#send(reply.readyForQuery(this.#session?.status ?? "I"));
  }

  async #send(bytes: Buffer): Promise<void> {
    await this.#output.write(bytes);
    await this.#output.flush();
  }

  async #tell(error: LakeError, severity: "ERROR" | "FATAL"): Promise<void> {
    await this.#send(reply.errorResponse(error, severity)).catch(() => undefined);
    this.#stream.end();
  }
}

function clientGone(): LakeError {
  return new LakeError(SQL_STATE.connectionFailure, "the client has closed the connection");
}

function tooManySessions(maxSessions: number): LakeError {
  return new LakeError(SQL_STATE.tooManyConnections, "sorry, too many clients already", {
    detail: `The lake engine serves ${maxSessions} sessions at a time.`,
    hint: "Each PostgreSQL backend that reads lake tables keeps one: close idle ones, or raise LAKE_MAX_SESSIONS and PostgreSQL's max_connections with it.",
  });
}
