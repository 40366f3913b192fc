// The modules of the extension's SQL: each says what it is, calls go down only, and rights stand where one looks for them.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readSources } from "./assemble.ts";
import { MODULES } from "./modules.ts";
import { splitStatements } from "./sql-statements.ts";
import { madeBy, moduleCalls } from "./testing/module-calls.ts";
import type { SqlFile } from "./update-script.ts";

const SQL = join(import.meta.dirname, "sql");
const NAMES = MODULES.map(({ name }) => name);

let sources: SqlFile[];

beforeAll(async () => {
  sources = await readSources();
});

const readme = async (folder: string) => readFile(join(folder, "README.md"), "utf8");

describe("a module", () => {
  test("has a folder of its own, and every folder is one", async () => {
    const entries = await readdir(SQL, { withFileTypes: true });
    expect(entries.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    expect(entries.every((entry) => entry.isDirectory())).toBe(true);
  });

  test.each(NAMES)(
    "%s says what it owns, whom it trusts and its order of locks, and has the story of each file",
    async (name) => {
      const text = await readme(join(SQL, name));
      expect(text.startsWith(`# ${name}\n`)).toBe(true);
      for (const head of ["Owns", "Trusts", "Locks"])
        expect(text).toMatch(new RegExp(`^\\*\\*${head}:\\*\\* \\S`, "m"));
      const table = text.slice(text.indexOf("| file | story |")).split("\n\n")[0] ?? "";
      const files = [...table.matchAll(/^\| `(\w+)` \| \S/gm)].map((match) => match[1]);
      expect(files).toEqual(MODULES.find((module) => module.name === name)?.files);
    },
  );

  test("calls and names only what modules before it have made", () => {
    const upwards = moduleCalls(sources).filter(({ from, to }) => NAMES.indexOf(to) > NAMES.indexOf(from));
    expect(upwards.map(({ what, to }) => `${what} of the later module ${to}`)).toEqual([]);
  });

  test("calls what the README of the extension says", async () => {
    const calls = moduleCalls(sources);
    const drawn = [...(await readme(import.meta.dirname)).matchAll(/^\| `(\w+)` \| (.*) \| (.*) \|$/gm)];
    expect(drawn.map(([, name, owns, called]) => `${name}: ${called}${owns ? "" : ", and what does it own?"}`)).toEqual(
      NAMES.map((name) => {
        const called = NAMES.filter((other) => calls.some(({ from, to }) => from === name && to === other));
        return `${name}: ${called.join(", ") || "–"}`;
      }),
    );
  });
});

describe("a file", () => {
  test("is named for its story, without a number", () => {
    expect(sources.map(({ path }) => path).filter((path) => !/^[a-z_]+\/[a-z_]+\.sql$/.test(path))).toEqual([]);
  });

  test("begins with what it is about", () => {
    expect(sources.filter(({ text }) => !text.startsWith("-- ")).map(({ path }) => path)).toEqual([]);
  });

  test("has 300 lines at most", () => {
    expect(sources.filter(({ text }) => text.split("\n").length > 301).map(({ path }) => path)).toEqual([]);
  });

  test("says itself whose its functions are and who may call them, but for everybody's rights", () => {
    const statements = sources.flatMap(({ path, text }) =>
      splitStatements(text).map((statement) => ({ path, statement })),
    );
    const home = new Map(statements.map(({ path, statement }) => [madeBy(statement), path]));
    const granted = statements.flatMap(({ path, statement }) =>
      rightsIn(statement).map((right) => ({ path, ...right })),
    );
    expect(granted.length).toBeGreaterThan(80);
    const isAstray = ({ path, name, to }: (typeof granted)[number]) =>
      path !== (to === "public" ? "rights/everybody.sql" : home.get(name));
    expect(granted.filter(isAstray)).toEqual([]);
  });
});

/** Which functions a statement gives to whom, to call or to own. */
function rightsIn(statement: string): { name: string; to: string }[] {
  const [, functions = "", to = ""] =
    /^(?:grant execute on|alter) function ([\s\S]*?) (?:owner )?to ([\w, ]+)$/.exec(statement) ?? [];
  return [...functions.matchAll(/(\w+\.\w+)\(/g)].map(([, name = ""]) => ({ name, to }));
}
