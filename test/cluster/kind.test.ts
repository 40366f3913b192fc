/** `make kind-up` and its like with stand-ins for Docker, kind, kubectl and helm: what is missing is said by name, with the way out, before anything is made; what is there is called as it has to be. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "./settings.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WANTED =
  /^(?:$|test$|test\/cluster$|test\/cluster\/kind\.sh$|images(?:$|\/)|helm$|helm\/streamtable-rewind$|helm\/streamtable-rewind\/Chart\.yaml$)/;
const SCRIPT = fileURLToPath(new URL("kind.sh", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "strw-kind-"));
  for (const name of ["bash", "sed", "dirname"]) await symlink(`/usr/bin/${name}`, join(folder, name));
});

afterAll(() => rm(folder, { recursive: true }));

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
  await chmod(join(folder, name), 0o755);
}

/** The calls of programs that do nothing but tell that they were called. */
async function succeed(...args: string[]): Promise<string[]> {
  const calls = join(folder, "calls");
  await writeFile(calls, "");
  for (const name of ["docker", "kind", "kubectl", "helm"]) await program(name, `echo ${name} "$@" >>${calls}`);
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
  const copy = join(folder, "checkout");
  await cp(ROOT, copy, { recursive: true, filter: (source) => WANTED.test(source.slice(ROOT.length)) });
  await run("/bin/bash", [join(copy, "test/cluster/kind.sh"), ...args], { env });
  const lines = (await readFile(calls, "utf8")).trim().split("\n");
  return lines.map((line) => line.replaceAll(copy, "").replace(/REVISION=\w+/, "REVISION="));
}

async function complaint(...args: string[]): Promise<string> {
  const call = run("/bin/bash", [SCRIPT, ...args], { env: { PATH: folder } });
  const failed: { stderr: string; code: number } = await call.then(
    () => Promise.reject(new Error("it succeeded")),
    (error) => error,
  );
  expect(failed.code).toBe(1);
  return failed.stderr;
}

test("each missing program is named, one after the other", async () => {
  expect(await complaint("up")).toMatch(/^error: docker is not on the PATH\. Install Docker Engine, or use make up/);
  await program("docker", "exit 1");
  expect(await complaint("up")).toMatch(/^error: docker cannot reach its engine\. Start it, or use make up/);
  await program("docker", "exit 0");
  expect(await complaint("up")).toMatch(/^error: kind is not on the PATH/);
  await program("kind", "exit 0");
  expect(await complaint("up")).toMatch(/^error: helm is not on the PATH/);
  expect(await complaint("test")).toMatch(
    /^error: there is no cluster: run make kind-up first, or make e2e KUBECONFIG=/,
  );
  expect(await complaint("test", "/nowhere")).toMatch(/^error: there is no kubeconfig \/nowhere/);
  expect(await complaint("sideways")).toMatch(/^error: usage: .*up\|down\|test\|test-full/);
});

test("the cluster is made, has the images, and gets the chart from this checkout", async () => {
  const calls = await succeed("up");
  const images = ["operator", "generator", "pg-trickle-postgres", "pg-trickle-extension", "pg-trickle-engine"];
  const built = calls.filter((call) => call.startsWith("docker build"));
  expect(built.map((call) => call.split(" ")[3])).toEqual(
    images.map((name) => `streamtable-rewind/${name}:${VERSION}`),
  );
  expect(calls.filter((call) => !call.startsWith("docker build"))).toEqual([
    "docker info",
    "kind get clusters",
    "kind create cluster --name streamtable-rewind --kubeconfig /.run/kind/kubeconfig --wait 120s",
    "kind export kubeconfig --name streamtable-rewind --kubeconfig /.run/kind/kubeconfig",
    `kind load docker-image --name streamtable-rewind ${["operator", "generator", "pg-trickle-engine", "pg-trickle-postgres"].map((name) => `streamtable-rewind/${name}:${VERSION}`).join(" ")}`,
    "helm --kubeconfig /.run/kind/kubeconfig upgrade --install demo helm/streamtable-rewind --namespace rewind --create-namespace --wait --timeout 5m",
  ]);
});

test("the cluster is deleted by its own name", async () => {
  expect(await succeed("down")).toEqual([
    "docker info",
    "kind delete cluster --name streamtable-rewind --kubeconfig /.run/kind/kubeconfig",
  ]);
});
