/** The reflector and the writers in front of an API server that fails: after each fault everything converges. */
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import type { Verdict } from "../../test/support/api-proxy.ts";
import {
  type FaultyProxy,
  gone,
  type Match,
  onList,
  onWatch,
  onWrite,
  serviceUnavailable,
  startFaultyProxy,
  tooManyRequests,
} from "../../test/support/faulty-proxy.ts";
import type { Widget } from "../../test/support/make-object.ts";
import type {} from "../../test/support/provided.ts";
import { connect, KubeApi, widgetDefinition } from "../../test/support/widgets.ts";
import { systemClock } from "./clock.ts";
import { TransportError } from "./errors.ts";
import type { Kubernetes, ReflectorTimes } from "./kubernetes.ts";
import type { Clock, Reflector, ReflectorMeasurements } from "./types.ts";

const { kubeconfig } = inject("kube");
const POLL = { timeout: 50_000, interval: 50 };

let api: KubeApi;
let namespace: string;
let proxy: FaultyProxy;
let kubernetes: Kubernetes;
let reflector: Reflector<Widget>;
let restarts: string[];

const measured: ReflectorMeasurements = {
  cached: () => undefined,
  missed: () => undefined,
  watchRestarted: (_resource, reason) => restarts.push(reason),
};

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await api.installWidgets();
  return () => api.close();
});

beforeEach(async () => {
  namespace = await api.makeNamespace();
  proxy = await startFaultyProxy(kubeconfig);
  restarts = [];
  kubernetes = connect(proxy.kubeconfig, { reflector: measured });
});

afterEach(async () => {
  await reflector.stop();
  kubernetes.close();
  await proxy.close();
});

function start(times: ReflectorTimes = {}): void {
  reflector = kubernetes.reflector<Widget>(widgetDefinition, [namespace], times);
  reflector.start();
}

function cached(): string[] {
  return reflector.store
    .list()
    .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
    .toSorted();
}

async function live(): Promise<string[]> {
  const direct = connect(kubeconfig);
  const objects = await direct.client.resource<Widget>(widgetDefinition).list(namespace);
  direct.close();
  return objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).toSorted();
}

async function converged(): Promise<void> {
  await expect.poll(async () => JSON.stringify(cached()) === JSON.stringify(await live()), POLL).toBe(true);
}

async function isWatching(): Promise<void> {
  await expect.poll(() => proxy.openWatches, POLL).toBe(1);
}

/** Changes of all three kinds, and the wait until the cache knows of them. */
async function churn(): Promise<void> {
  const widgets = kubernetes.client.resource<Widget>(widgetDefinition);
  const direct = connect(kubeconfig);
  const behind = direct.client.resource<Widget>(widgetDefinition);
  const kept = await api.makeWidget(namespace, `kept-${proxy.requests.length}`);
  const dropped = await api.makeWidget(namespace, `dropped-${proxy.requests.length}`);
  await behind.patch(kept, { spec: { size: 5 } });
  await behind.delete(dropped);
  direct.close();
  await converged();
  expect(await widgets.get(namespace, kept.metadata.name)).toMatchObject({ spec: { size: 5 } });
}

describe("the store converges after", () => {
  test.each<[string, () => void]>([
    ["503 once on LIST", () => proxy.fault(onList, serviceUnavailable)],
    ["503 on LIST for a while", () => proxy.fault(onList, serviceUnavailable, 6)],
    ["503 once on WATCH", () => proxy.fault(onWatch, serviceUnavailable)],
    ["a reset instead of a LIST", () => proxy.fault(onList, { kind: "reset" })],
    ["a reset instead of a WATCH", () => proxy.fault(onWatch, { kind: "reset" })],
    ["410 on WATCH", () => proxy.fault(onWatch, gone)],
    ["429 with Retry-After on LIST", () => proxy.fault(onList, tooManyRequests(1))],
    ["429 with Retry-After on WATCH", () => proxy.fault(onWatch, tooManyRequests(1))],
    ["a LIST whose answer got lost", () => proxy.fault(onList, { kind: "lose-answer" })],
    ["HTML instead of JSON", () => proxy.fault(onList, { kind: "answer", status: 502, body: "<html>" })],
  ])("%s", async (_case, arrange) => {
    await api.makeWidget(namespace, "before");
    arrange();
    start();
    await reflector.waitForSync(AbortSignal.timeout(10_000));
    await isWatching();
    await churn();
    expect(proxy.pendingFaults()).toBe(0);
  });

  test("resets in the middle of watches, changes falling between them", async () => {
    start();
    await isWatching();
    for (let round = 0; round < 3; round += 1) {
      expect(proxy.resetWatches()).toBe(1);
      await churn();
      await isWatching();
    }
    expect(restarts.filter((reason) => reason === "transport").length).toBeGreaterThanOrEqual(3);
  });

  test("an ERROR event of 410 in the middle of a watch", async () => {
    const expired = JSON.stringify({ type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } });
    proxy.fault(onWatch, {
      kind: "pass",
      onLine: (line) => (line.includes("trigger") ? { replace: expired } : "pass"),
    });
    start();
    await isWatching();
    await api.makeWidget(namespace, "trigger");
    await churn();
    expect(restarts).toContain("gone");
  });

  test("a line that is broken", async () => {
    proxy.fault(onWatch, {
      kind: "pass",
      onLine: (line) => (line.includes("trigger") ? { replace: line.slice(9) } : "pass"),
    });
    start();
    await isWatching();
    await api.makeWidget(namespace, "trigger");
    await churn();
    expect(restarts).toContain("bad-line");
  });

  test("an event that nobody delivered: the list beside the watch brings it, and it is counted", async () => {
    proxy.fault(onWatch, { kind: "pass", onLine: (line) => (line.includes('"lost"') ? "drop" : "pass") });
    start({ relistMs: 1_000, graceMs: 200 });
    await isWatching();
    await api.makeWidget(namespace, "lost");
    await converged();
    expect(reflector.missCount()).toBe(1);
    await expect.poll(() => restarts, POLL).toContain("missed");
    await churn();
  });

  test("nothing is counted as lost while objects change all the time", async () => {
    start({ relistMs: 300, graceMs: 200 });
    await isWatching();
    for (let round = 0; round < 10; round += 1) await churn();
    expect(reflector.missCount()).toBe(0);
  });

  test("a version that the server doesn't have any more, nor yet", async () => {
    const tooLarge: Verdict = { kind: "answer", status: 504, body: { code: 504, reason: "Timeout" } };
    proxy.fault(onWatch, tooLarge, 3);
    start();
    await isWatching();
    expect(proxy.requests.filter(onList)).toHaveLength(2);
    await churn();
  });
});

