// A copy of this checkout in which `make` can be run as a person runs it, beside a stack that may be up in the original. Its
// packages are links to the original's, each one by itself: an `npm ci` gone astray would remove links, not packages.

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../stack/processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LEFT_OUT = new Set(["node_modules", ".git", ".run", ".env"]);

export interface Checkout {
  readonly path: string;
  remove(): void;
}

export async function copyCheckout(): Promise<Checkout> {
  const folder = temporaryFolder();
  const path = join(folder.path, "checkout");
  await cp(ROOT, path, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !LEFT_OUT.has(basename(source)) || !isAtTop(source),
  });
  const packages = join(path, "node_modules");
  await mkdir(packages);
  // Not npm's own notes and not the caches: what is written there would reach the original.
  const names = (await readdir(join(ROOT, "node_modules"))).filter((name) => !name.startsWith(".") || name === ".bin");
  for (const name of names) {
    await symlink(join(ROOT, "node_modules", name), join(packages, name));
  }
  await markInstalled(path);
  return { path, remove: () => folder.remove() };
}

function isAtTop(source: string): boolean {
  return !source.slice(ROOT.length).replace(/^\//, "").includes(sep);
}

/** What tools/install leaves after it has installed exactly these packages. */
async function markInstalled(path: string): Promise<void> {
  const lock = await readFile(join(path, "package-lock.json"));
  const stamp = join(path, "node_modules/.installed");
  await writeFile(stamp, `${createHash("sha256").update(lock).digest("hex")}\n`);
}
