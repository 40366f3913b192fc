/**
 * The whole stack in one process tree: PostgreSQL with pg_trickle, the lake engine, the scheduler, a Kubernetes control plane
 * with the operator, the generator. `make up` and `make demo` run exactly this.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { escapeLiteral } from "pg";
import { ensureDuckdbExtensions } from "../tools/duckdb-extensions.ts";
import type { Progress } from "../tools/progress.ts";
import type { StackAccess } from "./access.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { installCrds } from "./crds.ts";
import { createTrickleDatabase, type TrickleDatabase } from "./database.ts";
import { attachText } from "./ducklake.ts";
import { installExtension } from "./extension.ts";
import { startGenerator } from "./generator.ts";
import { type KeptProcess, keepRunning } from "./kept-process.ts";
import { startOperator } from "./operator.ts";
import { freePort } from "./ports.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { type StackProcess, temporaryFolder } from "./processes.ts";
import { startScheduler } from "./scheduler.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLE = join(ROOT, "examples/timetravel");
export const DATABASE = "timetravel_demo";
const SECRET = "timetravel-db";

export interface StackOptions {
  /** Data, certificates and keys; every account must be able to reach it (account.ts). */
  readonly stateDir: string;
  readonly logDir: string;
  /** A free one is chosen if it is left out. */
  readonly postgresPort?: number;
  readonly progress: Progress;
  /** Told when a program has ended by itself and is started again. */
  readonly report?: (text: string) => void;
}

export interface GeneratorSettings {
  readonly batchSize?: number;
  readonly intervalMs?: number;
  readonly seed?: string;
  /** Such as `--scenario corrupted`. */
  readonly args?: readonly string[];
}

export interface Stack {
  readonly postgres: Postgres;
  readonly database: TrickleDatabase;
  readonly controlPlane: ControlPlane;
  readonly scheduler: KeptProcess;
  readonly operator: KeptProcess;
  readonly access: StackAccess;
  /** The stack starts without one. */
  startGenerator(settings?: GeneratorSettings): Promise<KeptProcess>;
  /** Stops everything and removes what lies outside of `stateDir` and `logDir`. */
  stop(): Promise<void>;
}

interface Stoppable {
  stop(): Promise<unknown>;
}

/** What was started last is stopped first; one that fails to stop keeps no other one running. */
class Started {
  readonly #parts: Stoppable[] = [];

  add<T extends Stoppable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part.stop().catch(() => {});
  }
}

interface Logins {
  readonly operator: string;
  readonly scheduler: string;
  readonly generator: string;
  readonly reader: string;
}

/** Makes the example's roles and gives them passwords that nobody needs to know; returns their URLs. */
async function createLogins(database: TrickleDatabase): Promise<Logins> {
  const pool = database.pool();
  for (const file of ["roles.sql", "reader.sql"]) await pool.query(await readFile(join(EXAMPLE, file), "utf8"));
  const login = async (name: string) => {
    const user = `timetravel_${name}`;
    const password = randomBytes(16).toString("hex");
    await pool.query(`alter role ${user} password ${escapeLiteral(password)}`);
    const url = new URL(database.url);
    url.username = user;
    url.password = password;
    return url.toString();
  };
  return {
    operator: await login("operator"),
    scheduler: await login("scheduler"),
    generator: await login("generator"),
    reader: await login("reader"),
  };
}

interface Data {
  readonly postgres: Postgres;
  readonly database: TrickleDatabase;
  readonly logins: Logins;
  readonly scheduler: KeptProcess;
}

