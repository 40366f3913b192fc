/** Who can scrape the scheduler. */
import { beforeAll, describe, expect, it } from "vitest";
import { BUILD_TIMEOUT_MS, environmentOf, find, haveHelm, namesOf, type Values } from "./chart.ts";
import { containerIn, external, NAME, podIn, renderData } from "./pg-trickle-pod.ts";

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

describe("the scheduler's metrics", () => {
  const metrics = { pgTrickle: { scheduler: { metrics: { enabled: true } } } };
  const METRICS_NAME = `${NAME}-scheduler`;

  it("are not served by default, also where the operator is watched", async () => {
    const manifests = await renderData({ monitoring: { serviceMonitor: { enabled: true } } });
    expect(namesOf(manifests).filter((name) => name.endsWith(METRICS_NAME))).toEqual([]);
    const scheduler = containerIn(podIn(manifests), "scheduler");
    expect(environmentOf(scheduler)).not.toHaveProperty("METRICS_ADDRESS");
    expect(scheduler["ports"]).toBeUndefined();
  });

  it.each([
    ["StatefulSet", {}],
    ["Deployment", { externalPostgres: external }],
  ])("are served by a %s on a port that its Service leads to", async (kind, values) => {
    const manifests = await renderData({ ...metrics, ...values });
    const scheduler = containerIn(podIn(manifests, kind), "scheduler");
    expect(environmentOf(scheduler)["METRICS_ADDRESS"]).toBe(":9188");
    expect(scheduler["ports"]).toEqual([{ name: "metrics", containerPort: 9188 }]);
    expect(find(manifests, "Service", METRICS_NAME).spec).toMatchObject({
      ports: [{ name: "metrics", port: 9188, targetPort: "metrics" }],
    });
  });

  it.each([
    ["serviceMonitor", "ServiceMonitor", "endpoints"],
    ["podMonitor", "PodMonitor", "podMetricsEndpoints"],
  ])("%s finds them, with its labels and rules", async (toggle, kind, endpoints) => {
    const rules = { interval: "5s", relabelings: [{ action: "labeldrop", regex: "pod" }], metricRelabelings: [] };
    const monitor = { enabled: true, namespace: "monitoring", labels: { release: "prometheus" }, ...rules };
    const manifests = await renderData({ ...metrics, monitoring: { [toggle]: monitor } });
    const { metadata, spec } = find(manifests, kind, METRICS_NAME);
    expect(metadata).toMatchObject({ namespace: "monitoring", labels: { release: "prometheus" } });
    expect(spec).toMatchObject({
      namespaceSelector: { matchNames: ["rewind"] },
      [endpoints]: [{ port: "metrics", interval: "5s", relabelings: rules.relabelings }],
    });
    const { matchLabels } = (spec?.["selector"] ?? {}) as { matchLabels: Record<string, string> };
    expect(find(manifests, "Service", METRICS_NAME).metadata.labels).toMatchObject(matchLabels);
  });

  it("are let through to whom networkPolicy.metricsFrom names, and the database is not", async () => {
    const metricsFrom = [{ namespaceSelector: { matchLabels: { name: "monitoring" } } }];
    const pgTrickle = { ...metrics.pgTrickle, networkPolicy: { metricsFrom } };
    const ingress = async (values: Values) =>
      (find(await renderData(values), "NetworkPolicy").spec?.["ingress"] ?? []) as { ports: { port: string }[] }[];
    const [database, ...others] = await ingress({ pgTrickle });
    expect(others).toEqual([{ ports: [{ port: "metrics" }], from: metricsFrom }]);
    expect(JSON.stringify(database)).not.toContain("monitoring");
    expect(await ingress({ ...metrics })).toContainEqual({ ports: [{ port: "metrics" }] });
    expect(await ingress({})).toHaveLength(1);
  });
});
