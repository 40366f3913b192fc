/** Databases that cannot be reached, each in its own way: which kind is counted, and that no message tells the password. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { afterEach, expect, it, vi } from "vitest";
import { createAuthority } from "../../stack/certificates.ts";
import type { DatabaseTrouble } from "../core/observed.ts";
import { Session } from "./connection.ts";
import { TerminalError, TransientError } from "./errors.ts";
import type { ConnectionSettings } from "./secret.ts";
import { troubleOf } from "./trouble.ts";

const sockets: Socket[] = [];
let server: Server | undefined;

afterEach(() => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
  server = undefined;
});

type Settings = Partial<ConnectionSettings>;

const settingsOf = (settings: Settings): ConnectionSettings => ({
  ...{ host: "127.0.0.1", port: 1, database: "d", user: "u", password: "hunter2" },
  ...{ sslMode: "disable", ca: undefined },
  ...settings,
});

/** A server that says this to the first message, and then what comes next to the next one. */
async function serverThat(react: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => react(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function refusal(code: string): Buffer {
  const body = Buffer.from(`SFATAL\0C${code}\0Mmade up\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from("E"), length, body]);
}

const authenticationOk = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const greeting = Buffer.concat([authenticationOk, Buffer.from([0x5a, 0, 0, 0, 5, 0x49])]);
const asksPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransientError || error instanceof TerminalError)) throw new Error("it did not fail");
  expect(error.failure.message).not.toContain("hunter2");
  return error.failure;
}

const open = (settings: Settings) => failureOf(Session.open(settingsOf(settings), "strw/test"));

it("refused: nobody listens, or the Unix socket is not there", async () => {
  expect((await open({})).trouble).toBe("refused");
  expect((await open({ host: "/nowhere/at/all" })).trouble).toBe("refused");
});

it("dns: a name without an address", async () => {
  const failure = await open({ host: "database.invalid" });
  expect(failure).toMatchObject({ trouble: "dns", reason: "DatabaseUnreachable", terminal: false });
});

it.each<[string, Settings["sslMode"], (socket: Socket) => void, DatabaseTrouble]>([
  ["the server has no TLS", "require", (socket) => socket.write("N"), "tls"],
  ["its handshake makes no sense", "verify-full", (socket) => socket.write("S") && socket.write("not TLS"), "tls"],
  ["the password is wrong", "disable", (socket) => socket.end(refusal("28P01")), "authentication"],
  ["the database is not there", "disable", (socket) => socket.end(refusal("3D000")), "authentication"],
  ["the server starts", "disable", (socket) => socket.end(refusal("57P03")), "server"],
  ["no connection is left", "disable", (socket) => socket.end(refusal("53300")), "server"],
  ["the server hangs up", "disable", (socket) => socket.end(), "lost"],
])("%s", async (_case, sslMode = "disable", react, trouble) => {
  const port = await serverThat(react);
  expect((await open({ port, sslMode })).trouble).toBe(trouble);
});

it.each<[string, string, "verify-full" | "require", DatabaseTrouble]>([
  ["the certificate is for another name", "elsewhere.example", "verify-full", "tls"],
  ["the server hangs up when TLS is there", "elsewhere.example", "require", "lost"],
])("%s", async (_case, name, sslMode, trouble) => {
  const authority = createAuthority("test");
  const { certificate: cert, key } = authority.issue({ commonName: name }, [name]);
  const port = await serverThat((socket) => {
    socket.write("S");
    const secure = new TLSSocket(socket, { isServer: true, cert, key });
    secure.on("error", () => undefined);
    secure.once("data", () => secure.end());
  });
  expect((await open({ port, sslMode, ca: authority.certificate })).trouble).toBe(trouble);
});

it("authentication: a server that wants a password, and a Secret without one", async () => {
  const port = await serverThat((socket) => {
    socket.once("data", () => socket.end(refusal("28P01")));
    socket.write(asksPassword);
  });
  expect(await open({ port, password: undefined })).toMatchObject({ trouble: "authentication", code: "28P01" });
});

it("timeout: a server that takes the connection and says nothing", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let isReached = false;
  const port = await serverThat(() => {
    isReached = true;
  });
  const failing = open({ port });
  while (!isReached) await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await failing).toMatchObject({ trouble: "timeout", message: "the database did not answer within 5 s" });
});

it("lost: the connection breaks under a statement, and is no trouble if we broke it", async () => {
  const port = await serverThat((socket) => socket.write(greeting));
  const session = await Session.open(settingsOf({ port }), "strw/test");
  const running = failureOf(session.value("select 1", []));
  for (const socket of sockets) socket.destroy();
  expect((await running).trouble).toBe("lost");
  await session.close();

  const abort = new AbortController();
  const another = await Session.open(settingsOf({ port }), "strw/test", abort.signal);
  const broken = failureOf(another.value("select 1", []));
  abort.abort();
  expect((await broken).trouble).toBeUndefined();
  await another.close();
});

it("statement: the server refuses it", async () => {
  const port = await serverThat((socket) => {
    socket.write(greeting);
    socket.once("data", () => socket.write(Buffer.concat([refusal("42501"), greeting.subarray(-6)])));
  });
  const session = await Session.open(settingsOf({ port }), "strw/test");
  expect(await failureOf(session.value("select 1", []))).toMatchObject({ trouble: "statement", code: "42501" });
  await session.close();
});

it("network: there is no way, which no test can have a machine say", () => {
  const progress = { isConnected: false, awaitsTls: false, isClosed: true };
  expect(troubleOf({ sqlState: undefined, code: "EHOSTUNREACH" }, "connect", progress)).toBe("network");
});
