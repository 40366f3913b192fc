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
const BENCH_LOG_DIR = join(ROOT, ".run/bench");

export interface DemoStack {
  readonly database: TrickleDatabase;
  readonly kubectl: Kubectl;
  startGenerator(args?: readonly string[]): Promise<StackProcess>;
  stop(): Promise<void>;
}

export interface BenchStack {
  readonly database: TrickleDatabase;
  startKubernetes(): Promise<{ readonly kubeconfig: string }>;
  stop(): Promise<void>;
}

type Stoppable = { stop(): Promise<unknown> };

/** What is started, and stopped together, the newest first. */
class Parts {
  readonly #started: Stoppable[] = [];
  readonly progress: Progress;
  readonly logDir: string;

  constructor(progress: Progress, logDir: string) {
    this.progress = progress;
    this.logDir = logDir;
  }

  add<T extends Stoppable>(part: T): T {
    this.#started.push(part);
    return part;
  }

  folder(): string {
    const folder = temporaryFolder();
    this.add({ stop: async () => folder.remove() });
    return folder.path;
  }

  log(name: string): string {
    return join(this.logDir, `${name}.log`);
  }

  /** Goes on when one of them fails: the others have to stop too. */
  async stop(): Promise<void> {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop().catch(() => undefined);
    }
  }
}

/** Does `start`, and stops what it had started when it fails. */
async function starting<T>(parts: Parts, start: () => Promise<T>): Promise<T> {
  await rm(parts.logDir, { recursive: true, force: true });
  await mkdir(parts.logDir, { recursive: true });
  try {
    return await start();
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function startDatabase(parts: Parts): Promise<TrickleDatabase> {
  const extensions = await ensureDuckdbExtensions(parts.progress);
  const folder = parts.folder();
  const postgres = await startPostgres({
    dataDir: join(folder, "postgres"),
    socketDir: join(folder, "socket"),
    extensionDir: await installExtension(join(folder, "extension")),
    logFile: parts.log("postgres"),
  });
  parts.add(postgres);
  const database = await createTrickleDatabase(postgres, "timetravel_demo", {
    stateDir: folder,
    logDir: parts.logDir,
    extensions,
    setupFile: join(ROOT, "examples/timetravel/database.sql"),
  });
  return parts.add(database);
}

async function startKubernetes(parts: Parts): Promise<ControlPlane> {
  const { logDir, progress } = parts;
  const controlPlane = parts.add(await startControlPlane({ stateDir: parts.folder(), logDir, progress }));
  const kubectl = createKubectl(controlPlane);
  await kubectl.apply(await readFile(join(ROOT, "crds/pgtrickle.dev_streamtablerewinds.yaml"), "utf8"));
  await kubectl.run(["wait", "--for=condition=Established", "crd/streamtablerewinds.pgtrickle.dev", "--timeout=30s"]);
  const { kubeconfig } = controlPlane;
  parts.add(await startOperator({ kubeconfig, metricsAddress: "127.0.0.1:0", logFile: parts.log("operator") }));
  return controlPlane;
}

/** Batches of 50 as in the demo document, but each second, so that there is something to see. */
async function startDemoGenerator(parts: Parts, databaseUrl: string, args: readonly string[]): Promise<StackProcess> {
  const generator = await startGenerator({
    databaseUrl,
    batchSize: Number(process.env["BATCH_SIZE"] || 50),
    intervalMs: Number(process.env["INTERVAL_MS"] || 1000),
    seed: "demo",
    args,
    logFile: parts.log(args.length > 0 ? "generator-corrupted" : "generator"),
  });
  return parts.add(generator);
}

export function startDemoStack(progress: Progress): Promise<DemoStack> {
  const parts = new Parts(progress, LOG_DIR);
  return starting(parts, async () => {
    const database = await progress.step("starting PostgreSQL and the lake engine", () => startDatabase(parts));
    parts.add(await startScheduler({ databaseUrl: database.url, logFile: parts.log("scheduler") }));
    const controlPlane = await progress.step("starting Kubernetes and the operator", () => startKubernetes(parts));
    return {
      database,
      kubectl: createKubectl(controlPlane),
      startGenerator: (args = []) => startDemoGenerator(parts, database.url, args),
      stop: () => parts.stop(),
    };
  });
}

/** The same without scheduler and generator, which would disturb the figures, and Kubernetes only when it is wanted. */
export function startBenchStack(progress: Progress): Promise<BenchStack> {
  const parts = new Parts(progress, BENCH_LOG_DIR);
  return starting(parts, async () => ({
    database: await progress.step("starting PostgreSQL and the lake engine", () => startDatabase(parts)),
    startKubernetes: () => startKubernetes(parts),
    stop: () => parts.stop(),
  }));
}
