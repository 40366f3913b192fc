/** The record of the stack that `make up` has left running: who runs it, with which settings, where its data are. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StackAccess } from "./access.ts";
import { processStartTime } from "./process-table.ts";
import type { Settings } from "./settings.ts";

/** `STRW_RUN_DIR` is for a second stack of the same checkout, such as a test's. */
export const RUN_DIR = process.env["STRW_RUN_DIR"] || fileURLToPath(new URL("../.run", import.meta.url));
export const LOG_DIR = join(RUN_DIR, "log");
export const ENV_FILE = join(RUN_DIR, "env");
const RECORD = join(RUN_DIR, "stack.json");

export interface RunningStack {
  readonly pid: number;
  /** With the pid it names one process, also after the number has gone to another one. */
  readonly startTime: string;
  readonly settings: Settings;
  readonly stateDir: string;
  /** Absent while the stack is being started. */
  readonly access?: StackAccess;
}

/** The record as it was written, whether that process lives or not. */
export async function readRecord(): Promise<RunningStack | undefined> {
  const text = await readFile(RECORD, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as RunningStack);
}

export function isAlive({ pid, startTime }: Pick<RunningStack, "pid" | "startTime">): boolean {
  return processStartTime(pid) === startTime;
}

/** Claims the record for a stack that is being started; false if another one has it. */
export async function claimRecord(record: RunningStack): Promise<boolean> {
  try {
    await writeFile(RECORD, JSON.stringify(record), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

export async function replaceRecord(record: RunningStack): Promise<void> {
  await writeFile(`${RECORD}.new`, JSON.stringify(record, null, 2), { mode: 0o600 });
  await rename(`${RECORD}.new`, RECORD);
}

/** Data and record go; the logs stay, for whoever wants to know why. */
export async function removeState(record: RunningStack): Promise<void> {
  await rm(record.stateDir, { recursive: true, force: true });
  await rm(ENV_FILE, { force: true });
  await rm(RECORD, { force: true });
}
