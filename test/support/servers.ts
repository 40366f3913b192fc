/** The servers that a tier's test files share: started once before them, gone without trace after them. */
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../stack/control-plane.ts";
import { installExtension } from "../../stack/extension.ts";
import { startPostgres } from "../../stack/postgres.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { ensureDuckdbExtensions } from "../../tools/duckdb-extensions.ts";
import { terminalProgress } from "../../tools/progress.ts";
import type { KubeTier, PostgresTier } from "./provided.ts";

interface Shared<T> {
  readonly tier: T;
  stop(): Promise<void>;
}

export async function startSharedPostgres(): Promise<Shared<PostgresTier>> {
  const duckdbExtensions = await ensureDuckdbExtensions(terminalProgress());
  const folder = temporaryFolder();
  const logDir = join(folder.path, "log");
  const postgres = await startPostgres({
    dataDir: join(folder.path, "data"),
    socketDir: join(folder.path, "socket"),
    extensionDir: await installExtension(join(folder.path, "extension")),
    logFile: join(logDir, "postgres.log"),
    // The cluster lives as long as the tests; the power will not fail it.
    settings: { fsync: "off", full_page_writes: "off" },
  });
  const { port, socketDir, password } = postgres;
  return {
    tier: { port, socketDir, password, duckdbExtensions, logDir },
    async stop() {
      await postgres.stop();
      folder.remove();
    },
  };
}

export async function startSharedControlPlane(): Promise<Shared<KubeTier>> {
  const folder = temporaryFolder();
  const progress = terminalProgress();
  const { kubeconfig, url, assets, stop }: ControlPlane = await startControlPlane({ stateDir: folder.path, progress });
  return {
    tier: { kubeconfig, url, assets },
    async stop() {
      await stop();
      folder.remove();
    },
  };
}
