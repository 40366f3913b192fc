// The assembled extension is complete, in order, and the same each time.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assembleExtension } from "./assemble.ts";
import { MODULES } from "./modules.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assemble-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("writes the control file, one script of all sources in the order of modules.ts, and those of the updates", async () => {
  expect(await assembleExtension(folder)).toBe(folder);
  expect((await readdir(join(folder, "extension"))).sort()).toEqual([
    "pg_trickle--0.1.0--0.2.0.sql",
    "pg_trickle--0.2.0.sql",
    "pg_trickle.control",
  ]);
  const script = await readFile(join(folder, "extension/pg_trickle--0.2.0.sql"), "utf8");
  const named = [...script.matchAll(/^-- (\w+\/\w+\.sql)$/gm)].map((match) => match[1]);
  expect(named).toEqual(MODULES.flatMap(({ name, files }) => files.map((file) => `${name}/${file}.sql`)));
  await assembleExtension(folder);
  expect(await readFile(join(folder, "extension/pg_trickle--0.2.0.sql"), "utf8")).toBe(script);
});
