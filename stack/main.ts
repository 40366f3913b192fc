/** `make up`, `make down`, `make logs`: the stack in the background of one checkout. */
import { fork, spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Client } from "pg";
import { terminalProgress } from "../tools/progress.ts";
import { accessText, type StackAccess } from "./access.ts";
import type { BackgroundMessage } from "./background.ts";
import { isPortFree } from "./ports.ts";
import { postgresUrl } from "./postgres.ts";
import { receivingProgress } from "./progress-relay.ts";
import { ENV_FILE, isAlive, LOG_DIR, RUN_DIR, type RunningStack, readRecord, removeState } from "./running.ts";
import { type PortOwner, portTakenMessage, readSettings, type Settings, SettingsError } from "./settings.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Longer than every part of the stack takes to be killed. */
const DOWN_MS = 60_000;

/** A reason to stop that the person can read as it is. */
class CommandError extends Error {
  override readonly name = "CommandError";
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function currentSettings(): Promise<Settings> {
  return readSettings(process.env, await readFile(join(ROOT, ".env"), "utf8").catch(() => ""));
}

async function portOwner(port: number): Promise<PortOwner> {
  const client = new Client({
    connectionString: postgresUrl({ port, password: "postgres" }, "postgres"),
    connectionTimeoutMillis: 2_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    const sql = "select current_setting('cluster_name') as name, current_setting('data_directory') as folder";
    const { rows } = await client.query<{ name: string; folder: string }>(sql);
    const row = rows[0];
    return row?.name === "streamtable-rewind" ? { kind: "own stack", folder: row.folder } : { kind: "unknown" };
  } catch {
    return { kind: "unknown" };
  } finally {
    await client.end().catch(() => {});
  }
}

function showAccess(access: StackAccess): void {
  say(accessText(access, relative(process.cwd(), ENV_FILE)));
}

function alreadyRunning(running: RunningStack, settings: Settings): void {
  if (!running.access) throw new CommandError("The stack is being started by another `make up`.");
  say("The stack runs already; nothing was changed.");
  if (!isDeepStrictEqual(running.settings, settings)) {
    say("Its settings are not those asked for now: `make down` and `make up` again to change them.");
  }
  showAccess(running.access);
}

/** Starts the background process and waits until its stack is ready. */
function startInBackground(settings: Settings): Promise<StackAccess> {
  const logFile = openSync(join(LOG_DIR, "stack.log"), "a");
  const background = fork(fileURLToPath(new URL("background.ts", import.meta.url)), [], {
    detached: true,
    cwd: ROOT,
    stdio: ["ignore", logFile, logFile, "ipc"],
    env: {
      ...process.env,
      POSTGRES_PORT: String(settings.postgresPort),
      BATCH_SIZE: String(settings.batchSize),
      INTERVAL_MS: String(settings.intervalMs),
    },
  });
  const show = receivingProgress(terminalProgress());
  return new Promise((resolve, reject) => {
    background.on("message", (message: BackgroundMessage) => {
      if (message.kind === "ready") resolve(message.access);
      else if (message.kind === "failed") reject(new CommandError(message.message));
      else show(message);
    });
    background.once("error", reject);
    let interrupted = false;
    background.once("exit", (code) => {
      reject(
        new CommandError(interrupted ? "Interrupted; the stack is stopped." : `The stack ended with code ${code}.`),
      );
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        interrupted = true;
        background.kill("SIGTERM");
      });
    }
  }).finally(() => {
    background.unref();
    if (background.connected) background.disconnect();
  }) as Promise<StackAccess>;
}

async function up(): Promise<void> {
  const settings = await currentSettings();
  const record = await readRecord();
  if (record && isAlive(record)) {
    alreadyRunning(record, settings);
    return;
  }
  // Its processes went with it, its data did not.
  if (record) await removeState(record);
  if (!(await isPortFree(settings.postgresPort))) {
    throw new CommandError(portTakenMessage(settings.postgresPort, await portOwner(settings.postgresPort)));
  }
  await rm(LOG_DIR, { recursive: true, force: true });
  await mkdir(LOG_DIR, { recursive: true });
  const access = await startInBackground(settings).catch((error: unknown) => {
    if (error instanceof CommandError) throw new CommandError(`${error.message}\nThe logs are in ${LOG_DIR}.`);
    throw error;
  });
  say("The stack is up.");
  showAccess(access);
}

async function stopBackground(record: RunningStack): Promise<void> {
  process.kill(record.pid, "SIGTERM");
  const deadline = Date.now() + DOWN_MS;
  while (isAlive(record)) {
    if (Date.now() > deadline) process.kill(record.pid, "SIGKILL");
    await delay(50);
  }
}

async function down(): Promise<void> {
  const record = await readRecord();
  const running = record !== undefined && isAlive(record);
  if (running) await terminalProgress().step("stopping the stack", () => stopBackground(record));
  if (record) await removeState(record);
  await rm(RUN_DIR, { recursive: true, force: true });
  say(running ? "The stack is stopped and removed." : "No stack is running.");
}

/** The API server and etcd write much that concerns nobody here. */
const QUIET_LOGS = new Set(["etcd.log", "kube-apiserver.log"]);

async function logs(): Promise<void> {
  const files = await readdir(LOG_DIR).catch(() => []);
  const shown = files.filter((file) => !QUIET_LOGS.has(file)).map((file) => relative(ROOT, join(LOG_DIR, file)));
  if (shown.length === 0) throw new CommandError("There are no logs: `make up` starts the stack.");
  const record = await readRecord();
  // Not longer than the stack lives; what a stack left that has ended is only shown.
  const follow = record && isAlive(record) ? ["-F", `--pid=${record.pid}`] : [];
  spawnSync("tail", ["-n", "20", ...follow, ...shown], { cwd: ROOT, stdio: "inherit" });
}

const commands: Readonly<Record<string, () => Promise<void>>> = { up, down, logs };

async function main(name: string | undefined): Promise<number> {
  const command = name === undefined ? undefined : commands[name];
  if (!command) {
    process.stderr.write(`usage: node stack/main.ts ${Object.keys(commands).join("|")}\n`);
    return 2;
  }
  try {
    await command();
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError) && !(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv[2]);
