// Joins the extension's .sql files, in path order, into what CREATE EXTENSION reads. Knows nothing of their contents.
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE_DIR = import.meta.dirname;
const VERSION = "0.1.0";

/** Writes `<outDir>/extension/pg_trickle.control` and its script; PostgreSQL finds them by extension_control_path. */
export async function assembleExtension(outDir: string): Promise<string> {
  const target = join(outDir, "extension");
  await mkdir(target, { recursive: true });
  await copyFile(join(SOURCE_DIR, "pg_trickle.control"), join(target, "pg_trickle.control"));
  await writeFile(join(target, `pg_trickle--${VERSION}.sql`), await buildScript());
  return outDir;
}

async function buildScript(): Promise<string> {
  const root = join(SOURCE_DIR, "sql");
  const parts = [String.raw`\echo Use "CREATE EXTENSION pg_trickle CASCADE" to load this file. \quit`];
  for (const path of await listSqlFiles(root)) {
    parts.push(`-- ${path}\n${(await readFile(join(root, path), "utf8")).trim()}`);
  }
  return `${parts.join("\n\n")}\n`;
}

async function listSqlFiles(root: string): Promise<string[]> {
  const paths = await readdir(root, { recursive: true });
  // Plain code unit order: the same on every machine, whatever its locale.
  return paths.filter((path) => path.endsWith(".sql")).sort();
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
