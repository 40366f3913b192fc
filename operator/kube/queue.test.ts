import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { silentLogger, silentQueue } from "../../test/support/silent.ts";
import { ConflictError } from "./errors.ts";
import { createWorkQueue } from "./queue.ts";
import type { Key, PassResult, WorkQueue } from "./types.ts";

interface Pass {
  readonly key: Key;
  readonly signal: AbortSignal;
  readonly resolve: (result?: PassResult) => void;
  readonly reject: (error: Error) => void;
}

let clock: FakeClock;
let queue: WorkQueue;
/** Passes that run, by key; `started` remembers all. */
let running: Map<Key, Pass>;
let started: Key[];

function work(key: Key, signal: AbortSignal): Promise<PassResult> {
  if (running.has(key)) throw new Error(`two workers for ${key}`);
  started.push(key);
  return new Promise<PassResult>((resolve, reject) => {
    running.set(key, { key, signal, resolve: (result = {}) => resolve(result), reject });
  }).finally(() => running.delete(key));
}

async function finish(key: Key, result?: PassResult | Error): Promise<void> {
  const pass = running.get(key);
  if (!pass) throw new Error(`${key} is not in work`);
  if (result instanceof Error) pass.reject(result);
  else pass.resolve(result);
  await clock.settle();
}

function makeQueue(): void {
  clock = new FakeClock();
  running = new Map();
  started = [];
  const options = { clock, random: () => 0.5, logger: silentLogger, measurements: silentQueue, concurrency: 2 };
  queue = createWorkQueue(options);
}

beforeEach(makeQueue);

describe("keys", () => {
  test("wait in order, each once, and only so many are in work", async () => {
    for (const key of ["a", "b", "a", "c", "b", "c"]) queue.add(key);
    expect(queue.length).toBe(3);
    queue.start(work);
    expect(started).toEqual(["a", "b"]);
    await finish("b");
    expect(started).toEqual(["a", "b", "c"]);
    expect(queue.length).toBe(0);
  });

  test("added while in work run once more afterwards, and not beside it", async () => {
    queue.start(work);
    queue.add("a");
    queue.add("a");
    queue.add("a");
    expect(started).toEqual(["a"]);
    await finish("a");
    expect(started).toEqual(["a", "a"]);
    await finish("a");
    expect(started).toEqual(["a", "a"]);
  });
});

describe("delays", () => {
  test("the earliest wins, whatever the order of asking", async () => {
    queue.start(work);
    queue.addAfter("a", 5000);
    queue.addAfter("a", 1000);
    queue.addAfter("a", 3000);
    await clock.advance(999);
    expect(started).toEqual([]);
    await clock.advance(1);
    expect(started).toEqual(["a"]);
    expect(clock.timerCount).toBe(0);
  });

  test("none or a negative one is now", () => {
    queue.start(work);
    queue.addAfter("a", 0);
    queue.addAfter("b", -5);
    expect(started).toEqual(["a", "b"]);
  });

  test("a pass may ask to be repeated", async () => {
    queue.start(work);
    queue.add("a");
    await finish("a", { requeueAfterMs: 60_000 });
    await clock.advance(60_000);
    expect(started).toEqual(["a", "a"]);
  });
});

