import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepRunning } from "./kept-process.ts";
import type { StackProcess } from "./processes.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Fake extends StackProcess {
  end(how: string): void;
}

function fakes(): { started: Fake[]; start: () => Promise<StackProcess> } {
  const started: Fake[] = [];
  const start = async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let ended = false;
    const end = (how: string) => {
      ended = true;
      resolve(how);
    };
    const stop = async () => end("stopped");
    const pid = started.length + 1;
    const fake = {
      name: "x",
      pid,
      logFile: "",
      logOffset: 0,
      exited: promise,
      hasExited: () => ended,
      stop,
      kill: stop,
      end,
    };
    started.push(fake);
    return fake;
  };
  return { started, start };
}

test("a program that ends by itself is started again, and that is reported", async () => {
  const { started, start } = fakes();
  const reports: string[] = [];
  const kept = await keepRunning(start, (text) => reports.push(text));
  started[0]?.end("x was ended by SIGKILL");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(kept.current().pid).toBe(2);
  expect(reports).toEqual(["x was ended by SIGKILL; it is started again"]);
});

test("a program that is stopped stays stopped", async () => {
  const { started, start } = fakes();
  const reports: string[] = [];
  const kept = await keepRunning(start, (text) => reports.push(text));
  await kept.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(started.map((fake) => fake.hasExited())).toEqual([true]);
  expect(reports).toEqual([]);
});

test("stopping during the pause before the next start leaves nothing running", async () => {
  const { started, start } = fakes();
  const kept = await keepRunning(start, () => {});
  started[0]?.end("x exited with code 1");
  await vi.advanceTimersByTimeAsync(500);
  await kept.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(started).toHaveLength(1);
});
