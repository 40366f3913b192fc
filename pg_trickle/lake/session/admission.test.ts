import { describe, expect, test } from "vitest";
import { Admission, YOUNG_MS } from "./admission.ts";

function setUp(maxRunning: number) {
  const clock = { nowMs: 0, wake: (): void => undefined };
  const admission = new Admission({
    maxRunning,
    now: () => clock.nowMs,
    wakeIn: (_delayMs, wake) => {
      clock.wake = wake;
    },
  });
  const pass = async (ms: number) => {
    clock.nowMs += ms;
    clock.wake();
    await turn();
  };
  return { admission, pass };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function query(admission: Admission, signal = new AbortController().signal) {
  const state = { isRunning: false };
  let finish = (): void => undefined;
  const settled = admission
    .run(signal, () => {
      state.isRunning = true;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    })
    .catch((error: unknown) => error);
  return { state, settled, finish: () => finish() };
}

describe("admission", () => {
  test("runs a bounded number of queries, the rest in order", async () => {
    const { admission } = setUp(2);
    const queries = [1, 2, 3, 4].map(() => query(admission));
    await turn();
    expect(queries.map(({ state }) => state.isRunning)).toEqual([true, true, false, false]);
    queries[0]?.finish();
    await turn();
    expect(queries.map(({ state }) => state.isRunning)).toEqual([true, true, true, false]);
  });

  test("lets a query in when those that run are no longer young", async () => {
    const { admission, pass } = setUp(2);
    const long = [1, 2].map(() => query(admission));
    await turn();
    const short = query(admission);
    await pass(YOUNG_MS - 1);
    expect(short.state.isRunning).toBe(false);
    await pass(1);
    expect(short.state.isRunning).toBe(true);
    expect(long.every(({ state }) => state.isRunning)).toBe(true);
  });

  test("has a bound on all of them nevertheless", async () => {
    const { admission, pass } = setUp(1);
    const queries = [1, 2, 3, 4, 5, 6].map(() => query(admission));
    for (let step = 0; step < 10; step += 1) await pass(YOUNG_MS);
    expect(queries.filter(({ state }) => state.isRunning)).toHaveLength(4);
    queries[2]?.finish();
    await turn();
    expect(queries[4]?.state.isRunning).toBe(true);
  });

  test("forgets a query that is cancelled while it waits", async () => {
    const { admission } = setUp(1);
    const first = query(admission);
    await turn();
    const abort = new AbortController();
    const second = query(admission, abort.signal);
    const third = query(admission);
    await turn();
    abort.abort("cancelled");
    expect(await second.settled).toBe("cancelled");
    first.finish();
    await turn();
    expect([second.state.isRunning, third.state.isRunning]).toEqual([false, true]);
  });
});
