/** Where `make fuzz` plays: a PostgreSQL of its own, and a fresh database with its engine for each history. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createTrickleDatabase, type TrickleDatabase } from "../../stack/database.ts";
import { installExtension } from "../../stack/extension.ts";
import { startPostgres } from "../../stack/postgres.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { ensureDuckdbExtensions } from "../../tools/duckdb-extensions.ts";
import { terminalProgress } from "../../tools/progress.ts";

export interface Place {
  open(): Promise<TrickleDatabase>;
  stop(): Promise<void>;
}

export async function startPlace(): Promise<Place> {
  const extensions = await ensureDuckdbExtensions(terminalProgress());
  const folder = temporaryFolder();
  const postgres = await startPostgres({
    dataDir: join(folder.path, "postgres"),
    socketDir: join(folder.path, "socket"),
    extensionDir: await installExtension(join(folder.path, "extension")),
    logFile: join(folder.path, "postgres.log"),
    settings: { fsync: "off", full_page_writes: "off" },
  });
  let opened = 0;
  return {
    async open() {
      const name = `fuzz_${++opened}`;
      const stateDir = join(folder.path, name);
      await mkdir(stateDir);
      return createTrickleDatabase(postgres, name, { stateDir, extensions, setupFile: false });
    },
    async stop() {
      await postgres.stop();
      folder.remove();
    },
  };
}
