// docs/glossary.md: each word once, and the names beside it are names that the code has.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(ROOT, "docs/glossary.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| word |"))
  .map((line) => line.slice(2, -2).split(" | "));

const sources = execFileSync("git", ["ls-files", "crds", "docs/reference", "pg_trickle", "operator", "helm"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((file) => /\.(yaml|sql|ts)$|docs\/reference/.test(file) && !file.includes(".test."))
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .join("\n");

const isThere = (name: string) => {
  // A path such as plan.head: its last part may stand below the others, in YAML, so each part has to be there.
  const parts = name.split(".").map((part) => new RegExp(`(?<!\\w)${part}(?!\\w)`));
  return sources.includes(name) || parts.every((part) => part.test(sources));
};

test("each word has one line: a sentence, and where it appears", () => {
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((cells) => cells.length !== 3 || !cells[1]?.endsWith("."))).toEqual([]);
  const words = rows.map(([word]) => word);
  expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
});

test("the names are names of the code", () => {
  const names = rows.flatMap(([, , where = ""]) => [...where.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});
