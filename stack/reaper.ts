/**
 * The last one out: a process of its own that waits for its parent to go, however it goes (`kill -9` included), and then
 * stops what the parent has started and not stopped itself, and removes its temporary folders.
 * Its standard input is the rope: lines of JSON while the parent lives, end of file when it does not.
 */
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { livingGroups, processStartTime } from "./process-table.ts";

const GRACE_MS = 5_000;

export type ReaperLine =
  | { readonly kind: "process"; readonly pid: number; readonly startTime: string; readonly signal: NodeJS.Signals }
  | { readonly kind: "gone"; readonly pid: number }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "kept"; readonly path: string };

interface Started {
  readonly pid: number;
  readonly startTime: string;
  readonly signal: NodeJS.Signals;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has gone by itself.
  }
}

function anyLives(processes: readonly Started[]): boolean {
  const groups = livingGroups();
  return processes.some(({ pid }) => groups.has(pid));
}

async function reap(processes: Iterable<Started>, folders: Iterable<string>): Promise<void> {
  // A number that another process has now is not ours to signal; one that is free may still name a group with members.
  const ours = [...processes].filter(({ pid, startTime }) => {
    const now = processStartTime(pid);
    return now === undefined || now === startTime;
  });
  for (const { pid, signal } of ours) signalGroup(pid, signal);
  const deadline = Date.now() + GRACE_MS;
  while (Date.now() < deadline && anyLives(ours)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const { pid } of ours) signalGroup(pid, "SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const processes = new Map<number, Started>();
  const folders = new Set<string>();
  for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text) as ReaperLine;
    if (line.kind === "process") processes.set(line.pid, line);
    else if (line.kind === "gone") processes.delete(line.pid);
    else if (line.kind === "folder") folders.add(line.path);
    else folders.delete(line.path);
  }
  await reap(processes.values(), folders);
}

if (import.meta.main) await main();
