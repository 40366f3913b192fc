import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { accessText, envFileText } from "./access.ts";

const folder = mkdtempSync(join(tmpdir(), "strw-access-"));
afterAll(() => rmSync(folder, { recursive: true }));

const access = {
  databaseUrl: "postgresql://postgres:postgres@localhost:5432/timetravel_demo",
  kubeconfig: "/home/o'neill/.run/kubeconfig",
  ducklakeAttach: `attach 'ducklake:postgres:host=127.0.0.1 password=a\\'b $HOME "x"' as lake (read_only);`,
  metricsUrl: "http://127.0.0.1:40317/metrics",
  logDir: "/home/o'neill/.run/log",
  kubeAssets: "/cache dir/kube",
};

function sourced(expression: string, path = process.env["PATH"]): string {
  const file = join(folder, "env");
  writeFileSync(file, envFileText(access));
  return execFileSync("/bin/sh", ["-c", `. ${file}; printf %s "${expression}"`], { env: { PATH: path } }).toString();
}

test("a shell that sources the file has each value as it was", () => {
  expect(sourced("$DATABASE_URL")).toBe(access.databaseUrl);
  expect(sourced("$KUBECONFIG")).toBe(access.kubeconfig);
  expect(sourced("$DUCKLAKE_ATTACH")).toBe(access.ducklakeAttach);
  expect(sourced("$STRW_LOGS")).toBe(access.logDir);
});

test("kubectl is put on the path only where there is none", () => {
  expect(sourced("$PATH", "/nowhere")).toBe("/nowhere:/cache dir/kube");
  writeFileSync(join(folder, "kubectl"), "#!/bin/sh\n", { mode: 0o755 });
  expect(sourced("$PATH", folder)).toBe(folder);
});

test("the person is told the address, the file and the way out", () => {
  const text = accessText(access, ".run/env");
  for (const part of ["source .run/env", access.databaseUrl, "make logs", "make down"]) expect(text).toContain(part);
});
