/**
 * The process behind `make up`: owns the stack until it is told to stop. It talks to the `make up` that started it over an IPC
 * channel, until it is ready.
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { envFileText, type StackAccess } from "./access.ts";
import { isReachable } from "./account.ts";
import { processStartTime } from "./process-table.ts";
import { temporaryFolder } from "./processes.ts";
import { type ProgressMessage, sendingProgress } from "./progress-relay.ts";
import { claimRecord, ENV_FILE, LOG_DIR, RUN_DIR, type RunningStack, removeState, replaceRecord } from "./running.ts";
import { readSettings } from "./settings.ts";
import { type Stack, startStack } from "./stack.ts";

export type BackgroundMessage =
  | ProgressMessage
  | { readonly kind: "ready"; readonly access: StackAccess }
  | { readonly kind: "failed"; readonly message: string };

function tell(message: BackgroundMessage): void {
  if (process.connected) process.send?.(message);
}

function log(text: string): void {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}

/** PostgreSQL says where and what to do in fields of their own. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { hint, where } = error as { hint?: string; where?: string };
  return [error.message, hint, where].filter((part) => part !== undefined).join("\n");
}

/** In the checkout where every account can reach it, else in a temporary folder. */
async function makeStateDir(): Promise<string> {
  await mkdir(RUN_DIR, { recursive: true });
  if (!(await isReachable(RUN_DIR))) return temporaryFolder().path;
  const stateDir = join(RUN_DIR, "state");
  await mkdir(stateDir, { recursive: true });
  await chmod(stateDir, 0o755);
  return stateDir;
}

function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log(`${signal}: stopping`);
      void stop().finally(() => process.exit(0));
    });
  }
}

async function runStack(record: RunningStack): Promise<void> {
  let stack: Stack | undefined;
  const stop = async () => {
    // Whatever is still being started is stopped by the reaper as soon as this process has gone.
    await stack?.stop();
    await removeState(record);
  };
  stopOnSignals(stop);
  // Nobody would know of a stack whose `make up` was interrupted.
  process.once("disconnect", () => {
    if (!stack) process.kill(process.pid, "SIGTERM");
  });
  const { settings, stateDir } = record;
  try {
    const starting = await startStack({
      stateDir,
      logDir: LOG_DIR,
      postgresPort: settings.postgresPort,
      progress: sendingProgress(tell),
      report: log,
    });
    await starting.startGenerator({ batchSize: settings.batchSize, intervalMs: settings.intervalMs });
    await writeFile(ENV_FILE, envFileText(starting.access), { mode: 0o600 });
    await replaceRecord({ ...record, access: starting.access });
    stack = starting;
    log("the stack is ready");
    tell({ kind: "ready", access: stack.access });
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await removeState(record);
    tell({ kind: "failed", message: describeError(error) });
    process.exit(1);
  }
  if (process.connected) process.disconnect();
}

async function main(): Promise<void> {
  const settings = readSettings(process.env, "");
  const startTime = processStartTime(process.pid) ?? "";
  const record: RunningStack = { pid: process.pid, startTime, settings, stateDir: await makeStateDir() };
  if (!(await claimRecord(record))) {
    tell({ kind: "failed", message: "Another `make up` has been quicker." });
    process.exit(1);
  }
  await runStack(record);
}

await main();
