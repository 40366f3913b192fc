/**
 * Everything that a process writes, to the API server and to PostgreSQL, through proxies with one common log: run once to
 * count the writes, then once for each of them and each moment, killing the process there (see write-log.ts).
 */
import type { NetConnectOpts } from "node:net";
import { startApiProxy } from "./api-proxy.ts";
import { startPostgresProxy } from "./postgres-proxy.ts";
import { type WriteHook, WriteLog } from "./write-log.ts";

export interface CrashProxyOptions {
  /** Of the real API server; its user is the one that writes. */
  readonly kubeconfig: string;
  /** The real PostgreSQL: a port, or a socket's path. */
  readonly postgres: NetConnectOpts;
  readonly hook?: WriteHook;
  /** Which calls of the API server count; all but GET if absent. */
  readonly isApiWrite?: (verb: string, path: string) => boolean;
  /** Which statements count; all if absent. */
  readonly isStatementWrite?: (statement: string) => boolean;
}

export interface CrashProxy {
  /** For the process: a file's path. */
  readonly kubeconfig: string;
  /** For the process: where PostgreSQL seems to be, without TLS. */
  readonly postgres: { readonly host: string; readonly port: number };
  readonly log: WriteLog;
  close(): Promise<void>;
}

/** Thrown in a proxy's way to break its connection; nobody else sees it. */
class Dropped extends Error {
  override readonly name = "Dropped";
}

export function startApiCrashProxy(
  kubeconfig: string,
  log: WriteLog,
  isWrite: (verb: string, path: string) => boolean = (verb) => verb !== "GET",
) {
  return startApiProxy(kubeconfig, async ({ verb, path }) => {
    if (!isWrite(verb, path)) return { kind: "pass" };
    const write = log.add(`${verb} ${path}`);
    if (await log.isDropped("before", write)) return { kind: "reset" };
    const until = async () => {
      if (await log.isDropped("after", write)) throw new Dropped(write.what);
    };
    return { kind: "delay-answer", until };
  });
}

export async function startCrashProxy(options: CrashProxyOptions): Promise<CrashProxy> {
  const log = new WriteLog(options.hook);
  const api = await startApiCrashProxy(options.kubeconfig, log, options.isApiWrite);
  const { isStatementWrite } = options;
  const target = options.postgres;
  const postgres = await startPostgresProxy({ target, log, ...(isStatementWrite && { isWrite: isStatementWrite }) });
  return {
    kubeconfig: api.kubeconfig,
    postgres: { host: postgres.host, port: postgres.port },
    log,
    async close() {
      await postgres.close();
      await api.close();
    },
  };
}
