/**
 * A real S3 server on loopback for the lake's data files: Versity's gateway, built once from the Go module under tools/go/s3. It
 * checks signatures, so keys can be wrong; it can go away and come back with what it has stored.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { onFreePorts, PortTakenError } from "../../stack/ports.ts";
import {
  NotReadyError,
  type StackProcess,
  startProcess,
  temporaryFolder,
  waitUntilReady,
} from "../../stack/processes.ts";
import { ensureGoProgram } from "../../tools/go-program.ts";
import type { Progress } from "../../tools/progress.ts";
import { askS3, type S3Account } from "./s3-client.ts";

const SOURCE = { module: "s3", program: "s3", package: ".", title: "S3 server (built once, 1 to 2 minutes)" };
const READY_MS = 20_000;

export interface S3Server {
  /** The one account, whose keys `rotateKeys` changes. */
  readonly account: S3Account;
  readonly logFile: string;
  /** Of the running server. */
  process(): StackProcess;
  createBucket(bucket: string): Promise<void>;
  /** As a machine that is switched off. What has been stored stays. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** From now on only new keys are accepted. */
  rotateKeys(): Promise<void>;
  stop(): Promise<void>;
}

export async function ensureS3Server(progress: Progress): Promise<string> {
  return join(await ensureGoProgram(SOURCE, progress), SOURCE.program);
}

interface Life {
  readonly program: string;
  readonly folder: string;
  readonly account: S3Account;
  readonly logFile: string;
}

function answers(account: S3Account): Promise<boolean> {
  return askS3(account, { method: "GET", path: "/" }).then(
    () => true,
    () => false,
  );
}

async function start({ program, folder, account, logFile }: Life): Promise<StackProcess> {
  const server = await startProcess({
    name: "s3",
    command: program,
    args: [],
    logFile,
    onlyThisEnvironment: true,
    env: {
      S3_ADDRESS: account.endpoint,
      S3_FOLDER: folder,
      S3_KEY_ID: account.keyId,
      S3_SECRET: account.secret,
      S3_REGION: account.region,
    },
  });
  try {
    await waitUntilReady(server, { timeoutMs: READY_MS, probe: () => answers(account) });
    return server;
  } catch (error) {
    await server.kill();
    if (!(error instanceof NotReadyError) || !error.output.includes("address already in use")) throw error;
    throw new PortTakenError(Number(account.endpoint.split(":")[1]), "the S3 server");
  }
}

/** Unlike any other text, so that a search for them finds them and nothing else. */
function newKeys(): Pick<S3Account, "keyId" | "secret"> {
  return { keyId: `AK${randomBytes(9).toString("hex").toUpperCase()}`, secret: randomBytes(20).toString("hex") };
}

export async function startS3Server(program: string): Promise<S3Server> {
  const folder = temporaryFolder(0o700);
  const logFile = join(folder.path, "s3.log");
  return onFreePorts(1, async ([port]) => {
    const address = { endpoint: `127.0.0.1:${port}`, region: "eu-central-1" };
    let account: S3Account = { ...address, ...newKeys() };
    const startAgain = () => start({ program, folder: folder.path, account, logFile });
    let server = await startAgain();
    return {
      get account() {
        return account;
      },
      logFile,
      process: () => server,
      async createBucket(bucket) {
        await askS3(account, { method: "PUT", path: `/${bucket}` });
      },
      goAway: () => server.kill(),
      async comeBack() {
        server = await startAgain();
      },
      async rotateKeys() {
        await server.kill();
        account = { ...address, ...newKeys() };
        server = await startAgain();
      },
      async stop() {
        await server.stop();
        folder.remove();
      },
    };
  });
}
