// The stack of `make up` for one demo: in a temporary folder and on free ports, so that it disturbs no other one and leaves
// nothing behind but its logs.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TrickleDatabase } from "../stack/database.ts";
import { startGenerator } from "../stack/generator.ts";
import { temporaryFolder } from "../stack/processes.ts";
import { startStack } from "../stack/stack.ts";
import type { Progress } from "../tools/progress.ts";
import { createKubectl, type Kubectl } from "./kubectl.ts";

export const LOG_DIR = fileURLToPath(new URL("../.run/demo", import.meta.url));

export interface DemoStack {
  readonly database: TrickleDatabase;
  readonly kubectl: Kubectl;
  /** The demo document's source of events, but a batch a second, so that there is something to see. */
  startGenerator(): Promise<unknown>;
  /** The bad batch job: writes once and ends. Resolves with how it ended. */
  runBadBatchJob(): Promise<string>;
  stop(): Promise<void>;
}

export async function startDemoStack(progress: Progress): Promise<DemoStack> {
  await rm(LOG_DIR, { recursive: true, force: true });
  await mkdir(LOG_DIR, { recursive: true });
  const state = temporaryFolder();
  const stack = await startStack({ stateDir: state.path, logDir: LOG_DIR, progress });
  return {
    database: stack.database,
    kubectl: createKubectl(stack.controlPlane),
    startGenerator: () => stack.startGenerator({ batchSize: 50, intervalMs: 1000, seed: "demo" }),
    async runBadBatchJob() {
      const job = await startGenerator({
        databaseUrl: stack.database.url,
        seed: "demo",
        args: ["--scenario", "corrupted"],
        logFile: join(LOG_DIR, "bad-batch-job.log"),
      });
      return job.exited;
    },
    async stop() {
      await stack.stop();
      state.remove();
    },
  };
}
