/** The chart's roles on a real API server: with them everything that the operator does succeeds, and nothing else does. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { finalizer } from "../../operator/api/stream-table-rewind.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { isForbidden } from "../../operator/kube/errors.ts";
import type { Kubernetes } from "../../operator/kube/kubernetes.ts";
import { streamTableRewinds } from "../../operator/kube/resources.ts";
import type { CallMeasurement, KubeObject } from "../../operator/kube/types.ts";
import { makeSpecInput } from "../support/make-observed.ts";
import type {} from "../support/provided.ts";
import { installRewinds, makeRewind, makeSecret } from "../support/rewinds.ts";
import { KubeApi } from "../support/widgets.ts";
import { BUILD_TIMEOUT_MS, type Manifest, operatorOnly, render } from "./chart.ts";
import { connectAs, install, removeClusterWide, type ServiceAccount } from "./installed.ts";

const { kubeconfig } = inject("kube");
const NAME = "demo-streamtable-rewind-operator";

let api: KubeApi;

/** The chart's rights in a namespace of its own, and a connection that has them and nothing else. */
interface Stage {
  readonly release: string;
  readonly watched: string;
  readonly foreign: string;
  readonly manifests: readonly Manifest[];
  readonly kubernetes: Kubernetes & { readonly calls: readonly CallMeasurement[] };
}

async function makeStage(scope: "cluster" | "namespaces"): Promise<Stage> {
  const [release, watched, foreign] = await Promise.all([
    api.makeNamespace(),
    api.makeNamespace(),
    api.makeNamespace(),
  ]);
  const values = scope === "cluster" ? operatorOnly : { ...operatorOnly, watchNamespaces: [watched] };
  const all = await render(values, release);
  const manifests = all.filter(({ kind }) => /^(ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind));
  await install(api, manifests, release);
  const kubernetes = await connectAs(api, kubeconfig, { namespace: release, name: NAME });
  return { release, watched, foreign, manifests, kubernetes };
}

/** Everything that the operator ever does with the API server. */
async function doAllWork({ release, watched, kubernetes }: Stage, namespaces: readonly string[]): Promise<void> {
  const name = `r-${randomUUID().slice(0, 8)}`;
  await makeSecret(api, watched, name, { uri: "postgresql://x@y/z" });
  await makeRewind(api, { namespace: watched, name, spec: makeSpecInput() });
  const { client } = kubernetes;
  const rewinds = client.resource<RewindObject>(streamTableRewinds);

  const reflector = kubernetes.reflector<RewindObject>(streamTableRewinds, namespaces);
  reflector.start();
  await reflector.waitForSync();
  await reflector.stop();

  const object = await rewinds.addFinalizer(await rewinds.get(watched, name), finalizer);
  const written = await rewinds.patchStatus(object, { phase: "Pending" });
  const done = await rewinds.removeFinalizer(written, finalizer);
  if (done !== undefined) await rewinds.delete(done);
  await client.getSecret(watched, name);
  await client.clusterId();

  const events = kubernetes.eventRecorder(streamTableRewinds, "test");
  const event = { type: "Normal", reason: "Tested", action: "Test", note: "twice" } as const;
  events.record(object, event);
  await events.flush();
  events.record(object, event);
  await events.flush();

  const elector = kubernetes.elector({
    ...{ namespace: release, name: NAME, instance: "test" },
    measurements: { leading: () => undefined, transition: () => undefined },
    times: { durationMs: 3_000, renewDeadlineMs: 2_000, renewMs: 100, standbyMs: 100 },
  });
  await elector.acquire(new AbortController().signal);
  await vi.waitUntil(() => kubernetes.calls.filter(({ resource }) => resource === "leases").length > 2);
  await elector.release();
}

const refusedCalls = (calls: readonly CallMeasurement[]) => calls.filter(({ code }) => code === "403");

async function expectForbidden(call: Promise<unknown>): Promise<void> {
  expect(isForbidden(await call.catch((error: unknown) => error))).toBe(true);
}

const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const rewindsIn = (namespace: string) => ({ namespace, group: "pgtrickle.dev", resource: "streamtablerewinds" });

/** What the authorizer lets a service account do with something. */
async function verbsOf({ namespace, name }: ServiceAccount, what: object): Promise<readonly string[]> {
  const user = `system:serviceaccount:${namespace}:${name}`;
  const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const answers = await Promise.all(
    VERBS.map((verb) => api.post(path, { spec: { user, resourceAttributes: { ...what, verb } } })),
  );
  return VERBS.filter((_, index) => (answers[index]?.["status"] as { allowed?: boolean } | undefined)?.allowed);
}

const resource = (kubernetes: Kubernetes, group: string, plural: string) =>
  kubernetes.client.resource<KubeObject>({ group, version: "v1", plural, kind: "" });

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
});

afterAll(() => api.close());

describe.each(["cluster", "namespaces"] as const)("rights for %s", (scope) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await makeStage(scope);
    await stageIsInForce();
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    stage.kubernetes.close();
    await removeClusterWide(api, stage.manifests);
  });

  /** The authorizer hears of new roles a little later. */
  async function stageIsInForce(): Promise<void> {
    const { kubernetes, watched } = stage;
    const rewinds = kubernetes.client.resource<RewindObject>(streamTableRewinds);
    const isAllowed = () => rewinds.list(watched).then(...([() => true, () => false] as const));
    await vi.waitUntil(isAllowed, { timeout: 50_000, interval: 100 });
  }

  it("are enough for everything that the operator does", async () => {
    const before = stage.kubernetes.calls.length;
    await doAllWork(stage, scope === "cluster" ? [] : [stage.watched]);
    expect(refusedCalls(stage.kubernetes.calls.slice(before))).toEqual([]);
  });

  it("let it do nothing else with rewinds: neither make nor replace one, nor delete many at once", async () => {
    const { release, watched } = stage;
    const may = (what: object) => verbsOf({ namespace: release, name: NAME }, { ...rewindsIn(watched), ...what });
    expect(await may({})).toEqual(["get", "list", "watch", "patch", "delete"]);
    expect(await may({ subresource: "status" })).toEqual(["patch"]);
  });

  it("do not let it read lists of secrets, nor anything of what runs beside it", async () => {
    const { kubernetes, watched } = stage;
    await expectForbidden(resource(kubernetes, "", "secrets").list(watched));
    await expectForbidden(resource(kubernetes, "", "pods").list(watched));
    await expectForbidden(resource(kubernetes, "apps", "deployments").list(watched));
  });

  it("are for one lease, and for no secret beside the watched namespaces", async () => {
    const { kubernetes, release, foreign, watched } = stage;
    await expectForbidden(resource(kubernetes, "coordination.k8s.io", "leases").get(release, "another"));
    await expectForbidden(resource(kubernetes, "coordination.k8s.io", "leases").get(watched, NAME));
    if (scope === "namespaces") {
      await expectForbidden(kubernetes.client.getSecret(foreign, "any"));
      await expectForbidden(kubernetes.client.resource<RewindObject>(streamTableRewinds).list(foreign));
    }
  });
});
