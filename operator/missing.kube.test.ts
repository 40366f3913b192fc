/** The operator as a process, with the chart's rights, on an API server of its own that loses what it needs and gets it back. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type ControlPlane, startControlPlane } from "../stack/control-plane.ts";
import { startOperator } from "../stack/operator.ts";
import { readLog, type StackProcess, type TemporaryFolder, temporaryFolder } from "../stack/processes.ts";
import { BUILD_TIMEOUT_MS, type Manifest, operatorOnly, render } from "../test/chart/chart.ts";
import { install, tokenOf } from "../test/chart/installed.ts";
import { makeSpecInput } from "../test/support/make-observed.ts";
import { installRewinds, makeRewind } from "../test/support/rewinds.ts";
import { KubeApi } from "../test/support/widgets.ts";
import { resourcePath } from "./kube/paths.ts";
import { streamTableRewinds } from "./kube/resources.ts";

const ACCOUNT = "demo-streamtable-rewind-operator";
const DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/streamtablerewinds.pgtrickle.dev";
const WAIT = { timeout: 120_000, interval: 200 };
const TIMEOUT_MS = 300_000;

let folder: TemporaryFolder;
let controlPlane: ControlPlane;
let api: KubeApi;
let namespace: string;
let manifests: readonly Manifest[];
let operator: StackProcess;
let url: string;

interface Kubeconfig {
  readonly users: readonly { readonly name: string }[];
}

/** The admin's, as somebody else. */
async function kubeconfigOfOperator(): Promise<string> {
  const admin = JSON.parse(readFileSync(controlPlane.kubeconfig, "utf8")) as Kubeconfig;
  const token = await tokenOf(api, namespace, ACCOUNT);
  const path = join(folder.path, "operator.kubeconfig");
  const users = admin.users.map(({ name }) => ({ name, user: { token } }));
  writeFileSync(path, JSON.stringify({ ...admin, users }), { mode: 0o600 });
  return path;
}

const linesWith = (text: string) =>
  readLog(operator)
    .split("\n")
    .filter((line) => line.includes(text));

async function readyz(): Promise<readonly [status: number, text: string]> {
  const response = await fetch(`${url}/readyz`);
  return [response.status, await response.text()];
}

const untilReadyIs = (status: number) => vi.waitUntil(async () => (await readyz())[0] === status, WAIT);

/** Reviews of rights so far: they are the operator's looks. */
async function reviews(): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = /^strw_api_calls_total\{verb="POST",resource="selfsubjectaccessreviews",code="200"\} (\d+)$/m;
  return Number(line.exec(text)?.[1] ?? 0);
}

/** Twenty reviews are more than two looks. */
async function untilLookedTwice(): Promise<void> {
  const before = await reviews();
  await vi.waitUntil(async () => (await reviews()) > before + 20, WAIT);
}

async function phaseOf(name: string): Promise<unknown> {
  const { status } = await api.get(resourcePath(streamTableRewinds, { namespace, name }));
  return (status as { phase?: string } | undefined)?.phase;
}

beforeAll(async () => {
  folder = temporaryFolder();
  controlPlane = await startControlPlane({ stateDir: join(folder.path, "kube") });
  api = new KubeApi(controlPlane.kubeconfig);
  await installRewinds(api);
  namespace = await api.makeNamespace();
  const all = await render({ ...operatorOnly, watchNamespaces: [namespace] }, namespace);
  manifests = all.filter(({ kind }) => /^(ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind));
  await install(api, manifests, namespace);
  operator = await startOperator({
    ...{ kubeconfig: await kubeconfigOfOperator(), metricsAddress: "127.0.0.1:0", namespaces: [namespace] },
    ...{ logFile: join(folder.path, "operator.log"), env: { PREREQUISITES_SECONDS: "1" } },
  });
  const [started = "{}"] = linesWith('"msg":"operator is started"');
  url = `http://127.0.0.1:${(JSON.parse(started) as { metricsPort: number }).metricsPort}`;
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await operator?.kill();
  api?.close();
  await controlPlane?.stop();
  folder.remove();
});

test(
  "a right that is taken away makes it not ready, by name and once in the log, until it is given again",
  async () => {
    await untilLookedTwice();
    expect(await readyz()).toEqual([200, "ok\n"]);
    const role = manifests.find(({ kind, metadata }) => kind === "Role" && !metadata.name.endsWith("-lease"));
    const { rules } = role as unknown as { readonly rules: readonly { readonly resources: readonly string[] }[] };
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/${role?.metadata.name}`;
    await api.patch(path, { rules: rules.filter(({ resources }) => !resources.includes("streamtablerewinds/status")) });
    await makeRewind(api, { namespace, name: "unwritable", spec: makeSpecInput() });
    await untilReadyIs(503);
    const sentence = `the operator may not patch streamtablerewinds/status of pgtrickle.dev in namespace ${namespace}. `;
    const [, text] = await readyz();
    expect(text).toContain(sentence);
    expect(text).toContain("templates/operator/rbac.yaml");
    await untilLookedTwice();
    expect(linesWith("the operator lacks what it needs").filter((line) => line.includes(sentence))).toHaveLength(1);
    expect(linesWith('"msg":"a pass failed"')).toHaveLength(1);

    await api.patch(path, { rules });
    await untilReadyIs(200);
    expect(linesWith("what the operator lacked is there again")).toHaveLength(1);
    await vi.waitUntil(async () => (await phaseOf("unwritable")) !== undefined, WAIT);
  },
  TIMEOUT_MS,
);

test(
  "a CustomResourceDefinition that is deleted makes it not ready, by name and once in the log, until it is there again",
  async () => {
    await untilReadyIs(200);
    await api.delete(DEFINITION);
    await untilReadyIs(503);
    const sentence = "the API server does not serve streamtablerewinds.pgtrickle.dev (v1alpha1)";
    const [, text] = await readyz();
    expect(text).toContain(sentence);
    expect(text).toContain("Apply crds/pgtrickle.dev_streamtablerewinds.yaml");
    await untilLookedTwice();
    expect(linesWith("the operator lacks what it needs").filter((line) => line.includes(sentence))).toHaveLength(1);

    await installRewinds(api);
    await untilReadyIs(200);
    // And it works again, without having been restarted.
    await makeRewind(api, { namespace, name: "afterwards", spec: makeSpecInput() });
    await vi.waitUntil(async () => (await phaseOf("afterwards")) !== undefined, WAIT);
  },
  TIMEOUT_MS,
);
