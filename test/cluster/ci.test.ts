/** The closing line of `.ci/run`, with stand-ins for make and the cluster: one sum over all tiers, and nothing that failed is left out of it. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";

const RUN = fileURLToPath(new URL("../../.ci/run", import.meta.url));
const folder = temporaryFolder();

afterAll(() => folder.remove());

function program(path: string, text: string): void {
  const file = join(folder.path, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/bash\n${text}\n`);
  chmodSync(file, 0o755);
}

interface Given {
  /** What `make <target>` does; nothing if it is not said. */
  readonly make?: Readonly<Record<string, string>>;
  readonly cluster: string;
}

function closing({ make = {}, cluster }: Given): [string | undefined, boolean] {
  const cases = Object.entries({ test: "echo '10 passed, 0 failed'", ...make });
  program("bin/make", `case $1 in ${cases.map(([target, text]) => `${target}) ${text} ;;`).join(" ")} esac`);
  program("bin/psql", "");
  program("checkout/test/cluster/one-node.sh", cluster);
  mkdirSync(join(folder.path, "checkout/.ci"), { recursive: true });
  copyFileSync(RUN, join(folder.path, "checkout/.ci/run"));
  const env = { ...process.env, PATH: `${folder.path}/bin:${process.env["PATH"]}` };
  const { stdout, status } = spawnSync("bash", [".ci/run"], {
    cwd: join(folder.path, "checkout"),
    env,
    encoding: "utf8",
  });
  return [stdout.trimEnd().split("\n").at(-1), status === 0];
}

test.each<[string, Given, [string, boolean]]>([
  ["adds the cluster's tests", { cluster: "echo '5 passed, 0 failed'; echo down" }, ["15 passed, 0 failed", true]],
  ["goes on without a cluster", { cluster: "echo 'no cluster'; exit 3" }, ["10 passed, 0 failed", true]],
  ["adds failures", { cluster: "echo '4 passed, 2 failed'; exit 1" }, ["14 passed, 2 failed", false]],
  ["counts a tier that died before it could count", { cluster: "exit 124" }, ["10 passed, 1 failed", false]],
  ["counts one that died after it", { cluster: "echo '5 passed, 0 failed'; exit 1" }, ["15 passed, 1 failed", false]],
  [
    "counts checks that failed",
    { make: { check: "exit 2", verify: "exit 1" }, cluster: "exit 3" },
    ["10 passed, 2 failed", false],
  ],
  [
    "goes on to the cluster when the tests died",
    { make: { test: "exit 3" }, cluster: "echo '5 passed, 0 failed'" },
    ["5 passed, 1 failed", false],
  ],
])("%s", (_, given, want) => {
  expect(closing(given)).toEqual(want);
});
