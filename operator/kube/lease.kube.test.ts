import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { FreezableClock } from "../../test/support/freezable-clock.ts";
import type {} from "../../test/support/provided.ts";
import { connect, KubeApi } from "../../test/support/widgets.ts";
import { systemClock } from "./clock.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { Elector, LeaseTimes, Term } from "./lease.ts";

const { kubeconfig } = inject("kube");
const TIMES: LeaseTimes = { durationMs: 3_000, renewDeadlineMs: 2_000, renewMs: 300, standbyMs: 100 };

interface Replica {
  readonly elector: Elector;
  readonly clock: FreezableClock;
  readonly stop: AbortController;
  readonly acquired: Promise<Term | undefined>;
  term: Term | undefined;
}

let api: KubeApi;
let namespace: string;
let connections: Kubernetes[];
let replicas: Replica[];

const path = () => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
const leads = ({ term }: Replica) => term !== undefined && !term.signal.aborted;
const until = (check: () => boolean) => vi.waitUntil(check, { timeout: 50_000, interval: 20 });

interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseTransitions: number;
}

async function leaseSpec(): Promise<LeaseSpec> {
  return (await api.get(`${path()}/operator`))["spec"] as LeaseSpec;
}

function start(instance: string, times = TIMES): Replica {
  const clock = new FreezableClock(systemClock);
  const kubernetes = connect(kubeconfig, { clock });
  connections.push(kubernetes);
  const measurements = { leading: () => undefined, transition: () => undefined };
  const elector = kubernetes.elector({ namespace, name: "operator", instance, measurements, times });
  const stop = new AbortController();
  const acquired = elector.acquire(stop.signal);
  const replica: Replica = { elector, clock, stop, acquired, term: undefined };
  void acquired.then((term) => {
    replica.term = term;
  });
  replicas.push(replica);
  return replica;
}

beforeAll(() => {
  api = new KubeApi(kubeconfig);
});

beforeEach(async () => {
  connections = [];
  replicas = [];
  namespace = await api.makeNamespace();
});

afterEach(async () => {
  for (const { elector, stop, acquired } of replicas) {
    stop.abort();
    await acquired;
    await elector.release();
  }
  for (const kubernetes of connections) kubernetes.close();
});

afterAll(() => api.close());

test("of two that start at once, one leads, and goes on", async () => {
  const [one, two] = [start("pod-1"), start("pod-2")];
  await until(() => leads(one) || leads(two));
  const { holderIdentity } = await leaseSpec();
  const leader = holderIdentity === one.elector.identity ? one : two;
  const startedMs = performance.now();
  await until(() => performance.now() - startedMs > TIMES.durationMs + 500);
  expect([leads(one), leads(two)].filter(Boolean)).toHaveLength(1);
  expect(leads(leader)).toBe(true);
});

test("a released lease is taken by the next look, and the change is counted", async () => {
  // One that would not expire within this test.
  const one = start("pod-1", { ...TIMES, durationMs: 600_000 });
  await until(() => leads(one));
  const two = start("pod-2");
  await one.elector.release();
  await until(() => leads(two));
  expect(one.term?.signal.aborted).toBe(true);
  expect(await leaseSpec()).toMatchObject({ holderIdentity: two.elector.identity, leaseTransitions: 1 });
});

test("a frozen leader is replaced, and finds itself deposed when it goes on", async () => {
  const one = start("pod-1");
  await until(() => leads(one));
  const two = start("pod-2");
  one.clock.freeze();
  await until(() => leads(two));
  // it still believes in itself: only the token in the database's transactions stops it now
  expect(leads(one)).toBe(true);
  one.clock.thaw();
  await until(() => !leads(one));
  expect(leads(two)).toBe(true);
  expect((await leaseSpec()).holderIdentity).toBe(two.elector.identity);
});

test("a leader whose lease was given to somebody else ends at its next renewal", async () => {
  const one = start("pod-1");
  await until(() => leads(one));
  await api.patch(`${path()}/operator`, { spec: { holderIdentity: "pod-9_else" } });
  await until(() => !leads(one));
  expect((await leaseSpec()).holderIdentity).toBe("pod-9_else");
});

test("a leader whose lease was touched or deleted goes on", async () => {
  const one = start("pod-1");
  await until(() => leads(one));
  await api.patch(`${path()}/operator`, { metadata: { labels: { touched: "yes" } } });
  await api.delete(`${path()}/operator`);
  const startedMs = performance.now();
  await until(() => performance.now() - startedMs > TIMES.renewDeadlineMs + 500);
  expect(leads(one)).toBe(true);
  expect((await leaseSpec()).holderIdentity).toBe(one.elector.identity);
});
