/** docs/install.md, followed to the letter: each block in its order in one shell, in the folder that `make release` fills, and what the page shows compared with what comes. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";
import { type FencedBlock, fencedBlocks } from "../docs/markdown.ts";
import { openPageShell, type PageShell } from "../docs/page-shell.ts";
import { difference } from "../docs/shape.ts";
import { type ClusterSettings, readClusterSettings, VERSION } from "./settings.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs/install.md"), "utf8");
const run = promisify(execFile);
// What is shown may take a moment to come about: events are written beside the work, pods go after their end.
const SHOWN_MS = 60_000;
const NAMESPACE = "rewind";

const cluster = useNamespace(NAMESPACE, async (namespace) => {
  await namespace.helm(["uninstall", "demo", "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

interface Section {
  readonly title: string;
  readonly blocks: readonly FencedBlock[];
}

const sections: readonly Section[] = PAGE.split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.slice(0, text.indexOf("\n")), blocks: fencedBlocks(text) }))
  .filter(({ blocks }) => blocks.some(({ language }) => language === "sh"));

/** The programs under the names that the page gives them, and a kubeconfig that it may change. */
function environment(settings: ClusterSettings, folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["kubectl", "helm"] as const) {
    if (settings[name].includes("/")) symlinkSync(settings[name], join(bin, name));
  }
  const kubeconfig = join(folder, "kubeconfig");
  copyFileSync(settings.kubeconfig, kubeconfig);
  return { ...process.env, KUBECONFIG: kubeconfig, PATH: `${bin}:${process.env["PATH"]}` };
}

/** Read-only commands are asked again until they show what the page shows. */
async function runUntilShown(shell: PageShell, block: string, shown: string): Promise<void> {
  const deadline = performance.now() + SHOWN_MS;
  for (;;) {
    const output = await shell.run(block);
    const different = difference(shown, output);
    if (different === undefined) return;
    if (performance.now() > deadline) expect.fail(`${block}\n${different}\n\nall of it:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function follow(shell: PageShell, blocks: readonly FencedBlock[]): Promise<void> {
  for (const [i, { language, text }] of blocks.entries()) {
    if (language !== "sh") continue;
    const next = blocks[i + 1];
    if (next?.language !== "") await shell.run(text);
    else if (text.includes("helm ")) {
      await shell.run(text);
      await runUntilShown(shell, text.split("\n").at(-1) ?? "", next.text);
    } else await runUntilShown(shell, text, next.text);
  }
}

const settings = readClusterSettings(process.env);
const areImagesThere = settings?.images === "streamtable-rewind" && settings.tag === VERSION;

describe.skipIf(cluster.skipped !== undefined || !areImagesThere)("docs/install.md", () => {
  const folder = temporaryFolder();
  let shell: PageShell | undefined;

  beforeAll(async () => {
    if (settings === undefined) return;
    // The page makes it itself.
    await cluster.namespace().kubectl(["delete", "namespace", NAMESPACE, "--wait", "--timeout=120s"]);
    // No checkout from here on: what the page installs from is what a release has.
    await run(process.execPath, [join(ROOT, "release/main.ts")], { env: { ...process.env, HELM: settings.helm } });
    shell = openPageShell(join(ROOT, "dist"), environment(settings, folder.path));
  });

  afterAll(() => {
    shell?.end();
    folder.remove();
  });

  test.each(sections)("$title", async ({ blocks }) => {
    describeOnFailure(cluster.namespace());
    if (shell === undefined) throw new Error("there is no shell");
    await follow(shell, blocks);
  });

  test("in the end nothing of it is left", async () => {
    expect(await cluster.namespace().get("namespace", NAMESPACE)).toBeUndefined();
    expect(await cluster.namespace().get("crd", CRD)).toBeUndefined();
  });
});

test.runIf(cluster.skipped !== undefined || !areImagesThere)("needs a cluster with the page's images", (context) => {
  context.skip(cluster.skipped ?? "STRW_CLUSTER_IMAGES and STRW_CLUSTER_TAG are not those of the page");
});
