/**
 * Helm for tests: from HELM where that is set, else from PATH, else from the cache, else built once from the Go module under
 * tools/go/helm. Never installs anything anywhere else.
 */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { ensureGoProgram } from "./go-program.ts";
import type { Progress } from "./progress.ts";

const run = promisify(execFile);
const VERSION = "v3.19.0";
/** The Kubernetes that templates are rendered for; Helm built without it takes itself for one of 2020. */
export const KUBE_VERSION = "1.34.0";
const FLAGS = [
  `helm.sh/helm/v3/internal/version.version=${VERSION}`,
  ...["chartutil", "lint/rules"].flatMap((part) => [
    `helm.sh/helm/v3/pkg/${part}.k8sVersionMajor=1`,
    `helm.sh/helm/v3/pkg/${part}.k8sVersionMinor=34`,
  ]),
]
  .map((assignment) => `-X ${assignment}`)
  .join(" ");

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function onPath(): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "helm");
    if (folder !== "" && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** Path of the program. */
export async function ensureHelm(progress: Progress): Promise<string> {
  const given = process.env["HELM"];
  if (given) {
    if (await isExecutable(given)) return given;
    throw new Error(`HELM=${given} is no executable; unset it to have Helm built`);
  }
  const found = await onPath();
  if (found !== undefined) return found;
  const source = { module: "helm", program: "helm", package: "helm.sh/helm/v3/cmd/helm", flags: FLAGS };
  const otherwise = "Or put helm on PATH, or name it by HELM.";
  return join(
    await ensureGoProgram({ ...source, title: "Helm (built once, 1 to 5 minutes)", otherwise }, progress),
    "helm",
  );
}

export interface HelmResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects for what Helm says; the caller looks at `ok`. Configuration and repositories of the user are left out. */
export async function helm(
  program: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<HelmResult> {
  const env = { ...process.env, HELM_CONFIG_HOME: "/nonexistent", KUBECONFIG: "/dev/null", ...more };
  try {
    const { stdout, stderr } = await run(program, args, { env, maxBuffer: 16 * 2 ** 20 });
    return { ok: true, stdout, stderr };
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout?: string; stderr?: string; code?: unknown };
    if (typeof code !== "number") throw error;
    return { ok: false, stdout: stdout ?? "", stderr: stderr ?? "" };
  }
}
