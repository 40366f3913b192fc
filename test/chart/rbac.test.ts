import { beforeAll, describe, expect, it } from "vitest";
import { operatorRights } from "../../operator/kube/rights.ts";
import {
  BUILD_TIMEOUT_MS,
  environmentOf,
  find,
  haveHelm,
  type Manifest,
  namesOf,
  operatorContainer,
  operatorOnly,
  render,
} from "./chart.ts";

/** What the operator does, call by call: operator/kube and nothing else. rbac.kube.test.ts does each of it with these rights. */
const WORK = [
  {
    apiGroups: ["pgtrickle.dev"],
    resources: ["streamtablerewinds"],
    verbs: ["get", "list", "watch", "patch", "delete"],
  },
  { apiGroups: ["pgtrickle.dev"], resources: ["streamtablerewinds/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["secrets"], verbs: ["get"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];
const IDENTITY = [{ apiGroups: [""], resources: ["namespaces"], resourceNames: ["kube-system"], verbs: ["get"] }];
const CLUSTER_NAME = "rewind-demo-streamtable-rewind-operator";
const SUBJECT = { kind: "ServiceAccount", name: "demo-streamtable-rewind-operator", namespace: "rewind" };

const isRbac = ({ apiVersion }: Manifest) => apiVersion === "rbac.authorization.k8s.io/v1";
const rights = (manifests: readonly Manifest[]) => namesOf(manifests.filter(isRbac));

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

describe("for the whole cluster", () => {
  it("the operator may do its work, and read who the cluster is", async () => {
    const role = find(await render(operatorOnly), "ClusterRole", CLUSTER_NAME);
    expect(role["rules"]).toEqual([...IDENTITY, ...WORK]);
  });

  it("it may hold one lease in its own namespace", async () => {
    const role = find(await render(operatorOnly), "Role");
    expect(role.metadata.namespace).toBeUndefined();
    const lease = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
    expect(role["rules"]).toEqual([
      { ...lease, verbs: ["create"] },
      { ...lease, resourceNames: ["demo-streamtable-rewind-operator"], verbs: ["get", "patch"] },
    ]);
  });

  it("all is bound to its service account", async () => {
    const bindings = (await render(operatorOnly)).filter(({ kind }) => kind.endsWith("RoleBinding"));
    expect(bindings).toHaveLength(2);
    for (const binding of bindings) expect(binding["subjects"]).toEqual([SUBJECT]);
  });
});

describe("what the operator asks for while it runs", () => {
  const tell = (group: string, resource: string, verb: string) => `${verb} ${resource} of ${group}`;

  it("is all that the chart gives it, beside the list that it tries", () => {
    const given = WORK.flatMap(({ apiGroups, resources, verbs }) =>
      verbs.map((verb) => tell(String(apiGroups[0]), String(resources[0]), verb)),
    );
    const asked = operatorRights([], undefined).map(({ group, resource, subresource, verb }) =>
      tell(group, subresource === undefined ? resource : `${resource}/${subresource}`, verb),
    );
    expect([...asked, "list streamtablerewinds of pgtrickle.dev"].sort()).toEqual(given.sort());
  });

  it("is asked of each namespace, and of the lease by its name", () => {
    const rights = operatorRights(["sales", "stock"], { namespace: "rewind", name: "one" });
    expect(new Set(rights.map(({ namespace }) => namespace))).toEqual(new Set(["sales", "stock", "rewind"]));
    const leases = rights.filter(({ resource }) => resource === "leases").map(({ verb, name }) => [verb, name]);
    expect(leases).toEqual([
      ["get", "one"],
      ["patch", "one"],
      ["create", undefined],
    ]);
  });
});

describe("for some namespaces", () => {
  const values = { ...operatorOnly, watchNamespaces: ["sales", "stock"] };

  it("it has a role in each of them, and of the cluster it may only read who it is", async () => {
    const manifests = await render(values);
    expect(rights(manifests)).toEqual([
      `ClusterRole ${CLUSTER_NAME}`,
      `ClusterRole ${CLUSTER_NAME}-edit`,
      `ClusterRole ${CLUSTER_NAME}-view`,
      `ClusterRoleBinding ${CLUSTER_NAME}`,
      "Role demo-streamtable-rewind-operator-lease",
      `Role sales/${CLUSTER_NAME}`,
      `Role stock/${CLUSTER_NAME}`,
      "RoleBinding demo-streamtable-rewind-operator-lease",
      `RoleBinding sales/${CLUSTER_NAME}`,
      `RoleBinding stock/${CLUSTER_NAME}`,
    ]);
    expect(find(manifests, "ClusterRole", CLUSTER_NAME)["rules"]).toEqual(IDENTITY);
    for (const role of manifests.filter(({ kind, metadata }) => kind === "Role" && metadata.namespace !== undefined)) {
      expect(role["rules"]).toEqual(WORK);
    }
  });

  it("it watches exactly these", async () => {
    expect(environmentOf(operatorContainer(await render(values)))["WATCH_NAMESPACES"]).toBe("sales,stock");
  });

  it("nothing is of the whole cluster if the cluster has a name, and people are given nothing", async () => {
    const manifests = await render({ ...values, operator: { clusterId: "blue", rbac: { aggregate: false } } });
    expect(manifests.filter(({ kind }) => kind.startsWith("ClusterRole"))).toEqual([]);
    expect(environmentOf(operatorContainer(manifests))["CLUSTER_ID"]).toBe("blue");
  });
});

describe("people", () => {
  const REWINDS = { apiGroups: ["pgtrickle.dev"], resources: ["streamtablerewinds"] };
  const aggregatedTo = ({ metadata }: Manifest) =>
    Object.entries(metadata.labels ?? {})
      .filter(([, value]) => value === "true")
      .map(([key]) => key.replace("rbac.authorization.k8s.io/aggregate-to-", ""));

  it("who may view a namespace may read its rewinds, and nothing else", async () => {
    const role = find(await render(operatorOnly), "ClusterRole", `${CLUSTER_NAME}-view`);
    expect(aggregatedTo(role).sort()).toEqual(["admin", "edit", "view"]);
    expect(role["rules"]).toEqual([{ ...REWINDS, verbs: ["get", "list", "watch"] }]);
  });

  it("who may edit it may write them, and not their status", async () => {
    const role = find(await render(operatorOnly), "ClusterRole", `${CLUSTER_NAME}-edit`);
    expect(aggregatedTo(role).sort()).toEqual(["admin", "edit"]);
    expect(role["rules"]).toEqual([{ ...REWINDS, verbs: ["create", "update", "patch", "delete", "deletecollection"] }]);
  });

  it("nothing that the operator may do is given to them", async () => {
    const role = find(await render(operatorOnly), "ClusterRole", CLUSTER_NAME);
    expect(aggregatedTo(role)).toEqual([]);
  });
});

describe("toggles", () => {
  it("rbac.create: false makes no rights", async () => {
    expect(rights(await render({ ...operatorOnly, operator: { rbac: { create: false } } }))).toEqual([]);
  });

  it("leaderElection.enabled: false makes no rights on leases", async () => {
    const manifests = await render({ ...operatorOnly, leaderElection: { enabled: false } });
    expect(rights(manifests).filter((name) => name.includes("lease"))).toEqual([]);
  });
});
