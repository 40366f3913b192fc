/** What may import what: arrows point down only. Tests, and what stands in a folder `testing`, may import everything. And how long a file may be. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** From the bottom to the top: a layer imports itself and what is named beside it, which stands above it in this table. */
const layers: Readonly<Record<string, readonly string[]>> = {
  // programs from outside: given, in the cache, or built once
  tools: [],
  "operator/api": [],
  "operator/core": ["operator/api"],
  "operator/kube": [],
  "operator/database": ["operator/api", "operator/core"],
  operator: ["operator/api", "operator/core", "operator/database", "operator/kube"],
  "operator/telemetry": ["operator", "operator/api", "operator/core", "operator/database", "operator/kube"],
  "operator/main.ts": ["operator", "operator/database", "operator/kube", "operator/telemetry"],
  "pg_trickle/extension": [],
  "pg_trickle/lake": [],
  "pg_trickle/scheduler": [],
  "pg_trickle/bootstrap": [],
  generator: [],
  helm: [],
  // docs/reference/, from the tables and registries of the programs
  docs: ["operator/api", "operator/telemetry", "pg_trickle/extension", "pg_trickle/lake", "pg_trickle/scheduler"],
  // all of it on one machine: `make up`
  stack: ["tools", "pg_trickle/extension"],
  demo: ["stack", "tools"],
  bench: ["demo", "stack", "tools"],
  // what is installed from without a checkout: `make release`
  release: ["tools", "pg_trickle/extension"],
};

function layerOf(file: string): string {
  const known = [...Object.keys(layers), "test"].filter((layer) => file === layer || file.startsWith(`${layer}/`));
  return known.reduce((longest, layer) => (layer.length > longest.length ? layer : longest), "");
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*"(\.[^"]+)"/gm);
  return [...found].map(([, path = ""]) => normalize(join(dirname(file), path)));
}

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((file) => !/\.test\.ts$|\/testing\b|^test\/|^vitest\.config/.test(file));

const arrows = files.flatMap((file) => {
  return importsOf(file).map((target) => ({ file, target, from: layerOf(file), to: layerOf(target) }));
});

test("every source stands in a layer", () => {
  expect(files.filter((file) => layerOf(file) === "")).toEqual([]);
});

test("a layer imports only those that it names", () => {
  const strays = arrows.filter(({ from, to }) => from !== to && !layers[from]?.includes(to));
  expect(strays.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("a layer names only those that it imports, and only those that stand above it in the table", () => {
  const order = Object.keys(layers);
  for (const [layer, named] of Object.entries(layers)) {
    const used = new Set(arrows.filter(({ from }) => from === layer).map(({ to }) => to));
    expect(
      named.filter((name) => !used.has(name)),
      layer,
    ).toEqual([]);
    expect(
      named.filter((name) => order.indexOf(name) >= order.indexOf(layer)),
      layer,
    ).toEqual([]);
  }
});

test("no file has more than 300 lines, unless its head says why", () => {
  const all = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const written = all
    .trim()
    .split("\n")
    .filter((file) => /\.(?:ts|sql|sh|tpl|go|py|yaml)$|(?:^|\/)(?:Makefile|Dockerfile|install)$/.test(file))
    // copies of what is written elsewhere
    .filter((file) => !/^crds\/|\/files\/crds\//.test(file) && existsSync(join(ROOT, file)));
  const long = written.filter((file) => {
    const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
    return lines.length - 1 > 300 && !lines.slice(0, 5).some((line) => line.includes("Over 300 lines: "));
  });
  expect(long).toEqual([]);
});
