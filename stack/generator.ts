/** The event generator as a process. */
import type { StackProcess } from "./processes.ts";
import { startProgram } from "./programs.ts";

export interface GeneratorOptions {
  readonly databaseUrl: string;
  readonly batchSize?: number | undefined;
  readonly intervalMs?: number | undefined;
  readonly seed?: string | undefined;
  /** Such as `--scenario corrupted`. */
  readonly args?: readonly string[];
  readonly logFile: string;
}

export function startGenerator(options: GeneratorOptions): Promise<StackProcess> {
  const { batchSize, intervalMs, seed } = options;
  return startProgram({
    name: "generator",
    main: "generator/main.ts",
    args: options.args ?? [],
    readyMessage: "generator starts",
    logFile: options.logFile,
    env: {
      DATABASE_URL: options.databaseUrl,
      ...(batchSize === undefined ? {} : { BATCH_SIZE: String(batchSize) }),
      ...(intervalMs === undefined ? {} : { INTERVAL_MS: String(intervalMs) }),
      ...(seed === undefined ? {} : { SEED: seed }),
    },
  });
}
