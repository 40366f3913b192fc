/** Against a server on loopback: sockets are what this module is about. The time is still the test's. */
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Authority, createAuthority } from "../../stack/certificates.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { type Connection, connectionOf } from "./connection.ts";
import { CallAbortedError, CallTimeoutError, TransportError } from "./errors.ts";
import { createTransport, type RawRequest, type Transport } from "./transport.ts";
import type { ClusterAccess } from "./types.ts";

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let clock: FakeClock;
let server: http.Server;
let handler: Handler;
let connection: Connection;
let transport: Transport;
/** Resolves with the next request that reaches the server. */
let arrived: PromiseWithResolvers<http.IncomingMessage>;
let sockets: Set<Socket>;

const GET: RawRequest = { verb: "GET", path: "/x", timeoutMs: 10_000 };
const answerOk: Handler = (_request, response) => response.end("{}");
const hang: Handler = () => undefined;

/** Over HTTP, as a token that is given away would go: only loopback hears it. */
function accessOf(server: string): ClusterAccess {
  return { server, options: async () => ({ headers: { Authorization: "Bearer secret" } }) };
}

async function listen(target: http.Server): Promise<string> {
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  return `127.0.0.1:${(target.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  clock = new FakeClock();
  handler = answerOk;
  arrived = Promise.withResolvers();
  sockets = new Set();
  server = http.createServer((request, response) => {
    arrived.resolve(request);
    handler(request, response);
  });
  server.on("connection", (socket) => sockets.add(socket));
  const address = await listen(server);
  connection = connectionOf(accessOf(`http://${address}/prefix/`));
  transport = createTransport(connection, clock);
});

afterEach(async () => {
  connection.close();
  server.closeAllConnections();
  server.close();
  await clock.settle();
  expect(clock.timerCount).toBe(0);
});

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("a call", () => {
  test("says who asks, and goes below the server's own path", async () => {
    const call = transport.call({ ...GET, verb: "PATCH", body: { ü: 1 }, contentType: "application/merge-patch+json" });
    const request = await arrived.promise;
    expect([request.method, request.url]).toEqual(["PATCH", "/prefix/x"]);
    expect(request.headers).toMatchObject({
      authorization: "Bearer secret",
      "content-type": "application/merge-patch+json",
      "content-length": "8",
    });
    expect(await call).toMatchObject({ status: 200, body: "{}" });
  });

  test("uses its connection again", async () => {
    for (let time = 0; time < 3; time += 1) await transport.call(GET);
    expect(sockets.size).toBe(1);
  });

  test("that nobody answers ends after its time", async () => {
    handler = hang;
    const failed = failure(transport.call(GET));
    await arrived.promise;
    await clock.advance(10_000);
    expect(await failed).toBeInstanceOf(CallTimeoutError);
  });

  test("whose answer stops in the middle ends after its time too", async () => {
    handler = (_request, response) => response.write("{");
    const failed = failure(transport.call(GET));
    await arrived.promise;
    await clock.advance(10_000);
    expect(await failed).toBeInstanceOf(CallTimeoutError);
  });

  test("ends with its caller's signal, of which nothing is kept afterwards", async () => {
    handler = hang;
    const caller = new AbortController();
    const failed = failure(transport.call({ ...GET, signal: caller.signal }));
    await arrived.promise;
    caller.abort();
    expect(await failed).toBeInstanceOf(CallAbortedError);
    expect(await failure(transport.call({ ...GET, signal: caller.signal }))).toBeInstanceOf(CallAbortedError);
  });

  test.each<[string, Handler]>([
    ["reset", (request) => request.socket.resetAndDestroy()],
    [
      "cut in its body",
      (_request, response) => {
        response.writeHead(200, { "Content-Length": "100" });
        response.write("{", () => response.socket?.resetAndDestroy());
      },
    ],
  ])("that is %s may have been done", async (_case, broken) => {
    handler = broken;
    const error = await failure(transport.call(GET));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ sent: true });
  });

  test("that reached nobody was not done", async () => {
    server.close();
    await once(server, "close");
    expect(await failure(transport.call(GET))).toMatchObject({ name: "TransportError", sent: false });
  });

  test("without credentials was not done", async () => {
    const unknown = { server: "https://x", options: () => Promise.reject(new Error("no token")) };
    const nowhere = createTransport(connectionOf(unknown), clock);
    expect(await failure(nowhere.call(GET))).toMatchObject({ name: "TransportError", sent: false });
  });
});

describe("a stream", () => {
  test("has a time limit for its headers only", async () => {
    const opened = Promise.withResolvers<http.ServerResponse>();
    handler = (_request, response) => {
      response.flushHeaders();
      opened.resolve(response);
    };
    const stream = await transport.stream(GET);
    await clock.advance(3_600_000);
    (await opened.promise).end("late\n");
    const chunks: string[] = [];
    for await (const chunk of stream.chunks) chunks.push(chunk.toString());
    expect(chunks.join("")).toBe("late\n");
  });

  test("whose headers don't come ends after its time", async () => {
    handler = hang;
    const failed = failure(transport.stream(GET));
    await arrived.promise;
    await clock.advance(10_000);
    expect(await failed).toBeInstanceOf(CallTimeoutError);
  });

  test.each<[string, (stop: AbortController, close: () => void, socket: Socket) => void]>([
    ["closed", (_stop, close) => close()],
    ["aborted by its caller", (stop) => stop.abort()],
    ["reset by the server", (_stop, _close, socket) => socket.resetAndDestroy()],
  ])("that is %s throws while it is read", async (_case, end) => {
    handler = (_request, response) => response.flushHeaders();
    const stop = new AbortController();
    const stream = await transport.stream({ ...GET, signal: stop.signal });
    const reading = failure(stream.chunks[Symbol.asyncIterator]().next());
    end(stop, () => stream.close(), (await arrived.promise).socket);
    expect(await reading).toBeInstanceOf(TransportError);
  });
});

describe("TLS", () => {
  async function secureServer(authority: Authority): Promise<{ url: string; close(): void }> {
    const { certificate, key } = authority.issue({ commonName: "server" }, ["127.0.0.1"]);
    const secure = https.createServer({ cert: certificate, key }, (_request, response) => response.end("{}"));
    const url = `https://${await listen(secure)}`;
    const close = () => {
      secure.closeAllConnections();
      secure.close();
    };
    return { url, close };
  }

  test("a server that isn't certified was told nothing; a CA that is rotated in is used at once", async () => {
    const authority = createAuthority("authority");
    const secure = await secureServer(authority);
    let ca = createAuthority("other").certificate;
    const access = { server: secure.url, options: async () => ({ ca }) };
    const secureConnection = connectionOf(access);
    const secureTransport = createTransport(secureConnection, clock);
    expect(await failure(secureTransport.call(GET))).toMatchObject({ name: "TransportError", sent: false });
    ca = authority.certificate;
    expect(await secureTransport.call(GET)).toMatchObject({ status: 200 });
    secureConnection.close();
    secure.close();
  });
});
