import { beforeAll, describe, expect, it } from "vitest";
import {
  BUILD_TIMEOUT_MS,
  type Container,
  environmentOf,
  find,
  haveHelm,
  type Manifest,
  namesOf,
  operatorContainer,
  operatorOnly,
  operatorPod,
  podOf,
  render,
  type Values,
} from "./chart.ts";

const NAME = "demo-streamtable-rewind-operator";

const withOperator = (operator: Values) => render({ ...operatorOnly, operator });
const withMonitoring = (monitoring: Values) => render({ ...operatorOnly, monitoring });

/** Names of what `values` adds to the operator alone. */
async function added(values: Values): Promise<readonly string[]> {
  const without = namesOf(await render(operatorOnly));
  return namesOf(await render({ ...operatorOnly, ...values })).filter((name) => !without.includes(name));
}

const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((manifest) => manifest.kind === kind);

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

describe("operator", () => {
  it("enabled: false leaves nothing but the CRD", async () => {
    expect(namesOf(await withOperator({ enabled: false }))).toEqual([
      "CustomResourceDefinition streamtablerewinds.pgtrickle.dev",
    ]);
  });

  it("replicas is the number of replicas", async () => {
    expect(find(await withOperator({ replicas: 3 }), "Deployment").spec).toMatchObject({ replicas: 3 });
  });

  it("image.digest is used in place of the tag", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const image = { repository: "example.org/operator", tag: "9", digest, pullPolicy: "Always" };
    expect(operatorContainer(await withOperator({ image }))).toMatchObject({
      ...{ image: `example.org/operator@${digest}`, imagePullPolicy: "Always" },
    });
  });

  it("image.tag is used in place of the chart's version", async () => {
    expect(operatorContainer(await withOperator({ image: { tag: "9.9.9" } })).image).toMatch(/\/operator:9\.9\.9$/);
  });

  it("logLevel, concurrency and shutdownPatienceMs reach the operator", async () => {
    const manifests = await withOperator({ logLevel: "debug", concurrency: 3, shutdownPatienceMs: 600_000 });
    expect(environmentOf(operatorContainer(manifests))).toMatchObject({
      ...{ LOG_LEVEL: "debug", CONCURRENCY: "3", SHUTDOWN_PATIENCE_MS: "600000" },
    });
  });

  it("extraEnv is added", async () => {
    const extraEnv = [{ name: "HTTPS_PROXY", value: "http://proxy:3128" }];
    expect(environmentOf(operatorContainer(await withOperator({ extraEnv })))["HTTPS_PROXY"]).toBe("http://proxy:3128");
  });

  it("serviceAccount has its annotations", async () => {
    const annotations = { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x" };
    const manifests = await withOperator({ serviceAccount: { name: "mine", annotations } });
    expect(find(manifests, "ServiceAccount").metadata).toMatchObject({ name: "mine", annotations });
    expect(operatorPod(manifests).spec["serviceAccountName"]).toBe("mine");
    expect(find(manifests, "ClusterRoleBinding")["subjects"]).toMatchObject([{ name: "mine" }]);
  });

  it("serviceAccount.create: false uses one that is there", async () => {
    const manifests = await withOperator({ serviceAccount: { create: false, name: "theirs" } });
    expect(ofKind(manifests, "ServiceAccount")).toEqual([]);
    expect(operatorPod(manifests).spec["serviceAccountName"]).toBe("theirs");
  });

  it("podAnnotations and podLabels reach the pod, and not its selector", async () => {
    const manifests = await withOperator({ podAnnotations: { a: "1" }, podLabels: { b: "2" } });
    expect(operatorPod(manifests).metadata).toMatchObject({ annotations: { a: "1" }, labels: { b: "2" } });
    const { selector } = find(manifests, "Deployment").spec as { selector: { matchLabels: object } };
    expect(selector.matchLabels).not.toHaveProperty("b");
  });

  it.each<[string, string, unknown]>([
    ["nodeSelector", "nodeSelector", { disk: "ssd" }],
    ["tolerations", "tolerations", [{ key: "a", operator: "Exists" }]],
    [
      "affinity",
      "affinity",
      { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
    ],
    [
      "topologySpreadConstraints",
      "topologySpreadConstraints",
      [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
    ],
    ["priorityClassName", "priorityClassName", "system-cluster-critical"],
    ["terminationGracePeriodSeconds", "terminationGracePeriodSeconds", 99],
  ])("%s reaches the pod", async (value, field, given) => {
    expect(operatorPod(await withOperator({ [value]: given })).spec[field]).toEqual(given);
  });

  it("resources and runAsUser reach the pod", async () => {
    const manifests = await withOperator({ resources: { limits: { memory: "1Gi" } }, runAsUser: 4711 });
    expect(operatorContainer(manifests).resources).toMatchObject({ limits: { memory: "1Gi" } });
    expect(operatorPod(manifests).spec.securityContext).toMatchObject({ runAsUser: 4711, runAsGroup: 4711 });
  });

  it("runAsUser: null leaves the user to the cluster", async () => {
    const { securityContext } = operatorPod(await withOperator({ runAsUser: null })).spec;
    expect(securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
  });

  it("podDisruptionBudget is made on demand", async () => {
    const operator = { podDisruptionBudget: { enabled: true, maxUnavailable: "50%" } };
    expect(await added({ operator })).toEqual([`PodDisruptionBudget ${NAME}`]);
    expect(find(await withOperator(operator), "PodDisruptionBudget").spec).toMatchObject({ maxUnavailable: "50%" });
  });

  it("networkPolicy lets in who may ask, and out where the operator has to go", async () => {
    const metricsFrom = [{ namespaceSelector: { matchLabels: { name: "monitoring" } } }];
    const operator = {
      networkPolicy: { enabled: true, databasePorts: [6432], metricsFrom, extraEgress: [{ to: [] }] },
    };
    expect(await added({ operator })).toEqual([`NetworkPolicy ${NAME}`]);
    const { spec } = find(await withOperator(operator), "NetworkPolicy");
    expect(spec).toMatchObject({ policyTypes: ["Ingress", "Egress"], ingress: [{ ports: [{ port: "metrics" }] }] });
    expect(JSON.stringify(spec?.["ingress"])).toContain("monitoring");
    expect(spec?.["egress"]).toMatchObject([
      { ports: [{ port: 53 }, { port: 53 }] },
      { ports: [{ port: 443 }, { port: 6443 }, { port: 6432 }] },
      { to: [] },
    ]);
  });

  it("admissionPolicy lets the named ones approve", async () => {
    const operator = { admissionPolicy: { enabled: true, users: ["ann"], groups: ["dba"] } };
    const name = "rewind-demo-streamtable-rewind-operator-approval";
    expect(await added({ operator })).toEqual([
      `ValidatingAdmissionPolicy ${name}`,
      `ValidatingAdmissionPolicyBinding ${name}`,
    ]);
    const { spec } = find(await withOperator(operator), "ValidatingAdmissionPolicy");
    expect(JSON.stringify(spec)).toMatch(/ann.*dba/);
  });

  it("admissionPolicy holds for the watched namespaces only", async () => {
    const operator = { admissionPolicy: { enabled: true, groups: ["dba"] } };
    const manifests = await render({ ...operatorOnly, operator, watchNamespaces: ["sales"] });
    const binding = JSON.stringify(find(manifests, "ValidatingAdmissionPolicyBinding").spec);
    expect(binding).toContain('"values":["sales"]');
  });
});

describe("leaderElection", () => {
  it("is on, with a rollout in which the new pod stands by first", async () => {
    const manifests = await render(operatorOnly);
    expect(find(manifests, "Deployment").spec).toMatchObject({
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(environmentOf(operatorContainer(manifests))).toMatchObject({ LEADER_ELECTION: "true", LEASE_NAME: NAME });
  });

  it("times reach the operator", async () => {
    const leaderElection = { leaseDurationSeconds: 30, renewDeadlineSeconds: 20, retrySeconds: 1.5 };
    expect(environmentOf(operatorContainer(await render({ ...operatorOnly, leaderElection })))).toMatchObject({
      ...{ LEASE_DURATION_SECONDS: "30", LEASE_RENEW_DEADLINE_SECONDS: "20", LEASE_RETRY_SECONDS: "1.5" },
    });
  });

  it("enabled: false never lets two pods work at once", async () => {
    const manifests = await render({ ...operatorOnly, leaderElection: { enabled: false } });
    expect(find(manifests, "Deployment").spec).toMatchObject({ strategy: { type: "Recreate" } });
    expect(environmentOf(operatorContainer(manifests))["LEADER_ELECTION"]).toBe("false");
  });
});

describe("crds", () => {
  it("are kept by an uninstallation", async () => {
    const { metadata } = find(await render(operatorOnly), "CustomResourceDefinition");
    expect(metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
  });

  it("keep: false lets them go", async () => {
    const { metadata } = find(await render({ ...operatorOnly, crds: { keep: false } }), "CustomResourceDefinition");
    expect(metadata.annotations).toBeUndefined();
  });

  it("enabled: false installs none", async () => {
    expect(ofKind(await render({ ...operatorOnly, crds: { enabled: false } }), "CustomResourceDefinition")).toEqual([]);
  });
});

describe("monitoring", () => {
  it.each([
    ["serviceMonitor", `ServiceMonitor ${NAME}`],
    ["podMonitor", `PodMonitor ${NAME}`],
    ["prometheusRule", `PrometheusRule ${NAME}`],
    ["dashboard", `ConfigMap ${NAME}-dashboard`],
  ])("%s is made on demand, with its labels", async (toggle, name) => {
    const monitoring = { [toggle]: { enabled: true, labels: { release: "prometheus" } } };
    expect(await added({ monitoring })).toEqual([name]);
    const [kind = "", object = ""] = name.split(" ");
    const { labels } = find(await withMonitoring(monitoring), kind, object).metadata;
    expect(labels).toMatchObject({ release: "prometheus" });
  });

  it("a monitor selects the operator's service by a port that it has", async () => {
    const manifests = await withMonitoring({ serviceMonitor: { enabled: true, interval: "5s" } });
    const { spec } = find(manifests, "ServiceMonitor");
    const { matchLabels } = (spec?.["selector"] ?? {}) as { matchLabels: Record<string, string> };
    const service = find(manifests, "Service", NAME);
    expect(service.metadata.labels).toMatchObject(matchLabels);
    expect(spec?.["endpoints"]).toEqual([{ port: "metrics", interval: "5s" }]);
    expect(service.spec?.["ports"]).toMatchObject([{ name: "metrics", targetPort: "metrics" }]);
    expect(operatorContainer(manifests)["ports"]).toMatchObject([{ name: "metrics" }]);
  });

  it.each([
    ["serviceMonitor", "ServiceMonitor", "endpoints"],
    ["podMonitor", "PodMonitor", "podMetricsEndpoints"],
  ])("%s relabels, and finds the operator from another namespace", async (toggle, kind, endpoints) => {
    const rules = { relabelings: [{ action: "labeldrop", regex: "pod" }], metricRelabelings: [{ action: "drop" }] };
    const manifests = await withMonitoring({ [toggle]: { enabled: true, namespace: "monitoring", ...rules } });
    const { metadata, spec } = find(manifests, kind);
    expect(metadata.namespace).toBe("monitoring");
    expect(spec).toMatchObject({ namespaceSelector: { matchNames: ["rewind"] }, [endpoints]: [rules] });
  });

  it("runbookBaseUrl gives each alert the address of its page", async () => {
    const prometheusRule = { enabled: true, runbookBaseUrl: "https://example.org/runbooks/" };
    const text = JSON.stringify(find(await withMonitoring({ prometheusRule }), "PrometheusRule").spec);
    expect(text).toContain('"runbook_url":"https://example.org/runbooks/StreamTableHeld.md"');
  });
});

describe("names and pulls", () => {
  it("fullnameOverride names everything in the namespace", async () => {
    const manifests = await render({ ...operatorOnly, fullnameOverride: "rw" });
    expect(find(manifests, "Deployment").metadata.name).toBe("rw-operator");
  });

  it("names that are too long are cut to what Kubernetes takes", async () => {
    const clusterWide = /^(Cluster|Custom|Validating)/;
    const manifests = await render({ fullnameOverride: "x".repeat(80), monitoring: { dashboard: { enabled: true } } });
    const long = manifests.filter(({ kind, metadata }) => !clusterWide.test(kind) && metadata.name.length > 63);
    expect(namesOf(long)).toEqual([]);
  });

  it("commonLabels are on everything, and on every pod", async () => {
    const manifests = await render({ commonLabels: { team: "data", "app.kubernetes.io/part-of": "shop" } });
    for (const { metadata } of [...manifests, ...manifests.flatMap((manifest) => podOf(manifest) ?? [])]) {
      expect(metadata["labels"]).toMatchObject({ team: "data", "app.kubernetes.io/part-of": "shop" });
    }
  });

  it("commonLabels are not on what an upgrade cannot change: selectors and claims", async () => {
    const label = { commonLabels: { team: "data" } };
    const fixed = (manifests: readonly Manifest[]) =>
      manifests.map(({ kind, spec }) => [kind, spec?.["selector"], spec?.["volumeClaimTemplates"]]);
    expect(fixed(await render(label))).toEqual(fixed(await render()));
  });

  it("revisionHistoryLimit is every Deployment's", async () => {
    const deployments = ofKind(await render({ revisionHistoryLimit: 2 }), "Deployment");
    expect(deployments.map(({ spec }) => spec?.["revisionHistoryLimit"])).toEqual([2, 2]);
  });

  it("imagePullSecrets are on every pod", async () => {
    const manifests = await render({ ...operatorOnly, imagePullSecrets: [{ name: "registry" }] });
    expect(operatorPod(manifests).spec["imagePullSecrets"]).toEqual([{ name: "registry" }]);
  });
});

describe("helm test", () => {
  it("asks the operator's service whether it is ready", async () => {
    const manifests = await render(operatorOnly);
    const pod = find(manifests, "Pod");
    expect(pod.metadata.annotations).toMatchObject({ "helm.sh/hook": "test" });
    const [container] = (pod.spec?.["containers"] ?? []) as Container[];
    expect(JSON.stringify(container?.["args"])).toContain(
      `http://${find(manifests, "Service").metadata.name}:8080/readyz`,
    );
  });
});
