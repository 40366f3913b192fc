/** `make kind-up` where something is missing: said by name, with the way out, before anything is made. */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
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
