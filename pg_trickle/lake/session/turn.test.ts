import { describe, expect, test } from "vitest";
import { Turn } from "./turn.ts";
import { WriteQueues } from "./write-queues.ts";

const SIGNAL = new AbortController().signal;
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A catalog whose lock can be had or not, and a clock that moves with each sleep and each wait for the lock. */
function makeTurn(isFree: () => boolean) {
  const log: string[] = [];
  let nowMs = 0;
  const connection = {
    run: async (sql: string) => void log.push(sql),
    all: async (sql: string) => {
      if (!sql.includes("pg_advisory_xact_lock")) return [];
      if (isFree()) {
        log.push("lock");
        return [];
      }
      nowMs += 500;
      throw new Error("IO Error: ... ERROR:  canceling statement due to lock timeout");
    },
    close: () => void log.push("close"),
  };
  const queues = new WriteQueues();
  const turn = new Turn({
    lake: { connect: async () => connection as never },
    queues,
    nowMs: () => nowMs,
    sleep: async (delayMs) => {
      log.push(`air ${delayMs}`);
      nowMs += delayMs;
    },
  });
  return { turn, log, queues, now: () => nowMs };
}

describe("the turn", () => {
  test("is one session's, from before its step to after it, and leaves the others air", async () => {
    const { turn, log } = makeTurn(() => true);
    const step = (name: string) => async () => void log.push(name);
    await Promise.all([turn.alone({}, SIGNAL, step("first")), turn.alone({}, SIGNAL, step("second"))]);
    const once = (name: string) => ["begin transaction", "lock", name, "rollback", "close"];
    expect(log).toEqual([...once("first"), "air 200", ...once("second")]);
  });

  test("keeps the engine's own commits waiting, and waits for them", async () => {
    const { turn, log } = makeTurn(() => true);
    let end = () => {};
    const running = new Promise<void>((resolve) => {
      end = resolve;
    });
    const before = turn.beside({}, SIGNAL, () => running);
    const alone = turn.alone({}, SIGNAL, async () => void log.push("alone"));
    await settled();
    const after = turn.beside({}, SIGNAL, async () => void log.push("beside"));
    await settled();
    expect(log).toEqual(["begin transaction", "lock"]);
    end();
    await Promise.all([before, alone, after]);
    expect(log.filter((entry) => /alone|beside/.test(entry))).toEqual(["alone", "beside"]);
  });

  test("is given back when its step fails", async () => {
    const { turn, log } = makeTurn(() => true);
    const failed = turn.alone({}, SIGNAL, async () => {
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(log.slice(-2)).toEqual(["rollback", "close"]);
    await turn.beside({}, SIGNAL, async () => void log.push("beside"));
    expect(log.at(-1)).toBe("beside");
  });

  test("is asked for in short waits with air between, so that nobody waits behind it for long", async () => {
    const answers = [false, false, true];
    const { turn, log } = makeTurn(() => answers.shift() ?? true);
    await turn.alone({}, SIGNAL, async () => void log.push("alone"));
    expect(log.filter((entry) => /air|lock|alone/.test(entry))).toEqual(["air 200", "air 200", "lock", "alone"]);
  });

  test("is given up after ten seconds, and says who is in the way", async () => {
    const { turn, now } = makeTurn(() => false);
    const refused = await turn.alone({}, SIGNAL, async () => undefined).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      sqlState: "55P03",
      message: "another client has been committing to the lake for too long",
      hint: expect.stringContaining("pg_locks"),
    });
    expect(now()).toBeLessThan(12_000);
    await turn.beside({}, SIGNAL, async () => undefined);
  });
});
