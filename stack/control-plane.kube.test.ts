import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, inject, test } from "vitest";
import type {} from "../test/support/provided.ts";
import { waitForCrds } from "./crds.ts";
import { temporaryFolder } from "./processes.ts";

const run = promisify(execFile);
const folder = temporaryFolder();
afterAll(() => folder.remove());

async function kubectl(...args: string[]): Promise<string> {
  const { kubeconfig, assets } = inject("kube");
  const { stdout } = await run(join(assets, "kubectl"), ["--kubeconfig", kubeconfig, ...args]);
  return stdout;
}

function file(name: string, content: object): string {
  const path = join(folder.path, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "probes.stack.test" },
  spec: {
    group: "stack.test",
    scope: "Namespaced",
    names: { kind: "Probe", plural: "probes", singular: "probe" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: { size: { type: "integer", default: 3 }, name: { type: "string" } },
                "x-kubernetes-validations": [{ rule: "self.name == oldSelf.name", message: "name is immutable" }],
              },
            },
          },
        },
      },
    ],
  },
};

function probe(name: string): object {
  return { apiVersion: "stack.test/v1", kind: "Probe", metadata: { name: "one" }, spec: { name } };
}

test("the API server answers its own kubectl and asks for a certificate", async () => {
  expect(JSON.parse(await kubectl("version", "-o", "json")).serverVersion.gitVersion).toBe("v1.34.4");
  const { url, assets } = inject("kube");
  const anonymous = [
    "--kubeconfig",
    "/dev/null",
    "--server",
    url,
    "--insecure-skip-tls-verify",
    "--username",
    "x",
    "--password",
    "y",
  ];
  await expect(run(join(assets, "kubectl"), [...anonymous, "get", "ns"])).rejects.toThrow(/Unauthorized|logged in/);
});

test("custom resources have defaults, and CEL rules compare with the old object", async () => {
  await kubectl("apply", "-f", file("definition.json", definition));
  await waitForCrds((args) => kubectl(...args), ["crd/probes.stack.test"]);
  await kubectl("create", "namespace", "stack-test");
  await kubectl("apply", "-n", "stack-test", "-f", file("probe.json", probe("first")));
  expect(await kubectl("get", "-n", "stack-test", "probe", "one", "-o", "jsonpath={.spec.size}")).toBe("3");
  const changed = kubectl("apply", "-n", "stack-test", "-f", file("changed.json", probe("second")));
  await expect(changed).rejects.toThrow("name is immutable");
});

test("authorization is on: a user without a role may do nothing", async () => {
  await expect(kubectl("get", "secrets", "--as", "nobody")).rejects.toThrow(/forbidden/);
});
