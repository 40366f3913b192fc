/** The chart in a real API server: it takes every object, an upgrade changes them, an uninstallation leaves what is kept. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { isNotFound } from "../../operator/kube/errors.ts";
import { type TemporaryFolder, temporaryFolder } from "../../stack/processes.ts";
import type { HelmResult } from "../../tools/helm.ts";
import { makeSpecInput } from "../support/make-observed.ts";
import type {} from "../support/provided.ts";
import { installRewinds, makeRewind } from "../support/rewinds.ts";
import { KubeApi } from "../support/widgets.ts";
import { BUILD_TIMEOUT_MS, CHART, callHelm, haveHelm, type Values } from "./chart.ts";

const { kubeconfig } = inject("kube");
const NAME = "demo-streamtable-rewind";
const DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/streamtablerewinds.pgtrickle.dev";

/** Everything whose kinds a plain API server knows; the policy holds for nobody else's namespace. */
const everything = (namespace: string): Values => ({
  watchNamespaces: [namespace],
  operator: {
    podDisruptionBudget: { enabled: true },
    networkPolicy: { enabled: true },
    admissionPolicy: { enabled: true, groups: ["system:masters"] },
  },
  monitoring: { dashboard: { enabled: true } },
});

let api: KubeApi;
let namespace: string;
let cache: TemporaryFolder;

function onCluster(command: string, args: readonly string[], values: Values = {}): Promise<HelmResult> {
  const sets = Object.entries(values).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
  const target = ["--kubeconfig", kubeconfig, "--namespace", namespace];
  // what another API server on the same port knew is not to be believed
  return callHelm([command, "demo", ...args, ...target, ...sets], { KUBECACHEDIR: cache.path });
}

const deployment = () => api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${NAME}-operator`);

beforeAll(async () => {
  await haveHelm();
  cache = temporaryFolder();
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  namespace = await api.makeNamespace();
}, BUILD_TIMEOUT_MS);

afterAll(() => {
  api.close();
  cache.remove();
});

describe("helm", { timeout: 120_000 }, () => {
  it("install: the API server takes every object, a CRD of somebody else is taken over, the notes say how to go on", async () => {
    const { stdout, stderr } = await onCluster("install", [CHART, "--take-ownership"], everything(namespace));
    expect(stderr).not.toMatch(/Error|warn/i);
    expect(stdout).toContain(`kubectl -n ${namespace} rollout status deployment/${NAME}-operator`);
    expect(stdout).toContain("secretRef: {name: timetravel-db}");
    expect(await deployment()).toMatchObject({ spec: { replicas: 1 } });
  });

  it("upgrade: changes what the values change, and keeps the passwords", async () => {
    const secret = `/api/v1/namespaces/${namespace}/secrets/${NAME}-pg-trickle`;
    const generator = `/apis/apps/v1/namespaces/${namespace}/deployments/${NAME}-generator`;
    const podOf = async () => ((await api.get(generator))["spec"] as { readonly template: unknown }).template;
    const [before, generatorBefore] = [await api.get(secret), await podOf()];
    const { ok } = await onCluster("upgrade", [CHART], { ...everything(namespace), operator: { replicas: 2 } });
    expect(ok).toBe(true);
    expect(await deployment()).toMatchObject({ spec: { replicas: 2 } });
    expect((await api.get(secret))["data"]).toEqual(before["data"]);
    expect(await podOf()).toEqual(generatorBefore);
  });

  it("a PostgreSQL of one's own: refused until its authority is there, which rewinds then get", async () => {
    const dryRun = () =>
      onCluster("template", [CHART, "--dry-run=server"], {
        ...{ operator: { enabled: false }, crds: { enabled: false }, generator: { enabled: false } },
        externalPostgres: { enabled: true, host: "h", caSecret: { name: "pg-ca" }, lake: { sslRootCert: "/ca.crt" } },
      });
    expect((await dryRun()).stderr).toContain(`Secret pg-ca of namespace ${namespace} has no ca.crt yet`);
    const data = { "ca.crt": Buffer.from("PEM of theirs").toString("base64") };
    const metadata = { name: "pg-ca" };
    await api.post(`/api/v1/namespaces/${namespace}/secrets`, { apiVersion: "v1", kind: "Secret", metadata, data });
    expect((await dryRun()).stdout).toContain(`ca.crt: ${data["ca.crt"]}`);
  });

  it("uninstall: takes the operator away, and leaves the CRD and its objects", async () => {
    await makeRewind(api, { namespace, name: "kept", spec: makeSpecInput() });
    const { ok, stdout } = await onCluster("uninstall", []);
    expect(ok).toBe(true);
    expect(stdout).toContain("streamtablerewinds.pgtrickle.dev");
    expect(isNotFound(await deployment().catch((error: unknown) => error))).toBe(true);
    expect(await api.get(DEFINITION)).toMatchObject({ metadata: { name: "streamtablerewinds.pgtrickle.dev" } });
    const kept = `/apis/pgtrickle.dev/v1alpha1/namespaces/${namespace}/streamtablerewinds/kept`;
    expect(await api.get(kept)).toMatchObject({ metadata: { name: "kept" } });
  });
});
