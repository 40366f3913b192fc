/**
 * `make release`: what one installs from without a checkout, in dist/. The same commit gives the same bytes. Images are built only
 * where there is Docker or IMAGE_BUILDER; without, one line says that they are missing.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assembleExtension } from "../pg_trickle/extension/assemble.ts";
import { ensureHelm } from "../tools/helm.ts";
import { type Progress, terminalProgress } from "../tools/progress.ts";
import { buildImages } from "./images.ts";
import { readVersion } from "./version.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(ROOT, "dist");

/** Of the commit, so that an archive does not depend on when it was made. */
async function commitTime(): Promise<string> {
  const { stdout } = await run("git", ["log", "-1", "--format=%ct"], { cwd: ROOT });
  return stdout.trim();
}

interface Tarball {
  readonly file: string;
  /** Holds `folder`. */
  readonly parent: string;
  readonly folder: string;
  readonly seconds: string;
}

async function pack({ file, parent, folder, seconds }: Tarball): Promise<void> {
  const same = ["--sort=name", `--mtime=@${seconds}`, "--owner=0", "--group=0", "--numeric-owner", "--mode=go-w,a+rX"];
  const env = { ...process.env, GZIP: "-n" };
  await run("tar", ["--create", "--gzip", "--file", join(DIST, file), "--directory", parent, ...same, folder], { env });
}

async function chart(version: string, seconds: string, progress: Progress): Promise<void> {
  // Helm's own archive has the time at which it was made in it: what it checks and packs is unpacked and packed again.
  const helm = await ensureHelm(progress);
  const work = join(DIST, "chart");
  await run(helm, ["package", join(ROOT, "helm/streamtable-rewind"), "--destination", work]);
  const file = `streamtable-rewind-${version}.tgz`;
  await run("tar", ["--extract", "--gzip", "--file", join(work, file), "--directory", work]);
  await pack({ file, parent: work, folder: "streamtable-rewind", seconds });
  await rm(work, { recursive: true });
}

async function crds(version: string): Promise<void> {
  const folder = join(ROOT, "crds");
  const texts = await Promise.all((await readdir(folder)).sort().map((file) => readFile(join(folder, file), "utf8")));
  await writeFile(join(DIST, `streamtable-rewind-crds-${version}.yaml`), texts.join("---\n"));
}

async function extension(version: string, seconds: string): Promise<void> {
  const folder = `pg_trickle-${version}`;
  await assembleExtension(join(DIST, folder));
  await copyFile(join(ROOT, "LICENSE"), join(DIST, folder, "LICENSE"));
  await pack({ file: `${folder}.tar.gz`, parent: DIST, folder, seconds });
  await rm(join(DIST, folder), { recursive: true });
}

async function examples(version: string, seconds: string): Promise<void> {
  const file = `streamtable-rewind-examples-${version}.tar.gz`;
  await pack({ file, parent: ROOT, folder: "examples", seconds });
}

async function checksums(): Promise<readonly string[]> {
  const files = (await readdir(DIST)).sort();
  const lines = await Promise.all(
    files.map(async (file) => {
      const sha256 = createHash("sha256")
        .update(await readFile(join(DIST, file)))
        .digest("hex");
      return `${sha256}  ${file}\n`;
    }),
  );
  await writeFile(join(DIST, "SHA256SUMS"), lines.join(""));
  return files;
}

async function main(): Promise<void> {
  const progress = terminalProgress();
  const version = await readVersion();
  const seconds = await commitTime();
  await rm(DIST, { recursive: true, force: true });
  await mkdir(DIST);
  await chart(version, seconds, progress);
  await crds(version);
  await extension(version, seconds);
  await examples(version, seconds);
  await buildImages({ version, dist: DIST, progress });
  const files = await checksums();
  process.stdout.write([...files, "SHA256SUMS"].map((file) => `${basename(DIST)}/${file}\n`).join(""));
}

await main();
