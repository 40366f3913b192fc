// The documents do not rot: every command in them is one that a test or the demo runs, and every link leads somewhere.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { anchorsOf, fencedBlocks, linksOf, shellCommands } from "./docs/markdown.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Each command that the documents may name, and the files that run it; a file has to contain all of `words`. */
const RUN_BY: Readonly<Record<string, { readonly file: string; readonly words: readonly string[] }>> = {
  "make help": { file: "Makefile", words: ["help:"] },
  "make demo": { file: "Makefile", words: ["demo:", "demo/main.ts"] },
  "make test": { file: "Makefile", words: ["test:"] },
  "make test-clients": { file: "Makefile", words: ["test-clients:", "test/run/main.ts clients"] },
  "make test-edges": { file: "Makefile", words: ["test-edges:", "edge-proof.pg.test.ts"] },
  "make test-queries": { file: "Makefile", words: ["test-queries:", "query-shapes.pg.test.ts"] },
  "make check": { file: "Makefile", words: ["check:"] },
  "make generate": { file: "Makefile", words: ["generate:", "docs/generate/main.ts"] },
  "make picture": { file: "Makefile", words: ["picture:", "demo/draw.ts"] },
  "make verify": { file: "Makefile", words: ["verify:"] },
  "make up": { file: "Makefile", words: ["up:"] },
  "make logs": { file: "Makefile", words: ["logs:"] },
  "make down": { file: "Makefile", words: ["down:"] },
  "make bench": { file: "Makefile", words: ["bench:", "bench/main.ts"] },
  "make fuzz": { file: "Makefile", words: ["fuzz:", "test/fuzz/main.ts"] },
  "make ci": { file: "Makefile", words: ["ci:", ".ci/run"] },
  "make e2e": { file: "test/cluster/one-node.sh", words: ["KUBECONFIG=", ":-e2e"] },
  "make e2e-full": { file: "Makefile", words: ["e2e-full:", "test/cluster/kind.sh test-full"] },
  "make images": { file: "test/cluster/one-node.sh", words: ["images/build.sh"] },
  "make release": { file: "test/cluster/install-page.cluster.test.ts", words: ["release/main.ts"] },
  "make kind-up": { file: "test/cluster/kind.test.ts", words: ['succeed("up")', "kind load docker-image"] },
  "make kind-down": { file: "test/cluster/kind.test.ts", words: ['succeed("down")'] },
  "source .run/env": { file: "test/walkthrough/from-the-demo.e2e.test.ts", words: ["source .run/env"] },
  'psql "$DATABASE_URL"': { file: "test/walkthrough/from-the-demo.e2e.test.ts", words: ['psql "$DATABASE_URL"'] },
  'echo "BATCH_SIZE=100" > .env': { file: "test/walkthrough/from-the-demo.e2e.test.ts", words: ["BATCH_SIZE=100"] },
  'echo "INTERVAL_MS=1000" >> .env': {
    file: "test/walkthrough/from-the-demo.e2e.test.ts",
    words: ["INTERVAL_MS=1000"],
  },
  "kubectl apply -f examples/rollback-corrupted-events.yaml": {
    file: "demo/incident.ts",
    words: ["examples/rollback-corrupted-events.yaml", "applyAndWatch"],
  },
  "kubectl get strw": { file: "demo/incident.ts", words: ['"get", "strw"'] },
};

function markdownFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", ...markdownFiles("docs")];
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

// A runbook's commands are for somebody else's cluster, with placeholders for its names; they are not these.
const isRunbook = (path: string) => path.startsWith("docs/runbooks/");
// Followed to the letter, on a cluster.
const FOLLOWED_BY: Readonly<Record<string, string>> = {
  "docs/install.md": "test/cluster/install-page.cluster.test.ts",
};

describe.each(documents.filter((path) => !(isRunbook(path) || FOLLOWED_BY[path])))("%s", (path) => {
  it("has no command that nothing runs", () => {
    const unknown = shellCommands(read(path)).filter((command) => RUN_BY[command] === undefined);
    expect(unknown).toEqual([]);
  });
});

describe.each(documents)("%s", (path) => {
  it("has no link that leads nowhere", () => {
    const dead = linksOf(read(path)).filter(({ file, anchor }) => {
      const target = file === "" ? path : relative(ROOT, join(ROOT, dirname(path), file));
      if (!existsSync(join(ROOT, target))) {
        return true;
      }
      return anchor !== "" && !anchorsOf(read(target)).includes(anchor);
    });
    expect(dead).toEqual([]);
  });
});

describe("the commands of the documents", () => {
  it.each(Object.entries(FOLLOWED_BY))("%s is followed by %s", (path, file) => {
    expect(read(file)).toContain(`"${path}"`);
  });

  it.each(Object.entries(RUN_BY))("%s is run", (_command, { file, words }) => {
    const text = read(file);
    expect(words.filter((word) => !text.includes(word))).toEqual([]);
  });
});

describe("README.md", () => {
  it("shows the example that the demo applies", () => {
    const shown = fencedBlocks(read("README.md")).find((block) => block.language === "yaml");
    const example: unknown = parse(read("examples/rollback-corrupted-events.yaml"));
    expect(parse(shown?.text ?? "")).toEqual(example);
  });

  it("names every folder of its layout as it is", () => {
    const folders = [...read("README.md").matchAll(/`([\w/]+\/)`/g)].map((match) => match[1] ?? "");
    expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([]);
  });

  it("has every folder in its layout", () => {
    const layout = read("README.md").split("## Layout")[1]?.split("\nMore:")[0] ?? "";
    const named = new Set([...layout.matchAll(/`([\w./]+\/)`/g)].map(([, folder = ""]) => folder));
    const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
    // Of pg_trickle the parts, of all else the folder.
    const folders = new Set(tracked.flatMap((file) => /^(?:pg_trickle\/)?[^/]+\//.exec(file) ?? []));
    folders.delete("pg_trickle/");
    expect([...folders].filter((folder) => !named.has(folder))).toEqual([]);
  });
});
