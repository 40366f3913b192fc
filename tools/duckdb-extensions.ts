/**
 * The signed DuckDB extensions that the lake needs, in one folder; those for data files in S3 only where they are asked for.
 * From DuckDB's own repository, or, where that cannot be reached, out of the wheels on PyPI. Either way only the exact files
 * that this release was tested with are accepted.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";
import { cached } from "./cache.ts";
import { lastLines } from "./last-lines.ts";
import type { Progress } from "./progress.ts";

const run = promisify(execFile);

/** The release of DuckDB that @duckdb/node-api is pinned to: an extension loads into its own release only. */
export const DUCKDB_VERSION = "1.5.5";
const REPOSITORY = `http://extensions.duckdb.org/v${DUCKDB_VERSION}/linux_amd64`;
/** Long enough for a slow answer, short enough where packets are dropped. */
const FIRST_BYTE_MS = 8_000;
const DOWNLOAD_MS = 120_000;

interface PinnedExtension {
  readonly name: string;
  readonly wheel: string;
  /** Of the extension itself, from whichever source. */
  readonly sha256: string;
}

type Extensions = readonly PinnedExtension[];

const EXTENSIONS: Extensions = [
  {
    name: "ducklake",
    wheel: "duckdb-extension-ducklake",
    sha256: "e51bf9e8d933d0e83780ae096455501b542cf962569a2ce5613532d702c08302",
  },
  {
    name: "postgres_scanner",
    wheel: "duckdb-extension-postgres-scanner",
    sha256: "b1ced4cfc6311313e117c2afb3eac76508718778dde0716421503c7dbfb5605c",
  },
];

/** To read and write S3, and to get the keys from a service account. */
const FOR_S3: Extensions = [
  {
    name: "httpfs",
    wheel: "duckdb-extension-httpfs",
    sha256: "887c392b1e49128d11667c81e3698d8b00dfdeb456771acf66d05a0f74f7b7d8",
  },
  {
    name: "aws",
    wheel: "duckdb-extension-aws",
    sha256: "1bbf923fb64efd33a6ae69fb96d74cbd474fd003cfd3d5127c06f9a9a6901156",
  },
];

async function reachable(): Promise<boolean> {
  try {
    const response = await fetch(`${REPOSITORY}/ducklake.duckdb_extension.gz`, {
      method: "HEAD",
      signal: AbortSignal.timeout(FIRST_BYTE_MS),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** In a process of its own, so that it can be given up: an INSTALL that waits for the network cannot be interrupted. */
async function installWithDuckdb(folder: string, extensions: Extensions): Promise<void> {
  const script = `
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const instance = await DuckDBInstance.create(":memory:", { extension_directory: process.argv[1] });
    const connection = await instance.connect();
    for (const name of process.argv.slice(2)) await connection.run("install " + name);
  `;
  const names = extensions.map(({ name }) => name);
  await run(process.execPath, ["--input-type=module", "--eval", script, folder, ...names], {
    timeout: DOWNLOAD_MS,
    cwd: import.meta.dirname,
  });
}

/** The one file of a zip archive whose name ends so; its sizes stand in the central directory at the end. */
export function unzipOne(archive: Buffer, suffix: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from("PK\x05\x06"));
  let entry = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(entry + 28);
    const name = archive.toString("utf8", entry + 46, entry + 46 + nameLength);
    if (name.endsWith(suffix)) {
      const local = archive.readUInt32LE(entry + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const data = archive.subarray(start, start + archive.readUInt32LE(entry + 20));
      return archive.readUInt16LE(entry + 10) === 0 ? data : inflateRawSync(data);
    }
    entry += 46 + nameLength + archive.readUInt16LE(entry + 30) + archive.readUInt16LE(entry + 32);
  }
  throw new Error(`no file ${suffix} in the archive`);
}

async function downloadWheels(folder: string, extensions: Extensions): Promise<void> {
  const platform = ["--only-binary=:all:", "--platform", "manylinux2014_x86_64"];
  const wheels = extensions.map(({ wheel }) => `${wheel}==${DUCKDB_VERSION}`);
  await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", ...platform, "--dest", folder, ...wheels], {
    timeout: DOWNLOAD_MS * 3,
  });
}

async function extractWheels(wheels: string, target: string, extensions: Extensions): Promise<void> {
  const files = await readdir(wheels);
  for (const { name, wheel } of extensions) {
    const file = files.find((one) => one.startsWith(wheel.replaceAll("-", "_")) && one.endsWith(".whl"));
    if (!file) throw new Error(`pip has not downloaded ${wheel}`);
    const extension = `${name}.duckdb_extension`;
    await writeFile(join(target, extension), unzipOne(await readFile(join(wheels, file)), `/${extension}`));
  }
}

/** An extension that differs from the tested one is not used, whoever has signed it. */
async function verify(folder: string, extensions: Extensions): Promise<void> {
  for (const { name, sha256 } of extensions) {
    const bytes = await readFile(join(folder, `${name}.duckdb_extension`));
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== sha256) throw new Error(`${name}.duckdb_extension has the checksum ${found}, expected ${sha256}`);
  }
}