async function startData(options: StackOptions, started: Started): Promise<Data> {
  const { stateDir, logDir, postgresPort: port, progress } = options;
  const extensions = await ensureDuckdbExtensions(progress);
  return progress.step("PostgreSQL and the lake engine", async () => {
    const sockets = temporaryFolder();
    started.add({ stop: async () => sockets.remove() });
    const postgres = started.add(
      await startPostgres({
        dataDir: join(stateDir, "postgres"),
        socketDir: join(sockets.path, "postgres"),
        extensionDir: await installExtension(join(stateDir, "extension")),
        logFile: join(logDir, "postgres.log"),
        settings: { cluster_name: "streamtable-rewind" },
        ...(port === undefined ? {} : { port }),
      }),
    );
    const database = started.add(
      await createTrickleDatabase(postgres, DATABASE, {
        stateDir,
        logDir,
        socketDir: join(sockets.path, "lake"),
        extensions,
        setupFile: join(EXAMPLE, "database.sql"),
        passwords: { lake: secret(), plans: secret(), catalog: secret() },
      }),
    );
    const logins = await createLogins(database);
    const settings = { databaseUrl: database.url, logFile: join(logDir, "scheduler.log") };
    const scheduler = started.add(await keep(options, () => startScheduler(settings)));
    return { postgres, database, logins, scheduler };
  });
}

function keep({ report = () => {} }: StackOptions, start: () => Promise<StackProcess>): Promise<KeptProcess> {
  return keepRunning(start, report);
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}

async function startKubernetes({ stateDir, logDir, progress }: StackOptions, started: Started): Promise<ControlPlane> {
  const options = { stateDir: join(stateDir, "kubernetes"), logDir, progress };
  const controlPlane = started.add(await startControlPlane(options));
  await installCrds((args) => kubectl(controlPlane, args));
  return controlPlane;
}

async function kubectl({ assets, kubeconfig }: ControlPlane, args: readonly string[], input = ""): Promise<void> {
  const call = run(join(assets, "kubectl"), ["--kubeconfig", kubeconfig, ...args]);
  call.child.stdin?.end(input);
  await call;
}

async function startOperatorWithSecret(
  options: StackOptions,
  controlPlane: ControlPlane,
  { uri, metricsAddress }: { readonly uri: string; readonly metricsAddress: string },
): Promise<KeptProcess> {
  const metadata = { name: SECRET, namespace: "default" };
  const manifest = { apiVersion: "v1", kind: "Secret", metadata, stringData: { uri } };
  // Through standard input: the arguments of a process are everybody's to read.
  await kubectl(controlPlane, ["apply", "-f", "-"], JSON.stringify(manifest));
  const { kubeconfig } = controlPlane;
  const settings = { kubeconfig, metricsAddress, logFile: join(options.logDir, "operator.log") };
  return keep(options, () => startOperator(settings));
}

function describeAccess(
  options: StackOptions,
  { postgres, database, logins }: Data,
  controlPlane: ControlPlane,
): Omit<StackAccess, "metricsUrl"> {
  const { username: user, password } = new URL(logins.reader);
  const catalog = { ...database.attach.catalog, user, password };
  return {
    databaseUrl: postgres.url(DATABASE).replace("127.0.0.1", "localhost"),
    kubeconfig: controlPlane.kubeconfig,
    ducklakeAttach: attachText({ ...database.attach, catalog, readOnly: true }),
    logDir: options.logDir,
    kubeAssets: controlPlane.assets,
  };
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const started = new Started();
  try {
    const both = [startData(options, started), startKubernetes(options, started)] as const;
    // One that fails must not leave the other one starting.
    await Promise.allSettled(both);
    const [data, controlPlane] = await Promise.all(both);
    const metricsAddress = `127.0.0.1:${await freePort()}`;
    const uri = data.logins.operator;
    const operator = started.add(await startOperatorWithSecret(options, controlPlane, { uri, metricsAddress }));
    return {
      postgres: data.postgres,
      database: data.database,
      scheduler: data.scheduler,
      controlPlane,
      operator,
      access: { ...describeAccess(options, data, controlPlane), metricsUrl: `http://${metricsAddress}/metrics` },
      async startGenerator(settings = {}) {
        const logFile = join(options.logDir, "generator.log");
        const generator = { ...settings, databaseUrl: data.logins.generator, logFile };
        return started.add(await keep(options, () => startGenerator(generator)));
      },
      stop: () => started.stop(),
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
