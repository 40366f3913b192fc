/** examples/gitops: each file is valid by itself and they fit together. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { specSchema } from "../../operator/api/spec.ts";
import { brokenRules } from "../../operator/core/checks/spec.ts";
import { customizations } from "./argocd.ts";
import { BUILD_TIMEOUT_MS, find, haveHelm, operatorOnly, render, type Values } from "./chart.ts";
import { GITOPS } from "./gitops-flow.ts";

const read = (path: string) => readFileSync(join(GITOPS, path), "utf8");
const flux = parseAllDocuments(read("flux/rewinds.yaml")).map((document) => document.toJS());
const application = parse(read("argocd/application.yaml"));
const kustomization = parse(read("rewinds/kustomization.yaml")) as { namespace: string; resources: string[] };
const rewindFiles = readdirSync(join(GITOPS, "rewinds")).filter((file) => file !== "kustomization.yaml");

describe("each rewind", () => {
  it.each(rewindFiles)("%s is one that the operator runs", (file) => {
    const object = parse(read(join("rewinds", file)));
    expect(object).toMatchObject({ apiVersion: "pgtrickle.dev/v1alpha1", kind: "StreamTableRewind" });
    const spec = specSchema.parse(object.spec);
    expect(brokenRules(spec)).toEqual([]);
    expect(spec.approval).toEqual({ mode: "Manual", hold: true });
  });

  it("is in the kustomization", () => {
    expect(kustomization.resources).toEqual(rewindFiles);
  });
});

describe("Argo CD and Flux", () => {
  it("apply the same folder of the same repository to the same namespace", () => {
    const [source, sync] = flux;
    expect(sync.spec.sourceRef).toEqual({ kind: source.kind, name: source.metadata.name });
    expect(source.spec.url).toBe(application.spec.source.repoURL);
    expect(source.spec.ref.branch).toBe(application.spec.source.targetRevision);
    expect(sync.spec.path).toBe(`./${application.spec.source.path}`);
    expect(application.spec.source.path).toBe("rewinds");
    expect([sync.spec.targetNamespace, application.spec.destination.namespace]).toEqual([
      kustomization.namespace,
      kustomization.namespace,
    ]);
  });

  it("Flux waits longer for a rewind than the rewind may work", () => {
    const { activeDeadlineSeconds } = specSchema.parse(parse(read(join("rewinds", rewindFiles[0] ?? ""))).spec);
    expect(Number(/^(\d+)h$/.exec(flux[1].spec.timeout)?.[1]) * 3600).toBeGreaterThan(activeDeadlineSeconds);
  });

  it("Argo CD does not undo what its own actions have done", () => {
    expect(application.spec.syncPolicy.automated.selfHeal).toBe(false);
  });
});

describe("who may approve", () => {
  const policy: string = parse(read("argocd/argocd-rbac-cm.yaml")).data["policy.rewinds.csv"];
  const rules = policy
    .trim()
    .split("\n")
    .map((line) => line.split(/,\s*/));

  it("Argo CD's policy names this application, and actions that there are", () => {
    const { metadata, spec } = application;
    for (const [, , resource, action, object] of rules.filter(([kind]) => kind === "p")) {
      expect([resource, object]).toEqual(["applications", `${spec.project}/${metadata.name}`]);
      const name = /^action\/pgtrickle\.dev\/StreamTableRewind\/(.+)$/.exec(action ?? "")?.[1] ?? "*";
      if (name !== "*") expect(Object.keys(customizations.actions)).toContain(name);
    }
  });

  it("only data owners may approve by an action", () => {
    const mayApprove = rules.filter(([, , , action]) => /StreamTableRewind\/(\*|approve)$/.test(action ?? ""));
    expect(mayApprove.map(([, subject]) => subject)).toEqual(["role:data-owner"]);
  });

  it("CODEOWNERS covers the rewinds and itself", () => {
    const paths = read("CODEOWNERS")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(paths.map((line) => line.split(" ")[0])).toEqual(["/rewinds/", "/CODEOWNERS"]);
  });
});

describe("chart-values.yaml", () => {
  beforeAll(haveHelm, BUILD_TIMEOUT_MS);

  it("makes the chart let exactly those who apply set the hash", async () => {
    const values = parse(read("chart-values.yaml")) as { operator: { admissionPolicy: { users: string[] } } };
    const policy = find(await render({ ...operatorOnly, ...values } as Values), "ValidatingAdmissionPolicy");
    const { variables } = policy.spec as unknown as { variables: { name: string; expression: string }[] };
    const { users } = values.operator.admissionPolicy;
    expect(variables.find(({ name }) => name === "isApprover")?.expression).toContain(JSON.stringify(users));
    expect(users.every((user) => user.startsWith("system:serviceaccount:"))).toBe(true);
  });
});
