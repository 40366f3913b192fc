// The assembled extension is complete, in order, and the same each time.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assembleExtension } from "./assemble.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assemble-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("writes the control file, one script of all sources in path order, and those of the updates", async () => {
  expect(await assembleExtension(folder)).toBe(folder);
  expect((await readdir(join(folder, "extension"))).sort()).toEqual([
    "pg_trickle--0.1.0--0.2.0.sql",
    "pg_trickle--0.2.0.sql",
    "pg_trickle.control",
  ]);
  const script = await readFile(join(folder, "extension/pg_trickle--0.2.0.sql"), "utf8");
  const named = [...script.matchAll(/^-- (\d\d_[\w/]+\.sql)$/gm)].map((match) => match[1]);
  const sources = (await readdir(join(import.meta.dirname, "sql"), { recursive: true })).filter((path) =>
    path.endsWith(".sql"),
  );
  expect(named).toEqual(sources.sort());
  await assembleExtension(folder);
  expect(await readFile(join(folder, "extension/pg_trickle--0.2.0.sql"), "utf8")).toBe(script);
});
