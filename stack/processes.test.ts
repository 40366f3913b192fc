import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test, vi } from "vitest";
import { livingGroups, processStartTime } from "./process-table.ts";
import { readLog, startProcess, waitUntilReady } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "strw-processes-"));
afterAll(() => rmSync(folder, { recursive: true }));

function shell(script: string, name = "shell") {
  return startProcess({ name, command: "/bin/sh", args: ["-c", script], logFile: join(folder, `${name}.log`) });
}

test("a process that ignores its signal is killed after the grace period", async () => {
  const stubborn = await shell("trap '' TERM; echo ready; while true; do sleep 0.05; done", "stubborn");
  await waitUntilReady(stubborn, { timeoutMs: 5_000, probe: async () => readLog(stubborn).includes("ready") });
  await stubborn.stop(100);
  expect(await stubborn.exited).toBe("stubborn was ended by SIGKILL");
});

test("what a process has started itself does not outlive it", async () => {
  const parent = await shell("sleep 1000 & echo started; exec sleep 0.1", "parent");
  await parent.exited;
  await vi.waitUntil(() => !livingGroups().has(parent.pid));
});

test("a process that ends before it is ready is an error with the end of its log", async () => {
  const broken = await shell("echo no such file; exit 3", "broken");
  const ready = waitUntilReady(broken, { timeoutMs: 5_000, probe: async () => false });
  await expect(ready).rejects.toThrow(/broken exited with code 3 .*\nno such file/);
});

test("a program that is not there is an error that names it", async () => {
  const options = { name: "ghost", command: "/no/such/program", args: [], logFile: join(folder, "ghost.log") };
  await expect(startProcess(options)).rejects.toThrow(/ghost cannot be started: .*ENOENT/);
});

/** A process that starts another one and makes a temporary folder; prints both. */
function startOwner(): ChildProcess {
  const script = `
    const { startProcess, temporaryFolder } = await import(${JSON.stringify(new URL("processes.ts", import.meta.url).href)});
    const logFile = ${JSON.stringify(join(folder, "owned.log"))};
    const owned = await startProcess({ name: "owned", command: "sleep", args: ["1000"], logFile });
    console.log(JSON.stringify({ pid: owned.pid, folder: temporaryFolder().path }));
  `;
  return spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
}

test("a killed process takes its own processes and temporary folders with it", async () => {
  const owner = startOwner();
  if (!owner.stdout) throw new Error("no output");
  const [line] = await new Promise<string[]>((resolve) => {
    createInterface({ input: owner.stdout as NodeJS.ReadableStream }).once("line", (text) => resolve([text]));
  });
  const owned = JSON.parse(line ?? "") as { pid: number; folder: string };
  expect(processStartTime(owned.pid)).toBeDefined();
  owner.kill("SIGKILL");
  await vi.waitUntil(() => !livingGroups().has(owned.pid) && !existsSync(owned.folder), { timeout: 50_000 });
});
