/** A reflector with a faked server and clock: each test begins with one object in the list, and ends with no timer left. */
import { afterEach, beforeEach, expect } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeListWatch, type FakeStream } from "../../../test/support/fake-list-watch.ts";
import type { Widget } from "../../../test/support/make-object.ts";
import { silentLogger, silentReflector } from "../../../test/support/silent.ts";
import { createReflector } from "../reflector.ts";
import type { Key, Reflector } from "../types.ts";

export let clock: FakeClock;
export let server: FakeListWatch;
export let reflector: Reflector<Widget>;
export let restarts: string[];
export let changes: Key[];

export const RELIST_MS = 600_000;
export const GRACE_MS = 2_000;

export function names(): string[] {
  return reflector.store
    .list()
    .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
    .toSorted();
}

export function serverNames(): string[] {
  return [...server.objects.values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).toSorted();
}

export function stream(): FakeStream {
  const last = [...server.open].at(-1);
  if (!last) throw new Error("no watch was opened");
  return last;
}

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeListWatch();
  server.set("a");
  restarts = [];
  changes = [];
  reflector = createReflector<Widget>({
    ...{ resource: "widgets", namespaces: [], clock, random: () => 0.5, logger: silentLogger },
    ...{ relistMs: RELIST_MS, graceMs: GRACE_MS },
    sourceOf: () => server,
    measurements: { ...silentReflector, watchRestarted: (_resource, reason) => restarts.push(reason) },
  });
  reflector.onChange((key) => changes.push(key));
});

afterEach(async () => {
  await reflector.stop();
  expect(clock.timerCount).toBe(0);
});

export async function started(): Promise<void> {
  reflector.start();
  await clock.settle();
}

/** For a test that needs one of its own; it is stopped in place of the usual one. */
export function useInstead(other: Reflector<Widget>): void {
  reflector = other;
}
