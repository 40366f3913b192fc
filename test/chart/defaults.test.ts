import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../../operator/config.ts";
import { KUBE_VERSION } from "../../tools/helm.ts";
import {
  BUILD_TIMEOUT_MS,
  CHART,
  callHelm,
  containersOf,
  environmentOf,
  haveHelm,
  type Manifest,
  namesOf,
  notes,
  operatorContainer,
  operatorOnly,
  podOf,
  render,
} from "./chart.ts";

let manifests: readonly Manifest[];

beforeAll(async () => {
  await haveHelm();
  manifests = await render();
}, BUILD_TIMEOUT_MS);

describe("the chart with its defaults", () => {
  it("passes helm lint", async () => {
    const { ok, stdout } = await callHelm(["lint", CHART, "--strict", "--kube-version", KUBE_VERSION]);
    expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/);
    expect(ok).toBe(true);
  });

  it("makes these objects", () => {
    expect(namesOf(manifests)).toMatchSnapshot();
  });

  it("makes only these without pg_trickle and generator", async () => {
    expect(namesOf(await render(operatorOnly))).toMatchInlineSnapshot(`
      [
        "ClusterRole rewind-demo-streamtable-rewind-operator",
        "ClusterRole rewind-demo-streamtable-rewind-operator-edit",
        "ClusterRole rewind-demo-streamtable-rewind-operator-view",
        "ClusterRoleBinding rewind-demo-streamtable-rewind-operator",
        "CustomResourceDefinition streamtablerewinds.pgtrickle.dev",
        "Deployment demo-streamtable-rewind-operator",
        "Pod demo-streamtable-rewind-operator-test",
        "Role demo-streamtable-rewind-operator-lease",
        "RoleBinding demo-streamtable-rewind-operator-lease",
        "Service demo-streamtable-rewind-operator",
        "ServiceAccount demo-streamtable-rewind-operator",
      ]
    `);
  });

  it("labels everything with its release", () => {
    const unlabelled = manifests.filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/instance"] !== "demo");
    expect(namesOf(unlabelled)).toEqual([]);
  });
});

describe("the notes", () => {
  const EXAMPLE = fileURLToPath(new URL("../../examples/rollback-corrupted-events.yaml", import.meta.url));
  const specOf = (yaml: string) => (parse(yaml) as { readonly spec: unknown }).spec;

  it("show a rewind with the repair and the assertion of examples/", async () => {
    const [, shown = ""] = /<<EOF\n(.*?)\n {2}EOF\n/s.exec(await notes()) ?? [];
    expect(specOf(shown)).toEqual(specOf(await readFile(EXAMPLE, "utf8")));
  });

  it("say what the right to make a rewind amounts to, where the operator serves the whole cluster", async () => {
    expect(await notes()).toMatch(/run SQL as every database login in that namespace's Secrets/);
    expect(await notes({ watchNamespaces: ["sales"] })).not.toContain("Beware");
  });

  it.each([
    ["pgTrickle.enabled: false", { pgTrickle: { enabled: false } }],
    ["pgTrickle.existingSecret", { pgTrickle: { existingSecret: "mine" } }],
    ["pgTrickle.connectionSecret.create: false", { pgTrickle: { connectionSecret: { create: false } } }],
  ])("name no Secret that is not there: %s", async (_, values) => {
    const text = await notes(values);
    expect(text).not.toContain("timetravel-db");
    expect(text).toContain("secretRef: {name: MY-SECRET}");
  });

  it("show no rewind without an operator", async () => {
    const text = await notes({ operator: { enabled: false } });
    expect(text).toContain("timetravel-db");
    expect(text).not.toContain("StreamTableRewind\n");
  });
});

describe("each pod", () => {
  const pods = () => manifests.flatMap((manifest) => podOf(manifest) ?? []).map(({ spec }) => spec);
  const containers = () => pods().flatMap(containersOf);

  it("is there", () => {
    expect(containers().length).toBeGreaterThan(3);
  });

  it("runs as a user that is not root, under the default seccomp profile", () => {
    for (const { securityContext } of pods()) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    }
  });

  it("has containers that can gain no rights and change no file of theirs", () => {
    for (const { securityContext } of containers()) {
      expect(securityContext).toMatchObject({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      });
      expect(securityContext?.["privileged"]).toBeUndefined();
    }
  });

  it("asks for memory and limits it", () => {
    for (const { resources } of containers()) {
      expect(resources).toMatchObject({
        requests: { memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  });

  it("names a version of its images, never the latest", () => {
    for (const { image } of containers()) expect(image).toMatch(/(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$/);
  });

  it("uses no namespace of its node", () => {
    for (const spec of pods()) {
      for (const key of ["hostNetwork", "hostPID", "hostIPC"]) expect(spec[key]).toBeUndefined();
    }
  });
});

describe("the operator's environment", () => {
  it("is one that the operator takes", () => {
    const environment = environmentOf(operatorContainer(manifests));
    const resolved = Object.entries(environment).map(([key, value]) => [key, typeof value === "string" ? value : "x"]);
    expect(readConfig(Object.fromEntries(resolved))).toMatchObject({
      ...{ metricsAddress: ":8080", namespaces: [], shutdownPatienceMs: 1_000 },
      lease: { name: "demo-streamtable-rewind-operator", times: { durationMs: 15_000 } },
    });
  });
});
