/** The version of everything: it stands in package.json, and `make generate` writes it to where others read it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NUMBER = "\\d+\\.\\d+\\.\\d+(?:-[\\w.]+)?";

/** Each pattern has three groups; the one in the middle is the version. */
const PLACES: Readonly<Record<string, readonly RegExp[]>> = {
  "helm/streamtable-rewind/Chart.yaml": [new RegExp(`^((?:version|appVersion): )(${NUMBER})($)`, "gm")],
  "pg_trickle/extension/pg_trickle.control": [new RegExp(`^(default_version = ')(${NUMBER})('$)`, "gm")],
  "README.md": [new RegExp(`(: version )(${NUMBER})(, API )`, "g")],
  "docs/install.md": [
    new RegExp(`(\\$name:|\\$name-)(${NUMBER})(\\b)`, "g"),
    new RegExp(`((?:streamtable-rewind|-crds|-examples|pg_trickle|operator)-)(${NUMBER})(\\.)`, "g"),
  ],
  "docs/own-postgresql.md": [new RegExp(`(pg-trickle-extension:)(${NUMBER})(\\})`, "g")],
};

export async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
  return version;
}

/** `text` with `version` in the places of `patterns`. Throws where there is none of them. */
export function stamp(text: string, patterns: readonly RegExp[], version: string): string {
  return patterns.reduce((stamped, pattern) => {
    if (stamped.search(pattern) < 0) throw new Error(`nothing there is like ${pattern}`);
    return stamped.replaceAll(pattern, (_all, before: string, _old: string, after: string) => before + version + after);
  }, text);
}

async function main(): Promise<void> {
  const version = await readVersion();
  for (const [file, patterns] of Object.entries(PLACES)) {
    const path = join(ROOT, file);
    await writeFile(path, stamp(await readFile(path, "utf8"), patterns, version));
  }
}

if (import.meta.main) await main();
