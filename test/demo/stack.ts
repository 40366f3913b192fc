// The whole stack for one demo, in a temporary folder and on free ports: it disturbs no `make up` and leaves nothing behind
// but its logs.

import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ControlPlane, startControlPlane } from "../stack/control-plane.ts";
import { createTrickleDatabase, type TrickleDatabase } from "../stack/database.ts";
import { ensureDuckdbExtensions } from "../stack/duckdb-extensions.ts";
import { installExtension } from "../stack/extension.ts";
import { startGenerator } from "../stack/generator.ts";
import { startOperator } from "../stack/operator.ts";
import { startPostgres } from "../stack/postgres.ts";
import { type StackProcess, temporaryFolder } from "../stack/processes.ts";
import type { Progress } from "../stack/progress.ts";
import { startScheduler } from "../stack/scheduler.ts";
import { createKubectl, type Kubectl } from "./kubectl.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const LOG_DIR = join(ROOT, ".run/demo");

export interface DemoStack {
  readonly database: TrickleDatabase;
  readonly kubectl: Kubectl;
  startGenerator(args?: readonly string[]): Promise<StackProcess>;
  stop(): Promise<void>;
}

type Stoppable = { stop(): Promise<unknown> };

/** Stops what was started, the newest first, and goes on when one of them fails. */
async function stopAll(started: Stoppable[]): Promise<void> {
  for (const part of started.splice(0).reverse()) {
    await part.stop().catch(() => undefined);
  }
}

async function startData(started: Stoppable[], progress: Progress): Promise<TrickleDatabase> {
  const extensions = await ensureDuckdbExtensions(progress);
  const folder = temporaryFolder();
  started.push({ stop: async () => folder.remove() });
  const postgres = await startPostgres({
    dataDir: join(folder.path, "postgres"),
    socketDir: join(folder.path, "socket"),
    extensionDir: await installExtension(join(folder.path, "extension")),
    logFile: join(LOG_DIR, "postgres.log"),
  });
  started.push(postgres);
  const database = await createTrickleDatabase(postgres, "timetravel_demo", {
    stateDir: folder.path,
    logDir: LOG_DIR,
    extensions,
    setupFile: join(ROOT, "examples/timetravel/database.sql"),
  });
  started.push(database);
  started.push(await startScheduler({ databaseUrl: database.url, logFile: join(LOG_DIR, "scheduler.log") }));
  return database;
}

async function startKubernetes(started: Stoppable[], progress: Progress): Promise<Kubectl> {
  const folder = temporaryFolder();
  started.push({ stop: async () => folder.remove() });
  const controlPlane: ControlPlane = await startControlPlane({ stateDir: folder.path, logDir: LOG_DIR, progress });
  started.push(controlPlane);
  const kubectl = createKubectl(controlPlane);
  await kubectl.apply(await readFile(join(ROOT, "crds/pgtrickle.dev_streamtablerewinds.yaml"), "utf8"));
  await kubectl.run(["wait", "--for=condition=Established", "crd/streamtablerewinds.pgtrickle.dev", "--timeout=30s"]);
  started.push(
    await startOperator({
      kubeconfig: controlPlane.kubeconfig,
      metricsAddress: "127.0.0.1:0",
      logFile: join(LOG_DIR, "operator.log"),
    }),
  );
  return kubectl;
}

export async function startDemoStack(progress: Progress): Promise<DemoStack> {
  await rm(LOG_DIR, { recursive: true, force: true });
  await mkdir(LOG_DIR, { recursive: true });
  const started: Stoppable[] = [];
  try {
    const database = await progress.step("PostgreSQL, lake engine, scheduler", () => startData(started, progress));
    const kubectl = await progress.step("Kubernetes API server, operator", () => startKubernetes(started, progress));
    return {
      database,
      kubectl,
      async startGenerator(args = []) {
        const generator = await startGenerator({
          databaseUrl: database.url,
          batchSize: Number(process.env["BATCH_SIZE"] || 50),
          intervalMs: Number(process.env["INTERVAL_MS"] || 1000),
          seed: "demo",
          args,
          logFile: join(LOG_DIR, `generator${args.length > 0 ? "-corrupted" : ""}.log`),
        });
        started.push(generator);
        return generator;
      },
      stop: () => stopAll(started),
    };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}
