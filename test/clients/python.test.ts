import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";
import { silentProgress } from "../../tools/progress.ts";
import { ensurePythonClients } from "./python.ts";

const WAY_OUT = /python3 on PATH must be Python 3\.11 or newer with venv and pip, and reach a package index once/;
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv("PATH", join(folder.path, "bin"));
  vi.stubEnv("STRW_CACHE", join(folder.path, "cache"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  folder.remove();
});

test("a machine without python3 is told what is needed", async () => {
  await expect(ensurePythonClients(silentProgress)).rejects.toThrow(
    /^The Python clients cannot be had: spawn python3 ENOENT\n/,
  );
  await expect(ensurePythonClients(silentProgress)).rejects.toThrow(WAY_OUT);
});

test("what python3 says of a failed installation is told, and nothing half done stays in the cache", async () => {
  const python = join(folder.path, "python3");
  writeFileSync(
    python,
    '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.11.0 && exit\necho ensurepip is missing >&2\nexit 1\n',
  );
  chmodSync(python, 0o755);
  vi.stubEnv("PATH", folder.path);
  await expect(ensurePythonClients(silentProgress)).rejects.toThrow(
    /^The Python clients cannot be had: ensurepip is missing\n/,
  );
  await expect(ensurePythonClients(silentProgress)).rejects.toThrow(WAY_OUT);
  expect(readdirSync(join(folder.path, "cache"))).toEqual([]);
});