async function fromRepository(folder: string, extensions: Extensions): Promise<void> {
  if (!(await reachable())) throw new Error(`${REPOSITORY} cannot be reached`);
  const installed = join(folder, "installed");
  await mkdir(installed);
  await installWithDuckdb(installed, extensions);
  for (const { name } of extensions) {
    const file = `${name}.duckdb_extension`;
    await copyFile(join(installed, `v${DUCKDB_VERSION}`, "linux_amd64", file), join(folder, file));
  }
  await rm(installed, { recursive: true });
  await verify(folder, extensions);
}

async function fromWheels(folder: string, extensions: Extensions): Promise<void> {
  const wheels = join(folder, "wheels");
  await mkdir(wheels, { recursive: true });
  await downloadWheels(wheels, extensions);
  await extractWheels(wheels, folder, extensions);
  await rm(wheels, { recursive: true });
  await verify(folder, extensions);
}

async function fill(folder: string, extensions: Extensions, detail: (text: string) => void): Promise<void> {
  detail("from DuckDB's repository");
  try {
    await fromRepository(folder, extensions);
  } catch (repositoryError) {
    detail("from PyPI, up to 25 MB");
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await fromWheels(folder, extensions).catch((wheelsError: unknown) => {
      throw new Error(
        `The DuckDB extensions ${extensions.map(({ name }) => name).join(" and ")} ${DUCKDB_VERSION} cannot be had.\n` +
          `DuckDB's repository: ${lastLines(repositoryError)}\n` +
          `PyPI (needs python3 with pip): ${lastLines(wheelsError)}\n` +
          "One of the two must work once; the files are kept in the cache afterwards.",
      );
    });
  }
}

/** The folder with `ducklake.duckdb_extension` and `postgres_scanner.duckdb_extension`. */
export function ensureDuckdbExtensions(progress: Progress): Promise<string> {
  return progress.step("DuckDB extensions", (detail) =>
    cached(`duckdb-extensions-${DUCKDB_VERSION}`, (folder) => fill(folder, EXTENSIONS, detail)),
  );
}

/** A folder with those, `httpfs.duckdb_extension` and `aws.duckdb_extension`. */
export async function ensureDuckdbExtensionsForS3(progress: Progress): Promise<string> {
  const usual = await ensureDuckdbExtensions(progress);
  return progress.step("DuckDB extensions for S3", (detail) =>
    cached(`duckdb-extensions-${DUCKDB_VERSION}-httpfs-aws`, async (folder) => {
      await fill(folder, FOR_S3, detail);
      await cp(usual, folder, { recursive: true });
    }),
  );
}
