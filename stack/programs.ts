/**
 * This project's own programs as processes: `node <folder>/main.ts`, configured by environment alone, ready when a line of
 * their log says so. What they are configured with is decided by lake.ts, scheduler.ts, generator.ts and operator.ts.
 */
import { fileURLToPath } from "node:url";
import { readLog, type StackProcess, startProcess, waitUntilReady } from "./processes.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const READY_MS = 120_000;

export interface ProgramOptions {
  readonly name: string;
  /** Relative to the repository. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** The message of the log line that says that it is ready; without it, it is ready once it runs. */
  readonly readyMessage?: string;
}

/** The settings of one program are no other program's business, and neither are the user's own of the same name. */
function inheritedEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "NODE_EXTRA_CA_CERTS"];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Whether the log has a JSON line with this message. */
export function hasMessage(log: string, message: string): boolean {
  return log.includes(`"msg":${JSON.stringify(message)}`);
}

export async function startProgram(options: ProgramOptions): Promise<StackProcess> {
  const program = await startProcess({
    name: options.name,
    command: process.execPath,
    args: [options.main, ...(options.args ?? [])],
    cwd: ROOT,
    env: { ...inheritedEnvironment(), ...options.env },
    onlyThisEnvironment: true,
    logFile: options.logFile,
  });
  const { readyMessage } = options;
  if (readyMessage === undefined) return program;
  try {
    const probe = async () => hasMessage(readLog(program), readyMessage);
    await waitUntilReady(program, { timeoutMs: READY_MS, probe });
    return program;
  } catch (error) {
    await program.kill();
    throw error;
  }
}
