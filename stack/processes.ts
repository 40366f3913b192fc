/**
 * Starting and stopping the programs of the stack. Each runs in a process group of its own with its output in a log file, and
 * none outlives this process: what is not stopped here is stopped by the reaper (reaper.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { processStartTime } from "./process-table.ts";
import type { ReaperLine } from "./reaper.ts";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether nothing is inherited from this process's environment. */
  readonly onlyThisEnvironment?: boolean;
  readonly cwd?: string;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** The signal that asks the program to stop in good order. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface StackProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Where this run's part of the log file begins. */
  readonly logOffset: number;
  /** Resolves with a sentence about how it ended. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
  /** Asks it to stop, kills it after the grace period; resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** As a crash would: SIGKILL to the program and everything that it has started. */
  kill(): Promise<void>;
}

let reaperInput: NodeJS.WritableStream | undefined;

function tellReaper(line: ReaperLine): void {
  if (!reaperInput) {
    const reaper = spawn(process.execPath, [fileURLToPath(new URL("reaper.ts", import.meta.url))], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
      env: { PATH: process.env["PATH"] },
    });
    reaper.unref();
    const input = reaper.stdin;
    // A dead reaper must not take the stack with it.
    input.on("error", () => {});
    (input as unknown as { unref?: () => void }).unref?.();
    reaperInput = input;
  }
  reaperInput.write(`${JSON.stringify(line)}\n`);
}

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/** A folder with a short path (socket names are limited to 107 bytes) that goes when this process goes. */
export function temporaryFolder(mode = 0o755): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "strw-"));
  chmodSync(path, mode);
  tellReaper({ kind: "folder", path });
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      tellReaper({ kind: "kept", path });
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has gone by itself.
  }
}

function describeExit(name: string, code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `${name} was ended by ${signal}` : `${name} exited with code ${code}`;
}

export async function startProcess(options: ProcessOptions): Promise<StackProcess> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, "a");
  const logOffset = (await log.stat()).size;
  const child = spawn(options.command, [...options.args], {
    // Ctrl-C at the terminal reaches only this process, which stops the others in their order.
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: options.onlyThisEnvironment ? options.env : { ...process.env, ...options.env },
    cwd: options.cwd,
    ...options.account,
  });
  const exited = new Promise<string>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${options.name} cannot be started: ${error.message}`)));
    child.once("exit", (code, signal) => {
      // What the program has left behind of its own children. Only now is the group's number sure to be still ours.
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      resolve(describeExit(options.name, code, signal));
    });
  });
  exited.catch(() => {});
  await log.close();
  if (child.pid === undefined) {
    await exited;
    throw new Error(`${options.name} cannot be started`);
  }
  return supervised(child, child.pid, { options, exited, logOffset });
}

interface Supervision {
  readonly options: ProcessOptions;
  readonly exited: Promise<string>;
  readonly logOffset: number;
}

function supervised(child: ChildProcess, pid: number, { options, exited, logOffset }: Supervision): StackProcess {
  const signal = options.stopSignal ?? "SIGTERM";
  tellReaper({ kind: "process", pid, startTime: processStartTime(pid) ?? "", signal });
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const gone = exited.then(() => tellReaper({ kind: "gone", pid }));
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    logOffset,
    exited,
    hasExited,
    async stop(graceMs = 10_000) {
      if (!hasExited()) {
        child.kill(signal);
        // A stopped process takes no signal but these two.
        child.kill("SIGCONT");
        const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
        await gone;
        clearTimeout(timer);
      }
    },
    async kill() {
      if (!hasExited()) signalGroup(pid, "SIGKILL");
      await gone;
    },
  };
}

/** What this run of the process has written so far. */
export function readLog(stackProcess: Pick<StackProcess, "logFile" | "logOffset">): string {
  return readFileSync(stackProcess.logFile).subarray(stackProcess.logOffset).toString("utf8");
}

export interface ReadyOptions {
  readonly timeoutMs: number;
  /** True, or what belongs to readiness, once the process is ready. */
  readonly probe: () => Promise<boolean>;
}

/** Waits until `probe` holds; fails at once, with the end of its log, when the process ends before. */
export async function waitUntilReady(stackProcess: StackProcess, { timeoutMs, probe }: ReadyOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (stackProcess.hasExited()) throw new NotReadyError(await stackProcess.exited, stackProcess);
    if (Date.now() > deadline) {
      throw new NotReadyError(`${stackProcess.name} is not ready after ${timeoutMs / 1000} s`, stackProcess);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** A process that never became ready; carries what it has written. */
export class NotReadyError extends Error {
  override readonly name = "NotReadyError";
  readonly output: string;

  constructor(what: string, stackProcess: StackProcess) {
    const output = readLog(stackProcess);
    const tail = output.trimEnd().split("\n").slice(-15).join("\n");
    super(`${what} (log: ${stackProcess.logFile})\n${tail}`);
    this.output = output;
  }
}
