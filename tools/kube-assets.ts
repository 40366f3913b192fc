/**
 * etcd, kube-apiserver and kubectl: from KUBEBUILDER_ASSETS where that is set (the ecosystem's convention), else from the cache,
 * else out of the official archive of such programs, else built from the Go module under tools/go/kube.
 */
import { access, constants, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type Archive, unpackArchive } from "./archive.ts";
import { cached, cachedEntry } from "./cache.ts";
import { ensureGoProgram, goProgramEntry } from "./go-program.ts";
import { lastLines } from "./last-lines.ts";
import type { Progress } from "./progress.ts";

const PROGRAMS = ["etcd", "kube-apiserver", "kubectl"] as const;
const MINOR = "v1.34";
const BUILT = `${MINOR}.4`;
/** The newest of this minor version that there is an archive of, with the digest that its publisher's API gives for it. */
const ARCHIVED = `${MINOR}.1`;
const ARCHIVE: Archive = {
  url: `https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-${ARCHIVED}/envtest-${ARCHIVED}-linux-amd64.tar.gz`,
  sha256: "c8500090806ed5ce4064eeeb2a5666476a5168c1f4ff0eadd54fe59b22c4baa7",
  /** controller-tools/envtest/ */
  stripped: 2,
};

const MULTI_CALL = "kube-assets";
const SOURCE = {
  module: "kube",
  program: MULTI_CALL,
  package: ".",
  // What the server reports; without these lines kubectl cannot read its version.
  flags: [`gitVersion=${BUILT}`, "gitMajor=1", "gitMinor=34"]
    .map((assignment) => `-X k8s.io/component-base/version.${assignment}`)
    .join(" "),
  title: "Kubernetes API server (built once, 3 to 10 minutes)",
  otherwise:
    "Or set KUBEBUILDER_ASSETS to a folder that holds etcd, kube-apiserver and kubectl " +
    `(\`setup-envtest use ${ARCHIVED.slice(1)} -p path\` makes one).`,
  finish: async (folder: string) => {
    for (const program of PROGRAMS) await symlink(MULTI_CALL, join(folder, program));
  },
};

export interface KubeAssets {
  readonly dir: string;
}

async function missingProgram(dir: string): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    const isThere = await access(join(dir, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) return program;
  }
  return undefined;
}

async function given(dir: string): Promise<KubeAssets> {
  const missing = await missingProgram(dir);
  if (missing === undefined) return { dir };
  throw new Error(`KUBEBUILDER_ASSETS=${dir} has no executable ${missing}; unset it to have the programs downloaded`);
}

async function fromArchive(archive: Archive, progress: Progress): Promise<string> {
  return progress.step(`Kubernetes API server ${ARCHIVED} from its archive (once)`, () =>
    cached(archiveEntry(archive), async (folder) => {
      await unpackArchive(archive, folder);
      const missing = await missingProgram(folder);
      if (missing !== undefined) throw new Error(`${archive.url} has no executable ${missing}`);
    }),
  );
}

const archiveEntry = ({ sha256 }: Archive): string => `kube-assets-${ARCHIVED}-${sha256.slice(0, 16)}`;

/** The folder with the three programs. `archive` is another one in tests only. */
export async function ensureKubeAssets(progress: Progress, archive: Archive = ARCHIVE): Promise<KubeAssets> {
  const named = process.env["KUBEBUILDER_ASSETS"];
  if (named) return given(named);
  const there = (await cachedEntry(await goProgramEntry(SOURCE))) ?? (await cachedEntry(archiveEntry(archive)));
  if (there !== undefined) return { dir: there };
  try {
    return { dir: await fromArchive(archive, progress) };
  } catch (error) {
    progress.say(`Kubernetes API server: not from its archive, but from source: ${lastLines(error)}`);
    return { dir: await ensureGoProgram(SOURCE, progress) };
  }
}
