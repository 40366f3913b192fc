/**
 * etcd, kube-apiserver and kubectl: from KUBEBUILDER_ASSETS where that is set (the ecosystem's convention), else from the cache,
 * else built once from the Go module under tools/go/kube.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, constants, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cached } from "./cache.ts";
import type { Progress } from "./progress.ts";

const MODULE = fileURLToPath(new URL("./go/kube", import.meta.url));
const PROGRAMS = ["etcd", "kube-apiserver", "kubectl"] as const;
const VERSION = "v1.34.4";
/** What the server reports; without these lines kubectl cannot read its version. */
const VERSION_FLAGS = [`gitVersion=${VERSION}`, "gitMajor=1", "gitMinor=34"]
  .map((assignment) => `-X k8s.io/component-base/version.${assignment}`)
  .join(" ");
const MULTI_CALL = "kube-assets";

export interface KubeAssets {
  readonly dir: string;
}

async function checkFolder(dir: string): Promise<void> {
  for (const program of PROGRAMS) {
    await access(join(dir, program), constants.X_OK).catch(() => {
      throw new Error(`KUBEBUILDER_ASSETS=${dir} has no executable ${program}; unset it to have the programs built`);
    });
  }
}

/** A changed source is another entry of the cache. */
async function cacheName(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(await readFile(join(MODULE, file)));
  return `kube-assets-${VERSION}-${hash.update(VERSION_FLAGS).digest("hex").slice(0, 16)}`;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** Where Go's own installer puts it, which is not on everybody's PATH. */
const GO_FOLDER = "/usr/local/go/bin";

function buildProgram(target: string, detail: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = spawn("go", ["build", "-v", "-ldflags", `-s -w ${VERSION_FLAGS}`, "-o", target, "."], {
      cwd: MODULE,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        PATH: `${process.env["PATH"]}:${GO_FOLDER}`,
        CGO_ENABLED: "0",
        GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
      },
    });
    let tail = "";
    let packages = 0;
    createInterface({ input: go.stderr }).on("line", (line) => {
      tail = `${tail}\n${line}`.slice(-4_000);
      // `go: downloading …` first, then a line for each package.
      if (!line.startsWith("go: ")) packages++;
      detail(packages > 0 ? `${packages} packages compiled` : lastLine(line));
    });
    go.once("error", reject);
    go.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`go build failed:\n${tail.trim()}`))));
  });
}

function explain(error: NodeJS.ErrnoException): Error {
  if (error.code !== "ENOENT") return error;
  return new Error(
    `etcd and kube-apiserver ${VERSION} are missing. They are built once from source, which needs Go 1.24 or newer ` +
      "(`go` is not on PATH), or set KUBEBUILDER_ASSETS to a folder that holds etcd, kube-apiserver and kubectl " +
      `(\`setup-envtest use ${VERSION.slice(1)} -p path\` makes one).`,
  );
}

/** The folder with the three programs. */
export async function ensureKubeAssets(progress: Progress): Promise<KubeAssets> {
  const given = process.env["KUBEBUILDER_ASSETS"];
  if (given) {
    await checkFolder(given);
    return { dir: given };
  }
  const title = "Kubernetes API server (built once, 3 to 10 minutes)";
  const name = await cacheName();
  const dir = await progress.step(title, (detail) =>
    cached(name, async (folder) => {
      await buildProgram(join(folder, MULTI_CALL), detail).catch((error: NodeJS.ErrnoException) => {
        throw explain(error);
      });
      for (const program of PROGRAMS) await symlink(MULTI_CALL, join(folder, program));
    }),
  );
  return { dir };
}
