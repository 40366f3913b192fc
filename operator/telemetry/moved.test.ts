/**
 * No declared metric is dead: rewinds, a queue, calls, a reflector, a status writer and electors are played with the operator's own
 * measurements, and every metric of the registry has to have been another value than zero at some time.
 */
import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeLease } from "../../test/support/fake-lease.ts";
import { FakeListWatch } from "../../test/support/fake-list-watch.ts";
import { driverWith, FakedOperator, fakedKey } from "../../test/support/faked-operator.ts";
import { makeWidget, type Widget } from "../../test/support/make-object.ts";
import { silentLogger } from "../../test/support/silent.ts";
import { TransientError } from "../database/errors.ts";
import { Calls } from "../kube/calls.ts";
import { ConflictError } from "../kube/errors.ts";
import { createElector } from "../kube/lease.ts";
import { createWorkQueue } from "../kube/queue.ts";
import { createReflector } from "../kube/reflector.ts";
import { createStatusWriter } from "../kube/status-writer.ts";
import type { Transport } from "../kube/transport.ts";
import type { ResourceClient } from "../kube/types.ts";
import {
  callMeasurements,
  leaseMeasurements,
  queueMeasurements,
  reflectorMeasurements,
  statusMeasurements,
} from "./measurements.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { countRewinds, rewindMeasurements } from "./rewinds.ts";

const parts = { random: () => 0.5, logger: silentLogger };

/** One that is refused by its database for a while, then waits with its tables held, as a scrape sees it. */
async function playRewinds(metrics: Metrics, scrape: () => Promise<void>): Promise<void> {
  const measurements = rewindMeasurements(metrics, new FakeClock());
  const failure = { reason: "LakeUnreachable", message: "made up", terminal: false, trouble: "statement" } as const;
  const rewind = () => Promise.reject(new TransientError({ ...failure, code: "TR014" }));
  const failing = new FakedOperator({ measurements, driver: driverWith({ rewind }) });
  const waiting = new FakedOperator({ measurements, spec: { resume: { policy: "Manual" } } });
  for (const operator of [failing, waiting]) {
    await operator.play(2);
    const list = () => (operator.outside.object === undefined ? [] : [operator.outside.object]);
    countRewinds(metrics, { get: () => undefined, list, size: 1 });
    await scrape();
    await operator.play(20);
  }
}

async function playQueue(metrics: Metrics, scrape: () => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const queue = createWorkQueue({ ...parts, clock, concurrency: 1, measurements: queueMeasurements(metrics, "q") });
  for (const key of [fakedKey, "default/another"]) queue.add(key);
  let passes = 0;
  queue.start(async () => {
    passes += 1;
    await scrape();
    if (passes === 1) throw new Error("made up");
    return {};
  });
  while (passes < 3) await clock.advance(1_000);
  await queue.drain(0);
}

async function playCalls(metrics: Metrics): Promise<void> {
  const answer = { status: 200, headers: {}, body: "{}" };
  const transport = { call: async () => answer } as unknown as Transport;
  const calls = new Calls({ ...parts, transport, clock: new FakeClock(), measure: callMeasurements(metrics) });
  await calls.send({ resource: "secrets", verb: "GET", path: "/" });
}

/** A watch breaks; the next one loses a change. */
async function playReflector(metrics: Metrics, scrape: () => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const server = new FakeListWatch();
  server.set("a");
  const reflector = createReflector<Widget>({
    ...{ ...parts, resource: "widgets", namespaces: [], clock, relistMs: 60_000, graceMs: 1_000 },
    ...{ sourceOf: () => server, measurements: reflectorMeasurements(metrics) },
  });
  reflector.start();
  await clock.settle();
  [...server.open].at(-1)?.break();
  await clock.advance(10_000);
  server.objects.set("default/lost", makeWidget({ name: "lost", resourceVersion: "9" }));
  await clock.advance(120_000);
  await scrape();
  await reflector.stop();
}

async function playStatus(metrics: Metrics): Promise<void> {
  const live = makeWidget({ resourceVersion: "2" });
  const client = {
    get: async () => live,
    patchStatus: async (observed: Widget) => {
      if (observed !== live) throw new ConflictError("made up");
      return live;
    },
  } as unknown as ResourceClient<Widget>;
  const writer = createStatusWriter<Widget>({ client, measurements: statusMeasurements(metrics) });
  await writer.write(makeWidget({ resourceVersion: "1" }), { phase: "Pausing" });
}

/** The lease goes from one replica to the other. */
async function playElection(metrics: Metrics, scrape: () => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const lease = new FakeLease(clock);
  const times = { durationMs: 15_000, renewDeadlineMs: 10_000, renewMs: 2_000, standbyMs: 500 };
  const stop = new AbortController();
  const replica = (instance: string) =>
    createElector({ ...parts, store: lease.store(), instance, clock, times, measurements: leaseMeasurements(metrics) });
  const [first, second] = [replica("a"), replica("b")];
  void first.acquire(stop.signal);
  await clock.advance(1_000);
  await scrape();
  void second.acquire(stop.signal);
  await clock.advance(1_000);
  const released = first.release();
  await clock.advance(3_000);
  await released;
  stop.abort();
  const ended = second.release();
  await clock.advance(3_000);
  await ended;
}

it("each metric moves", async () => {
  const metrics = createMetrics({ processMetrics: false });
  const moved = new Set<string>();
  const scrape = async () => {
    for (const { name, values } of await metrics.registry.getMetricsAsJSON()) {
      if (values.some(({ value }) => value !== 0)) moved.add(name);
    }
  };
  await playRewinds(metrics, scrape);
  await playQueue(metrics, scrape);
  await playCalls(metrics);
  await playReflector(metrics, scrape);
  await playStatus(metrics);
  await playElection(metrics, scrape);
  await scrape();
  const declared = metrics.registry.getMetricsAsArray().map(({ name }) => name);
  expect(declared.length).toBeGreaterThan(20);
  expect(declared.filter((name) => !moved.has(name))).toEqual([]);
});
