import { describe, expect, test } from "vitest";
import { type GateMode, Gates } from "./writer-gates.ts";

const owners = { a: { name: "a" }, b: { name: "b" }, c: { name: "c" }, d: { name: "d" } };
type Name = keyof typeof owners;

/** Asks for a gate and says later what became of it. */
function ask(gates: Gates, name: Name, mode: GateMode, key = "t", signal = new AbortController().signal) {
  const state = { outcome: "waiting" as string };
  const request = { key, owner: owners[name], mode, signal, timeoutMs: 60_000 };
  const settled = gates.acquire(request).then(
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

describe("a gate", () => {
  test("is held by one writer alone, or by many appenders", async () => {
    const gates = new Gates();
    const first = ask(gates, "a", "shared");
    const second = ask(gates, "b", "shared");
    const writer = ask(gates, "c", "exclusive");
    await turn();
    expect([first, second, writer].map(({ state }) => state.outcome)).toEqual(["held", "held", "waiting"]);
    gates.releaseAll(owners.a);
    await turn();
    expect(writer.state.outcome).toBe("waiting");
    gates.releaseAll(owners.b);
    await writer.settled;
    expect(writer.state.outcome).toBe("held");
  });

  test("goes to who came first: appenders do not starve a writer", async () => {
    const gates = new Gates();
    ask(gates, "a", "shared");
    const writer = ask(gates, "b", "exclusive");
    const appender = ask(gates, "c", "shared");
    await turn();
    expect(appender.state.outcome).toBe("waiting");
    gates.releaseAll(owners.a);
    await writer.settled;
    await turn();
    expect(appender.state.outcome).toBe("waiting");
    gates.releaseAll(owners.b);
    await appender.settled;
  });

  test("can be asked for again by its holder", async () => {
    const gates = new Gates();
    await ask(gates, "a", "exclusive").settled;
    await ask(gates, "a", "exclusive").settled;
    await ask(gates, "a", "shared").settled;
    gates.releaseAll(owners.a);
    const next = ask(gates, "b", "exclusive");
    await next.settled;
    expect(next.state.outcome).toBe("held");
  });

  test("can be taken alone by one that shares it, unless two want that", async () => {
    const gates = new Gates();
    await ask(gates, "a", "shared").settled;
    await ask(gates, "b", "shared").settled;
    const first = ask(gates, "a", "exclusive");
    const second = ask(gates, "b", "exclusive");
    await second.settled;
    expect([first.state.outcome, second.state.outcome]).toEqual(["waiting", "40P01"]);
    gates.releaseAll(owners.b);
    await first.settled;
    expect(first.state.outcome).toBe("held");
  });

  test("is left by a waiter that is cancelled, which lets those behind it through", async () => {
    const gates = new Gates();
    ask(gates, "a", "shared");
    const abort = new AbortController();
    const writer = ask(gates, "b", "exclusive", "t", abort.signal);
    const appender = ask(gates, "c", "shared");
    await turn();
    abort.abort({ sqlState: "57014" });
    await Promise.all([writer.settled, appender.settled]);
    expect([writer.state.outcome, appender.state.outcome]).toEqual(["57014", "held"]);
  });

  test("is not waited for longer than the bound", async () => {
    const gates = new Gates();
    await ask(gates, "a", "exclusive").settled;
    const request = {
      key: "t",
      owner: owners.b,
      mode: "shared",
      signal: new AbortController().signal,
      timeoutMs: 1,
    } as const;
    await expect(gates.acquire(request)).rejects.toMatchObject({ sqlState: "55P03" });
  });

  test("refuses a circle of waiting at once, over any number of owners", async () => {
    const gates = new Gates();
    await ask(gates, "a", "exclusive", "1").settled;
    await ask(gates, "b", "exclusive", "2").settled;
    await ask(gates, "c", "exclusive", "3").settled;
    ask(gates, "a", "exclusive", "2");
    ask(gates, "b", "exclusive", "3");
    const last = ask(gates, "c", "exclusive", "1");
    await last.settled;
    expect(last.state.outcome).toBe("40P01");
    const stranger = ask(gates, "d", "exclusive", "1");
    await turn();
    expect(stranger.state.outcome).toBe("waiting");
  });
});
