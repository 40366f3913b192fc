/** pg_trickle's scheduler as a process. */
import type { StackProcess } from "./processes.ts";
import { startProgram } from "./programs.ts";

export interface SchedulerOptions {
  readonly databaseUrl: string;
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function startScheduler(options: SchedulerOptions): Promise<StackProcess> {
  return startProgram({
    name: "scheduler",
    main: "pg_trickle/scheduler/main.ts",
    logFile: options.logFile,
    env: { DATABASE_URL: options.databaseUrl, ...options.env },
  });
}
