/** The chart's ValidatingAdmissionPolicy on a real API server: who may approve, and who may not. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import type { Kubernetes } from "../../operator/kube/kubernetes.ts";
import { streamTableRewinds } from "../../operator/kube/resources.ts";
import type { ResourceClient } from "../../operator/kube/types.ts";
import { makeSpecInput } from "../support/make-observed.ts";
import type {} from "../support/provided.ts";
import { installRewinds, makeRewind } from "../support/rewinds.ts";
import { connect, KubeApi } from "../support/widgets.ts";
import { BUILD_TIMEOUT_MS, type Manifest, operatorOnly, render } from "./chart.ts";
import { connectAs, install, removeClusterWide } from "./installed.ts";

const run = promisify(execFile);
const { kubeconfig, assets } = inject("kube");

let api: KubeApi;
let namespace: string;
let manifests: readonly Manifest[];
let anybody: Kubernetes;
let approver: Kubernetes;

const rewindsOf = ({ client }: Kubernetes): ResourceClient<RewindObject> => client.resource(streamTableRewinds);
const make = (name: string, approval: object = {}, more: object = {}) =>
  makeRewind(api, {
    namespace,
    name,
    spec: { ...makeSpecInput(), approval: { mode: "Manual", ...approval }, ...more },
  });

async function approve(kubernetes: Kubernetes, name: string, planHash: string): Promise<unknown> {
  const rewinds = rewindsOf(kubernetes);
  return rewinds.patch(await rewinds.get(namespace, name), { spec: { approval: { planHash } } });
}

/** A service account that may do everything, so that only the policy can be in its way. */
function mighty(name: string): readonly Manifest[] {
  const subject = { kind: "ServiceAccount", name, namespace };
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } },
    {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name } },
      ...{ roleRef, subjects: [subject] },
    },
  ];
}

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  namespace = await api.makeNamespace();
  const users = [`system:serviceaccount:${namespace}:approver`];
  const values = {
    ...operatorOnly,
    watchNamespaces: [namespace],
    operator: { admissionPolicy: { enabled: true, users, requireApproval: true } },
  };
  const all = await render(values, namespace);
  manifests = all.filter(({ kind }) => kind.startsWith("ValidatingAdmissionPolicy"));
  await install(api, [...mighty("approver"), ...manifests], namespace);
  anybody = connect(kubeconfig);
  approver = await connectAs(api, kubeconfig, { namespace, name: "approver" });
  // the API server hears of a new policy a little later
  await make("probe");
  const isRefused = () => approve(anybody, "probe", randomUUID()).then(...([() => false, () => true] as const));
  await vi.waitUntil(isRefused, { timeout: 50_000, interval: 200 });
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await removeClusterWide(api, manifests);
  for (const kubernetes of [anybody, approver]) kubernetes.close();
  api.close();
});

it("lets an approver approve", async () => {
  await make("one");
  expect(await approve(approver, "one", "abc")).toMatchObject({ spec: { approval: { planHash: "abc" } } });
});

it("refuses everybody else, and says who was refused", async () => {
  await make("two");
  await expect(approve(anybody, "two", "abc")).rejects.toThrow(
    /spec\.approval\.planHash may be set by approvers only; .+ is none/,
  );
});

it("refuses an object that is born approved", async () => {
  await expect(make("three", { planHash: "abc" })).rejects.toThrow(/may be set by approvers only/);
});

it("lets everybody change the rest of an approved object", async () => {
  await make("four");
  await approve(approver, "four", "abc");
  const rewinds = rewindsOf(anybody);
  const aborted = await rewinds.patch(await rewinds.get(namespace, "four"), { spec: { abort: true } });
  expect(aborted).toMatchObject({ spec: { abort: true } });
});

it("does not let others take an approval away or change it", async () => {
  await make("five");
  await approve(approver, "five", "abc");
  await expect(approve(anybody, "five", "def")).rejects.toThrow(/may be set by approvers only/);
});

it("refuses a rewind of everybody else that needs no approval, and lets a dry run be", async () => {
  await expect(make("six", { mode: "Automatic" })).rejects.toThrow(
    /only approvers may make a rewind that needs no approval; .+ is none: set spec\.approval\.mode to Manual/,
  );
  expect(await make("six", { mode: "Automatic" }, { dryRun: true })).toMatchObject({ spec: { dryRun: true } });
});

it("lets an approver make one that needs no approval", async () => {
  const metadata = { name: "seven", namespace };
  const object = { apiVersion: "pgtrickle.dev/v1alpha1", kind: "StreamTableRewind", metadata, spec: makeSpecInput() };
  const args = ["--kubeconfig", kubeconfig, "create", "-f", "-", "-o", "json"];
  const running = run(join(assets, "kubectl"), [...args, `--as=system:serviceaccount:${namespace}:approver`]);
  running.child.stdin?.end(JSON.stringify(object));
  expect(JSON.parse((await running).stdout)).toMatchObject({ spec: { approval: { mode: "Automatic" } } });
});
