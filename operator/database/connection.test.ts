/** Sessions with servers that do not behave. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Session } from "./connection.ts";
import type { ConnectionSettings } from "./secret.ts";

/** AuthenticationOk and ReadyForQuery; what comes then is never answered. */
const greeting = Buffer.concat([Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]), Buffer.from([0x5a, 0, 0, 0, 5, 0x49])]);

let server: Server;
let settings: ConnectionSettings;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(greeting));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  settings = {
    ...{ host: "127.0.0.1", port, database: "d", user: "u", password: "p" },
    ...{ sslMode: "disable", ca: undefined },
  };
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

describe("Session", () => {
  it("is closed although the server never says good-bye", async () => {
    const session = await Session.open(settings, "strw/test");
    await expect(session.close()).resolves.toBeUndefined();
  });

  it("rejects the running statement when it is aborted", async () => {
    const abort = new AbortController();
    const session = await Session.open(settings, "strw/test", abort.signal);
    const running = session.value("select 1", []);
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: "TransientError", failure: { reason: "DatabaseUnreachable" } });
    await session.close();
  });

  it("rejects the running statement when the connection breaks", async () => {
    const session = await Session.open(settings, "strw/test");
    const running = session.value("select 1", []);
    for (const socket of sockets) socket.destroy();
    await expect(running).rejects.toMatchObject({ name: "TransientError" });
    await session.close();
  });

  it("leaves no listener on a signal that outlives it", async () => {
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    }) as typeof add;
    signal.removeEventListener = ((...given: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...given);
    }) as typeof remove;
    const session = await Session.open(settings, "strw/test", signal);
    await session.close();
    expect(listeners).toBe(0);
  });
});
