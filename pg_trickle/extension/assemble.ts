// Joins the extension's .sql files, in the order of modules.ts, into what CREATE EXTENSION and ALTER EXTENSION … UPDATE read. Knows
// nothing of their contents.
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { MODULES } from "./modules.ts";
import { orderSources } from "./source-order.ts";
import { buildUpdateScript, type SqlFile } from "./update-script.ts";

const SOURCE_DIR = import.meta.dirname;
const UPDATES_DIR = join(SOURCE_DIR, "updates");

/** Writes `<outDir>/extension/pg_trickle.control` and its scripts; PostgreSQL finds them by extension_control_path. */
export async function assembleExtension(outDir: string): Promise<string> {
  const target = join(outDir, "extension");
  await mkdir(target, { recursive: true });
  await copyFile(join(SOURCE_DIR, "pg_trickle.control"), join(target, "pg_trickle.control"));
  const version = await currentVersion();
  const sources = await readSources();
  await writeFile(join(target, `pg_trickle--${version}.sql`), buildScript(sources));
  for (const update of await listUpdates(version)) {
    const changes = await readSqlFiles(join(UPDATES_DIR, update));
    const script = buildUpdateScript({ before: await readOldScript(update), sources, changes });
    await writeFile(join(target, `pg_trickle--${update}.sql`), notForPsql("ALTER EXTENSION pg_trickle UPDATE", script));
  }
  return outDir;
}

/** The files below `sql/` in the order in which they run; paths such as `refresh/publish.sql`. */
export async function readSources(): Promise<SqlFile[]> {
  const files = new Map((await readSqlFiles(join(SOURCE_DIR, "sql"))).map((file) => [file.path, file]));
  return orderSources(MODULES, [...files.keys()]).flatMap((path) => files.get(path) ?? []);
}

async function currentVersion(): Promise<string> {
  const control = await readFile(join(SOURCE_DIR, "pg_trickle.control"), "utf8");
  const version = /^default_version = '([\d.]+)'$/m.exec(control)?.[1];
  if (version === undefined) throw new Error("pg_trickle.control names no default_version");
  return version;
}

/** Folders such as 0.1.0--0.2.0. Each leads to the present version: a script is made from the sources, and there are only those. */
async function listUpdates(version: string): Promise<string[]> {
  const updates = (await readdir(UPDATES_DIR)).sort();
  const stray = updates.find((update) => update.split("--")[1] !== version);
  if (stray !== undefined)
    throw new Error(`updates/${stray} does not lead to ${version}, the version in pg_trickle.control`);
  return updates;
}

/** The script of the version that an update begins with, as it was when that version came out. */
export async function readOldScript(update: string): Promise<string> {
  const file = join(UPDATES_DIR, update, `pg_trickle--${update.split("--")[0]}.sql.gz`);
  return (await promisify(gunzip)(await readFile(file))).toString("utf8");
}

function buildScript(sources: readonly SqlFile[]): string {
  const parts = sources.map(({ path, text }) => `-- ${path}\n${text.trim()}\n`);
  return notForPsql("CREATE EXTENSION pg_trickle CASCADE", parts.join("\n"));
}

function notForPsql(command: string, script: string): string {
  return `\\echo Use "${command}" to load this file. \\quit\n\n${script}`;
}

/** In plain code unit order: the same on every machine, whatever its locale. */
async function readSqlFiles(root: string): Promise<SqlFile[]> {
  const paths = (await readdir(root, { recursive: true })).filter((path) => path.endsWith(".sql"));
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outDir = process.argv[2];
  if (outDir === undefined) {
    process.stderr.write("usage: node pg_trickle/extension/assemble.ts <outDir>\n");
    process.exitCode = 2;
  } else {
    process.stdout.write(`${await assembleExtension(outDir)}\n`);
  }
}
