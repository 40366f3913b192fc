import { afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { TransportError } from "../../operator/kube/errors.ts";
import type { Kubernetes } from "../../operator/kube/kubernetes.ts";
import type { ResourceClient } from "../../operator/kube/types.ts";
import type { ApiProxy } from "./api-proxy.ts";
import { startApiCrashProxy } from "./crash-proxy.ts";
import type { Widget } from "./make-object.ts";
import type {} from "./provided.ts";
import { connect, KubeApi, widgetDefinition } from "./widgets.ts";
import { crashAt, WriteLog } from "./write-log.ts";

const { kubeconfig } = inject("kube");

let api: KubeApi;
let namespace: string;
let log: WriteLog;
let proxy: ApiProxy;
let kubernetes: Kubernetes;
let widgets: ResourceClient<Widget>;

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await api.installWidgets();
  return () => api.close();
});

beforeEach(async () => {
  namespace = await api.makeNamespace();
  log = new WriteLog();
  proxy = await startApiCrashProxy(kubeconfig, log);
  kubernetes = connect(proxy.kubeconfig);
  widgets = kubernetes.client.resource<Widget>(widgetDefinition);
});

afterEach(async () => {
  kubernetes.close();
  await proxy.close();
});

const path = () => `/apis/test.pgtrickle.dev/v1/namespaces/${namespace}/widgets/one`;

test("writes pass and are counted, reads only pass", async () => {
  const made = await api.makeWidget(namespace, "one");
  const patched = await widgets.patch(made, { spec: { size: 3 } });
  await widgets.patchStatus(patched, { phase: "Pausing" });
  expect(await widgets.get(namespace, "one")).toMatchObject({ spec: { size: 3 }, status: { phase: "Pausing" } });
  expect(log.writes).toEqual([
    { n: 1, what: `PATCH ${path()}` },
    { n: 2, what: `PATCH ${path()}/status` },
  ]);
});

test.each([
  ["before", 1],
  ["after", 3],
] as const)("a crash %s a write leaves size %s", async (moment, size) => {
  const made = await api.makeWidget(namespace, "one");
  let killedAt = 0;
  log.hook = crashAt(1, moment, () => {
    killedAt = log.writes.length;
  });
  await expect(widgets.patch(made, { spec: { size: 3 } })).rejects.toBeInstanceOf(TransportError);
  expect([killedAt, (await widgets.get(namespace, "one")).spec.size]).toEqual([1, size]);
});
