/** Objects of version 0.1.0 in a real API server that has today's CRD, and today's operator as a process; their database is away. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createKubectl } from "../../demo/kubectl.ts";
import { isFormer, renewed } from "../../operator/core/former-status.ts";
import type { RewindObject } from "../../operator/gather.ts";
import type { Kubernetes } from "../../operator/kube/kubernetes.ts";
import { resourcePath } from "../../operator/kube/paths.ts";
import { streamTableRewinds } from "../../operator/kube/resources.ts";
import type { ResourceClient } from "../../operator/kube/types.ts";
import { startOperator } from "../../stack/operator.ts";
import { type StackProcess, type TemporaryFolder, temporaryFolder } from "../../stack/processes.ts";
import { kubectlRows } from "../support/kubectl-table.ts";
import { statusOf } from "../support/operator-stage.ts";
import type {} from "../support/provided.ts";
import { installRewinds } from "../support/rewinds.ts";
import { until } from "../support/until.ts";
import { connect, KubeApi } from "../support/widgets.ts";
import { type RecordedName, recorded, recordedNames, recordedStatus } from "./recorded.ts";

const { assets, kubeconfig } = inject("kube");

let api: KubeApi;
let kubernetes: Kubernetes;
let rewinds: ResourceClient<RewindObject>;
let namespace: string;
let folder: TemporaryFolder;
let operator: StackProcess;
/** As the API server has stored it, before the operator was started. */
const stored = new Map<RecordedName, RewindObject>();

async function store(name: RecordedName): Promise<RewindObject> {
  const { apiVersion, kind, metadata, spec } = recorded(name);
  const { finalizers = [] } = metadata;
  const body = { apiVersion, kind, metadata: { name, finalizers }, spec };
  const made = (await api.post(resourcePath(streamTableRewinds, { namespace }), body)) as unknown as RewindObject;
  // An object that is made anew begins with generation 1.
  return rewinds.patchStatus(made, { ...recordedStatus(name), observedGeneration: 1 });
}

const live = (name: RecordedName) => rewinds.get(namespace, name);

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  kubernetes = connect(kubeconfig);
  rewinds = kubernetes.client.resource<RewindObject>(streamTableRewinds);
  namespace = await api.makeNamespace();
  for (const name of recordedNames) stored.set(name, await store(name));
  folder = temporaryFolder();
  operator = await startOperator({
    ...{ kubeconfig, metricsAddress: "127.0.0.1:0", namespaces: [namespace] },
    logFile: join(folder.path, "operator.log"),
  });
});

afterAll(async () => {
  await operator.stop();
  folder.remove();
  kubernetes.close();
  api.close();
});

test.each(recordedNames)("the API server keeps what stands in the status of the one that is %s", (name) => {
  const { observedGeneration: _, ...status } = recordedStatus(name);
  expect(stored.get(name)?.status).toMatchObject(status);
});

test.each(recordedNames)("the snapshots of the one that is %s get their own names", async (name) => {
  const object = await until(async () => {
    const now = await live(name);
    const [table] = statusOf(now).tables ?? [];
    return table?.contentsSnapshotIdBefore !== undefined && !isFormer(statusOf(now)) && now;
  });
  const want = renewed(renewed(recordedStatus(name)));
  expect(statusOf(object)).toMatchObject({ phase: want.phase, tables: want.tables, tableSummary: want.tableSummary });
  expect(object.metadata.finalizers).toEqual(stored.get(name)?.metadata.finalizers);
});

test("nothing but names changes in the record of the finished one", async () => {
  expect(statusOf(await live("finished"))).toEqual({
    ...renewed(renewed(recordedStatus("finished"))),
    observedGeneration: 1,
  });
});

test("kubectl shows them like those of today", async () => {
  const rows = kubectlRows(await createKubectl({ assets, kubeconfig }).run(["get", "strw", "-n", namespace]));
  const common = { TABLES: "public.event_summary", AGE: expect.any(String) };
  expect(rows).toEqual([
    { NAME: "finished", ...common, TARGET: "3", PHASE: "Succeeded", FROM: "4", TO: "3", LAG: "0" },
    { NAME: "held", ...common, TARGET: "8", PHASE: "Failed", FROM: "9", TO: "8", LAG: "1" },
    { NAME: "running", ...common, TARGET: "12", PHASE: "AwaitingResume", FROM: "13", TO: "12", LAG: "2" },
    { NAME: "waiting", ...common, TARGET: "12", PHASE: "AwaitingApproval", FROM: "13", TO: "", LAG: "" },
  ]);
});
