import { describe, expect, test } from "vitest";
import { type QueueMode, WriteQueues } from "./write-queues.ts";

const owners = { a: { name: "a" }, b: { name: "b" }, c: { name: "c" }, d: { name: "d" } };
type Name = keyof typeof owners;

/** Asks for a queue and says later what became of it. */
function ask(queues: WriteQueues, name: Name, mode: QueueMode, key = "t", signal = new AbortController().signal) {
  const state = { outcome: "waiting" as string };
  const request = { key, owner: owners[name], mode, signal, timeoutMs: 60_000 };
  const settled = queues.acquire(request).then(
    () => {
      state.outcome = "held";
    },
    (error: { sqlState?: string }) => {
      state.outcome = error.sqlState ?? "failed";
    },
  );
  return { state, settled };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a queue", () => {
  test("is held by one writer alone, or by many appenders", async () => {
    const queues = new WriteQueues();
    const first = ask(queues, "a", "shared");
    const second = ask(queues, "b", "shared");
    const writer = ask(queues, "c", "exclusive");
    await turn();
    expect([first, second, writer].map(({ state }) => state.outcome)).toEqual(["held", "held", "waiting"]);
    queues.releaseAll(owners.a);
    await turn();
    expect(writer.state.outcome).toBe("waiting");
    queues.releaseAll(owners.b);
    await writer.settled;
    expect(writer.state.outcome).toBe("held");
  });

  test("goes to who came first: appenders do not starve a writer", async () => {
    const queues = new WriteQueues();
    ask(queues, "a", "shared");
    const writer = ask(queues, "b", "exclusive");
    const appender = ask(queues, "c", "shared");
    await turn();
    expect(appender.state.outcome).toBe("waiting");
    queues.releaseAll(owners.a);
    await writer.settled;
    await turn();
    expect(appender.state.outcome).toBe("waiting");
    queues.releaseAll(owners.b);
    await appender.settled;
  });

  test("can be asked for again by its holder", async () => {
    const queues = new WriteQueues();
    await ask(queues, "a", "exclusive").settled;
    await ask(queues, "a", "exclusive").settled;
    await ask(queues, "a", "shared").settled;
    queues.releaseAll(owners.a);
    const next = ask(queues, "b", "exclusive");
    await next.settled;
    expect(next.state.outcome).toBe("held");
  });

  test("can be taken alone by one that shares it, unless two want that", async () => {
    const queues = new WriteQueues();
    await ask(queues, "a", "shared").settled;
    await ask(queues, "b", "shared").settled;
    const first = ask(queues, "a", "exclusive");
    const second = ask(queues, "b", "exclusive");
    await second.settled;
    expect([first.state.outcome, second.state.outcome]).toEqual(["waiting", "40P01"]);
    queues.releaseAll(owners.b);
    await first.settled;
    expect(first.state.outcome).toBe("held");
  });

  test("is left by a waiter that is cancelled, which lets those behind it through", async () => {
    const queues = new WriteQueues();
    ask(queues, "a", "shared");
    const abort = new AbortController();
    const writer = ask(queues, "b", "exclusive", "t", abort.signal);
    const appender = ask(queues, "c", "shared");
    await turn();
    abort.abort({ sqlState: "57014" });
    await Promise.all([writer.settled, appender.settled]);
    expect([writer.state.outcome, appender.state.outcome]).toEqual(["57014", "held"]);
  });

  test("is not waited for longer than the bound", async () => {
    const queues = new WriteQueues();
    await ask(queues, "a", "exclusive").settled;
    const request = {
      key: "t",
      owner: owners.b,
      mode: "shared",
      signal: new AbortController().signal,
      timeoutMs: 1,
    } as const;
    await expect(queues.acquire(request)).rejects.toMatchObject({ sqlState: "55P03" });
  });

  test("refuses a circle of waiting at once, over any number of owners", async () => {
    const queues = new WriteQueues();
    await ask(queues, "a", "exclusive", "1").settled;
    await ask(queues, "b", "exclusive", "2").settled;
    await ask(queues, "c", "exclusive", "3").settled;
    ask(queues, "a", "exclusive", "2");
    ask(queues, "b", "exclusive", "3");
    const last = ask(queues, "c", "exclusive", "1");
    await last.settled;
    expect(last.state.outcome).toBe("40P01");
    const stranger = ask(queues, "d", "exclusive", "1");
    await turn();
    expect(stranger.state.outcome).toBe("waiting");
  });
});