describe("writes", () => {
  test("whose answer got lost were done: looking again finds it, nothing is done twice", async () => {
    start();
    const observed = await api.makeWidget(namespace, "one");
    const widgets = kubernetes.client.resource<Widget>(widgetDefinition);
    const writer = kubernetes.statusWriter<Widget>(widgetDefinition);
    proxy.fault(onWrite, { kind: "lose-answer" });
    await expect(writer.write(observed, { phase: "Pausing" })).rejects.toBeInstanceOf(TransportError);
    const written = await writer.write(observed, { phase: "Pausing" });
    expect(written).toEqual(await widgets.get(namespace, "one"));
    proxy.fault(onWrite, { kind: "lose-answer" });
    await expect(widgets.addFinalizer(written, "test.pgtrickle.dev/a")).rejects.toBeInstanceOf(TransportError);
    const again = await widgets.get(namespace, "one");
    expect(await widgets.addFinalizer(again, "test.pgtrickle.dev/a")).toBe(again);
    expect(again.metadata.finalizers).toEqual(["test.pgtrickle.dev/a"]);
    await converged();
  });

  test("throttled by the server come later by themselves", async () => {
    start();
    const observed = await api.makeWidget(namespace, "one");
    proxy.fault(onWrite, tooManyRequests(1));
    const widgets = kubernetes.client.resource<Widget>(widgetDefinition);
    expect(await widgets.patch(observed, { spec: { size: 2 } })).toMatchObject({ spec: { size: 2 } });
  });

  test("of an event whose answer got lost don't make two", async () => {
    start();
    const regarding = await api.makeWidget(namespace, "one");
    proxy.fault(onWrite, { kind: "lose-answer" });
    const recorder = kubernetes.eventRecorder(widgetDefinition, "operator-0");
    recorder.record(regarding, { type: "Warning", reason: "Lost", action: "Lose", note: "once" });
    await recorder.flush();
    const { items } = await api.get(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    expect(items).toHaveLength(1);
  });
});

describe("a server that hangs", () => {
  /** A minute of patience passes in three seconds. */
  const hasty: Clock = {
    monotonicMs: () => systemClock.monotonicMs() * 20,
    now: () => systemClock.now(),
    after: (delayMs, run) => systemClock.after(delayMs / 20, run),
  };
  const hang: Verdict = { kind: "hang" };
  const mute: Verdict = { kind: "pass", onLine: () => "drop" };

  test.each<[string, Match, Verdict, string[]]>([
    ["on LIST: another attempt of the call", onList, hang, []],
    ["on WATCH: another watch", onWatch, hang, ["timeout"]],
    ["in the middle of a watch: another watch", onWatch, mute, ["inactive"]],
  ])("%s brings what happened meanwhile", async (_case, match, verdict, wantRestarts) => {
    kubernetes.close();
    kubernetes = connect(proxy.kubeconfig, { clock: hasty, reflector: measured });
    proxy.fault(match, verdict);
    start();
    await expect.poll(() => proxy.requests.filter(match).length, POLL).toBe(1);
    await api.makeWidget(namespace, "meanwhile");
    await expect.poll(() => proxy.requests.filter(match).length, POLL).toBe(2);
    await churn();
    expect(restarts).toEqual(wantRestarts);
  });

  test("costs a call its own timeout, and a caller that gives up nothing more", async () => {
    start();
    proxy.fault(({ path }) => path.endsWith("/hang"), { kind: "hang" }, 10);
    const widgets = kubernetes.client.resource<Widget>(widgetDefinition);
    const call = widgets.get(namespace, "hang", { signal: AbortSignal.timeout(300) });
    await expect(call).rejects.toMatchObject({ name: "CallAbortedError" });
  });

  test("on LIST is left by stop() at once", async () => {
    proxy.fault(onList, { kind: "hang" });
    start();
    await expect.poll(() => proxy.requests.filter(onList).length, POLL).toBe(1);
    await reflector.stop();
    expect([reflector.hasSynced(), proxy.openWatches]).toEqual([false, 0]);
  });
});

test("after stop() no connection is left and none is opened", async () => {
  start();
  await isWatching();
  await reflector.stop();
  await expect.poll(() => proxy.openWatches, POLL).toBe(0);
  const count = proxy.requests.length;
  await api.makeWidget(namespace, "unseen");
  expect([proxy.requests.length, reflector.store.get(`${namespace}/unseen`)]).toEqual([count, undefined]);
});
