// The benchmark's own stack: no scheduler and no generator, which would disturb the figures, and Kubernetes only once the data
// figures are there. PostgreSQL with its default settings, fsync included.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createKubectl } from "../demo/kubectl.ts";
import { startControlPlane } from "../stack/control-plane.ts";
import { installCrds } from "../stack/crds.ts";
import { createTrickleDatabase, type TrickleDatabase } from "../stack/database.ts";
import { installExtension } from "../stack/extension.ts";
import { startOperator } from "../stack/operator.ts";
import { startPostgres } from "../stack/postgres.ts";
import { temporaryFolder } from "../stack/processes.ts";
import { ensureDuckdbExtensions } from "../tools/duckdb-extensions.ts";
import type { Progress } from "../tools/progress.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOG_DIR = join(ROOT, ".run/bench");

export interface BenchStack {
  readonly database: TrickleDatabase;
  /** Starts the API server and the operator; returns the kubeconfig's path. */
  startKubernetes(): Promise<string>;
  stop(): Promise<void>;
}

interface Stoppable {
  stop(): Promise<unknown>;
}

/** What is started, and stopped together, the newest first; one that fails to stop keeps no other one running. */
class Parts {
  readonly #started: Stoppable[] = [];

  add<T extends Stoppable>(part: T): T {
    this.#started.push(part);
    return part;
  }

  folder(): string {
    const folder = temporaryFolder();
    this.add({ stop: async () => folder.remove() });
    return folder.path;
  }

  async stop(): Promise<void> {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop().catch(() => undefined);
    }
  }
}

async function startDatabase(parts: Parts, extensions: string): Promise<TrickleDatabase> {
  const folder = parts.folder();
  const postgres = parts.add(
    await startPostgres({
      dataDir: join(folder, "postgres"),
      socketDir: join(folder, "socket"),
      extensionDir: await installExtension(join(folder, "extension")),
      logFile: join(LOG_DIR, "postgres.log"),
    }),
  );
  const setupFile = join(ROOT, "examples/timetravel/database.sql");
  const options = { stateDir: folder, logDir: LOG_DIR, extensions, setupFile };
  return parts.add(await createTrickleDatabase(postgres, "timetravel_demo", options));
}

async function startKubernetes(parts: Parts, progress: Progress): Promise<string> {
  const options = { stateDir: parts.folder(), logDir: LOG_DIR, progress };
  const controlPlane = parts.add(await startControlPlane(options));
  await installCrds(createKubectl(controlPlane).run);
  const { kubeconfig } = controlPlane;
  const logFile = join(LOG_DIR, "operator.log");
  parts.add(await startOperator({ kubeconfig, metricsAddress: "127.0.0.1:0", logFile }));
  return kubeconfig;
}

export async function startBenchStack(progress: Progress): Promise<BenchStack> {
  await rm(LOG_DIR, { recursive: true, force: true });
  await mkdir(LOG_DIR, { recursive: true });
  const parts = new Parts();
  const extensions = await ensureDuckdbExtensions(progress);
  const start = () => startDatabase(parts, extensions);
  try {
    return {
      database: await progress.step("PostgreSQL and the lake engine", start),
      startKubernetes: () => startKubernetes(parts, progress),
      stop: () => parts.stop(),
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}
