/**
 * Python with the lake clients that the tests play: a virtual environment in the cache with exactly the packages of
 * requirements.txt, and client.py run by it. Knows nothing of stream tables.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type CatalogAddress, conninfo } from "../../stack/ducklake.ts";
import { cached } from "../../tools/cache.ts";
import { DUCKDB_VERSION } from "../../tools/duckdb-extensions.ts";
import type { Progress } from "../../tools/progress.ts";

const run = promisify(execFile);
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const REQUIREMENTS = file("requirements.txt");
const CLIENT = file("client.py");
/** 180 MB over a slow line. */
const INSTALL_MS = 900_000;
const ACTION_MS = 120_000;

async function fill(folder: string): Promise<void> {
  const python = join(folder, "bin/python");
  await run("python3", ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];
  await run(python, [...pip, "--requirement", REQUIREMENTS], { timeout: INSTALL_MS });
}

async function install(): Promise<string> {
  const { stdout: version } = await run("python3", ["--version"]);
  const wanted = createHash("sha256")
    .update(version)
    .update(await readFile(REQUIREMENTS));
  return cached(`python-clients-${wanted.digest("hex").slice(0, 16)}`, fill);
}

/** The virtual environment's Python. */
export function ensurePythonClients(progress: Progress): Promise<string> {
  return progress.step("Python clients (once, 180 MB)", async () => {
    const folder = await install().catch((error: { stderr?: string; stdout?: string; message: string }) => {
      const said = error.stderr || error.stdout || error.message;
      throw new Error(
        `The Python clients cannot be had: ${said.trim()}\n` +
          "python3 on PATH must be Python 3.11 or newer with venv and pip, and reach a package index once; what is in " +
          "test/clients/requirements.txt is kept in the cache afterwards.",
      );
    });
    return join(folder, "bin/python");
  });
}

export interface PythonLake {
  readonly python: string;
  /** Of the clients: DuckDB keeps extensions and secrets there. */
  readonly home: string;
  readonly catalog: CatalogAddress;
  readonly dataPath: string;
}

/** Where `install ducklake` of a client's DuckDB finds that it has been done: nothing is downloaded, nothing of the user's read. */
export async function makeHome(home: string, extensions: string): Promise<void> {
  const folder = join(home, `.duckdb/extensions/v${DUCKDB_VERSION}/linux_amd64`);
  await mkdir(folder, { recursive: true });
  for (const name of ["ducklake", "postgres_scanner"]) {
    await copyFile(join(extensions, `${name}.duckdb_extension`), join(folder, `${name}.duckdb_extension`));
  }
}

export interface PythonAction {
  readonly client: string;
  readonly action: string;
  readonly table: string;
  readonly snapshot: number;
}

/** What the client prints; rejects with what it says when it fails. */
export async function act(lake: PythonLake, { client, action, table, snapshot }: PythonAction): Promise<string> {
  const { host, port, database, user, password } = lake.catalog;
  const given = {
    conninfo: conninfo(lake.catalog),
    url: `postgresql://${user}:${password}@${host}:${port}/${database}`,
    dataPath: lake.dataPath,
    snapshot,
  };
  const env = { ...process.env, HOME: lake.home, PYTHONNOUSERSITE: "1" };
  const running = run(lake.python, [CLIENT, client, action, table], { env, timeout: ACTION_MS });
  running.child.stdin?.end(JSON.stringify(given));
  return (await running).stdout;
}
