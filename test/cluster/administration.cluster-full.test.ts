/** What a cluster's administrators do to an operator: roll it over, evict its pods, watch it with Prometheus. */
import { describe, expect, test } from "vitest";
import { damage, eventCount, isCorrupt, openDatabase, waitForTable } from "./database.ts";
import { applySlowRewind, waitForEnd, waitForPhase } from "./rewinds.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const NAMESPACE = "strw-administration";
const RELEASE = "admin";
const NAME = "admin-streamtable-rewind";
const SELECTOR = "app.kubernetes.io/component=operator";

const cluster = useNamespace(NAMESPACE, async (namespace) => {
  await namespace.helm(["uninstall", RELEASE, "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

const values = {
  watchNamespaces: [NAMESPACE],
  operator: { replicas: 2, podDisruptionBudget: { enabled: true } },
  generator: { intervalMs: 500 },
};

describe.skipIf(cluster.skipped !== undefined)("an operator that is administered", () => {
  const kubectl = (...args: string[]) => cluster.namespace().kubectl(args);
  const database = () =>
    openDatabase(cluster.namespace(), {
      pod: `${NAME}-pg-trickle-0`,
      container: "postgres",
      database: "timetravel_demo",
    });
  const rolledOut = () => kubectl("rollout", "status", `deployment/${NAME}-operator`, "--timeout=180s");
  const pods = async () => (await kubectl("get", "pods", "-l", SELECTOR, "-o", "name")).trim().split("\n");

  async function evict(pod: string): Promise<string> {
    const name = pod.replace("pod/", "");
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: NAMESPACE } };
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}/eviction`;
    return cluster
      .namespace()
      .kubectl(["create", "--raw", path, "-f", "-"], JSON.stringify(eviction))
      .then(
        () => "evicted",
        (error: { stderr?: string }) => error.stderr ?? "",
      );
  }

  test("1. its Deployment is rolled over in the middle of a rewind", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install(RELEASE, values);
    await waitForTable(database(), "event_summary has events", (state) => eventCount(state) > 0);
    const good = await damage(database());
    const old = await pods();
    await applySlowRewind(cluster.namespace(), { name: "rolled", goodSnapshot: good.snapshot ?? -1, slowAt: "Rewind" });
    await waitForPhase(cluster.namespace(), "rolled", ["Rewinding"]);
    await kubectl("rollout", "restart", `deployment/${NAME}-operator`);
    await rolledOut();
    expect(await waitForEnd(cluster.namespace(), "rolled")).toMatchObject({ status: { phase: "Succeeded" } });
    const follows = (state: { status: string }) => state.status === "ACTIVE";
    expect(isCorrupt(await waitForTable(database(), "the summary follows again", follows))).toBe(false);
    const gone = old.map((pod) => kubectl("wait", "--for=delete", pod, "--timeout=60s"));
    await Promise.all(gone);
  });

  test("2. one of its pods may be evicted, the other one not before there is a new one", async () => {
    describeOnFailure(cluster.namespace());
    await rolledOut();
    await kubectl("wait", "pdb", `${NAME}-operator`, "--for=jsonpath={.status.disruptionsAllowed}=1", "--timeout=60s");
    const [first = "", second = ""] = await pods();
    expect(await evict(first)).toBe("evicted");
    expect(await evict(second)).toMatch(/disruption budget/);
    await kubectl("wait", "--for=delete", first, "--timeout=60s");
    await kubectl("wait", "pdb", `${NAME}-operator`, "--for=jsonpath={.status.disruptionsAllowed}=1", "--timeout=60s");
    expect(await evict(second)).toBe("evicted");
  });

  test("3. the last one is not evicted where the budget allows none to be away", async () => {
    describeOnFailure(cluster.namespace());
    const operator = { replicas: 1, podDisruptionBudget: { enabled: true, maxUnavailable: 0 } };
    await cluster.namespace().install(RELEASE, { ...values, operator });
    await rolledOut();
    const selector = [
      "--field-selector=status.phase=Running",
      "-l",
      SELECTOR,
      "-o",
      "jsonpath={.items[*].metadata.name}",
    ];
    const [last = ""] = (await kubectl("get", "pods", ...selector)).split(" ");
    expect(await evict(last)).toMatch(/disruption budget/);
    await kubectl("wait", "--for=condition=Ready", `pod/${last}`, "--timeout=10s");
  });

  test("4. it tells its metrics through its Service", async () => {
    describeOnFailure(cluster.namespace());
    const [service = ""] = (await kubectl("get", "services", "-l", SELECTOR, "-o", "name")).trim().split("\n");
    const path = `/api/v1/namespaces/${NAMESPACE}/services/${service.replace("service/", "")}:metrics/proxy/metrics`;
    const metrics = await kubectl("get", "--raw", path);
    expect(metrics).toMatch(/^strw_/m);
  });

  test("5. its dashboard is accepted", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install(RELEASE, { ...values, monitoring: { dashboard: { enabled: true } } });
    expect(await kubectl("get", "configmaps", "-o", "name")).toContain("dashboard");
  });

  test("6. what Prometheus' operator reads is accepted where its kinds are known", async (context) => {
    describeOnFailure(cluster.namespace());
    const known = await kubectl("get", "crd", "-o", "name");
    const kinds = ["servicemonitors", "prometheusrules"].map((kind) => `${kind}.monitoring.coreos.com`);
    const unknown = kinds.filter((kind) => !known.includes(kind));
    if (unknown.length > 0) {
      const reason = `this cluster does not know ${unknown.join(" and ")}`;
      process.stdout.write(`left out: ${reason}\n`);
      return context.skip(reason);
    }
    const monitoring = { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } };
    await cluster.namespace().install(RELEASE, { ...values, monitoring });
    for (const kind of kinds) expect(await kubectl("get", kind, "-o", "name")).toContain(NAME);
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