describe("failures", () => {
  test("wait longer each time, and a success forgets them", async () => {
    queue.start(work);
    queue.add("a");
    const delays: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      await finish("a", new Error("no"));
      delays.push(clock.delaysMs[0] ?? 0);
      await clock.advance(delays.at(-1) ?? 0);
    }
    expect(delays).toEqual([375, 750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]);
    expect(queue.failures("a")).toBe(9);
    await finish("a");
    expect(queue.failures("a")).toBe(0);
  });

  test("of one key delay no other, and a change of the object doesn't wait for the backoff", async () => {
    queue.start(work);
    queue.add("a");
    await finish("a", new Error("no"));
    queue.add("b");
    await finish("b");
    queue.add("a");
    expect(started).toEqual(["a", "b", "a"]);
  });

  test("a conflict is looked at again at once, but not for ever", async () => {
    queue.start(work);
    queue.add("a");
    for (let round = 0; round < 3; round += 1) await finish("a", new ConflictError("moved"));
    expect(started).toEqual(["a", "a", "a", "a"]);
    await finish("a", new ConflictError("moved"));
    expect(started).toHaveLength(4);
    expect(clock.timerCount).toBe(1);
  });

  test("forget takes the key's failures and delays away", async () => {
    queue.start(work);
    queue.add("a");
    await finish("a", new Error("no"));
    queue.forget("a");
    expect(queue.failures("a")).toBe(0);
    expect(clock.timerCount).toBe(0);
  });

  test("is told once, however often it fails the same way", async () => {
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => warnings.push((fields as { err: Error }).err.message) };
    const options = { clock, random: () => 0.5, logger, measurements: silentQueue, concurrency: 2 };
    const telling = createWorkQueue(options);
    const errors = ["forbidden", "forbidden", "forbidden", "gone", "forbidden"].map((text) => new Error(text));
    telling.start(() => Promise.reject(errors.shift() ?? new Error("forbidden")));
    telling.add("a");
    while (errors.length > 0) await clock.advance(1_000);
    await telling.drain(0);
    expect(warnings).toEqual(["forbidden", "gone", "forbidden"]);
  });

  test("a worker that throws instead of rejecting is a failure like others", async () => {
    queue.start(() => {
      throw new Error("at once");
    });
    queue.add("a");
    await clock.settle();
    expect(queue.failures("a")).toBe(1);
  });
});

describe("drain", () => {
  test("ends at once when nothing is in work, and nothing starts afterwards", async () => {
    queue.addAfter("a", 1000);
    queue.add("b");
    await queue.drain(5000);
    queue.start(work);
    queue.add("c");
    queue.addAfter("d", 10);
    await clock.advance(10_000);
    expect(started).toEqual([]);
    expect(clock.timerCount).toBe(0);
  });

  test("waits for what is in work, starts nothing more, and aborts when its patience ends", async () => {
    queue.start(work);
    for (const key of ["a", "b", "c"]) queue.add(key);
    queue.add("a");
    let isDrained = false;
    const drained = queue.drain(5000).then(() => {
      isDrained = true;
    });
    await finish("b", { requeueAfterMs: 100 });
    const a = running.get("a");
    await clock.advance(4999);
    expect([isDrained, a?.signal.aborted]).toEqual([false, false]);
    await clock.advance(1);
    expect(a?.signal.aborted).toBe(true);
    await finish("a", new Error("aborted"));
    await drained;
    await clock.advance(100_000);
    expect(started).toEqual(["a", "b"]);
    expect(clock.timerCount).toBe(0);
  });
});

describe("random walks", () => {
  type Step =
    | { kind: "add"; key: Key }
    | { kind: "addAfter"; key: Key }
    | { kind: "finish"; fails: boolean }
    | { kind: "wait"; ms: number };
  const key = fc.constantFrom("a", "b", "c", "d");
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), key }),
    fc.record({ kind: fc.constant("addAfter" as const), key }),
    fc.record({ kind: fc.constant("finish" as const), fails: fc.boolean() }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 2000 }) }),
  );

  /** Keys added and not yet worked on since. */
  let owed: Set<Key>;

  async function finishFirst(result?: Error): Promise<void> {
    const [first] = running.keys();
    if (first !== undefined) await finish(first, result);
  }

  function act(next: Step): void | Promise<void> {
    switch (next.kind) {
      case "add":
        owed.add(next.key);
        return queue.add(next.key);
      case "addAfter":
        return queue.addAfter(next.key, 700);
      case "finish":
        return finishFirst(next.fails ? new Error("no") : undefined);
      case "wait":
        return clock.advance(next.ms);
    }
  }

  async function take(next: Step): Promise<void> {
    await act(next);
    expect(running.size).toBeLessThanOrEqual(2);
  }

  async function rest(): Promise<void> {
    while (running.size > 0 || clock.timerCount > 0) {
      await finishFirst();
      await clock.advance(60_000);
    }
  }

  test("never two workers for a key; each key is worked on after its last addition", async () => {
    const walk = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      makeQueue();
      owed = new Set();
      queue.start((one, signal) => {
        owed.delete(one);
        return work(one, signal);
      });
      for (const next of steps) await take(next);
      await rest();
      expect([owed.size, queue.length]).toEqual([0, 0]);
    });
    await fc.assert(walk, { numRuns: 60 });
  });
});
