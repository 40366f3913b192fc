/** The lake engine as a process: a watchdog, and below it the engine that may be killed and comes back. */
import { chmod, mkdir } from "node:fs/promises";
import { giveAway } from "./account.ts";
import { childrenOf } from "./process-table.ts";
import { startProgram } from "./programs.ts";

export interface LakeOptions {
  /** libpq's key=value form, with the catalog role's password. */
  readonly catalog: string;
  readonly dataPath: string;
  /** Where queries that outgrow the memory spill to. */
  readonly tempDir: string;
  /** The folder with DuckDB's extensions. */
  readonly extensions: string;
  readonly socketDir: string;
  readonly port: number;
  readonly lakePassword: string;
  readonly plansPassword: string;
  /** DuckDB SQL that is run at each start. */
  readonly initFile?: string | undefined;
  readonly logFile: string;
  /** More settings, by the names that the engine reads. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface Lake {
  /** The watchdog's. */
  readonly pid: number;
  readonly socketDir: string;
  readonly port: number;
  readonly logFile: string;
  /** The engine's own, which changes when the watchdog starts it again; fails while there is none. */
  enginePid(): number;
  stop(): Promise<void>;
  /** Kills watchdog and engine. */
  kill(): Promise<void>;
}

export async function startLake(options: LakeOptions): Promise<Lake> {
  await mkdir(options.dataPath, { recursive: true });
  await mkdir(options.socketDir, { recursive: true });
  await chmod(options.socketDir, 0o700);
  // PostgreSQL connects to the socket, so the folder is its account's.
  await giveAway(options.socketDir);
  const program = await startProgram({
    name: "lake",
    main: "pg_trickle/lake/main.ts",
    logFile: options.logFile,
    readyMessage: "lake engine is ready",
    env: {
      LAKE_CATALOG: options.catalog,
      LAKE_DATA_PATH: options.dataPath,
      LAKE_TEMP_DIRECTORY: options.tempDir,
      LAKE_EXTENSIONS: options.extensions,
      LAKE_SOCKET_DIR: options.socketDir,
      LAKE_PORT: String(options.port),
      LAKE_PASSWORD: options.lakePassword,
      PLANS_PASSWORD: options.plansPassword,
      ...(options.initFile ? { LAKE_INIT_FILE: options.initFile } : {}),
      ...options.env,
    },
  });
  return {
    pid: program.pid,
    socketDir: options.socketDir,
    port: options.port,
    logFile: options.logFile,
    enginePid() {
      const [engine] = childrenOf(program.pid);
      if (engine === undefined) throw new Error("the lake engine does not run at this moment");
      return engine;
    },
    stop: () => program.stop(),
    kill: () => program.kill(),
  };
}
