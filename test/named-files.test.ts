/** A file that a page or the head of a source names is there: by its path, or by the end of it. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((file) => existsSync(join(ROOT, file)));

/** Each path, and each end of it that begins with a name. */
const ends = new Set(files.flatMap((file) => file.split("/").map((_, index, parts) => parts.slice(index).join("/"))));

/** Stand for any file. */
const anyFile: readonly string[] = ["file.ts"];

/** Not a suffix such as `.pg.test.ts`, nor what has a placeholder. */
const namesIn = (text: string) =>
  [...text.matchAll(/(?<![\w./*<>{}$-])(?:\.{1,2}\/)*(\w[\w./-]*\.(?:ts|sql|md))(?![\w/*-])/g)].map(
    ([, name = ""]) => name,
  );

function textOf(file: string): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  if (file.endsWith(".md")) {
    return [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/`[^`\n]+`/g)].map(([quoted]) => quoted).join("\n");
  }
  const [head = ""] = /^(?:\/\*\*[\s\S]*?\*\/|(?:(?:\/\/|--)[^\n]*\n)+)/.exec(text) ?? [];
  return head;
}

const pages = files.filter((file) => file.endsWith(".md") && !file.startsWith("findings/"));
const sources = files.filter((file) => /\.(?:ts|sql)$/.test(file));

test("names are found where they stand", () => {
  expect(namesIn("see `core/plan.ts` and ../x/README.md")).toEqual(["core/plan.ts", "x/README.md"]);
  expect(namesIn("`.pg.test.ts`, `*.ts`, `<module>.sql`")).toEqual([]);
  expect(pages.length).toBeGreaterThan(10);
});

test("every file that is named is there", () => {
  const dead = [...pages, ...sources].flatMap((file) =>
    namesIn(textOf(file))
      .filter((name) => !(ends.has(name) || anyFile.includes(name)))
      .map((name) => `${file}: ${name}`),
  );
  expect(dead).toEqual([]);
});
