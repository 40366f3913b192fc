// The engine process: DuckDB and the listeners. Started and watched by main.ts, which also sets the size of the thread
// pool, as that has to be known before the first thread.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Logger, pino } from "pino";
import { type Config, isLoopback, RESERVED_FOR_PLANS, readConfig } from "./config.ts";
import { Lake } from "./duck/lake.ts";
import { ReadCounters } from "./duck/read-counters.ts";
import { withoutPasswords } from "./errors.ts";
import { Admission } from "./session/admission.ts";
import { Gates } from "./session/gates.ts";
import { type EngineParts, LAKE_USER, openSession, PLANS_USER } from "./session/open-session.ts";
import { SchemaCache } from "./session/schema-cache.ts";
import { SERVER_VERSION } from "./session/settings.ts";
import { Turn } from "./session/turn.ts";
import { deriveVerifier } from "./wire/scram.ts";
import { WireServer } from "./wire/server.ts";

const HEALTH_EVERY_MS = 2000;
/** DuckDB answers a parse in a millisecond; when it has not for this long, its threads are all stuck. */
const HEALTH_LIMIT_MS = 15_000;

async function openLake(config: Config, logger: Logger): Promise<Lake> {
  await mkdir(config.tempDirectory, { recursive: true, mode: 0o700 });
  const { catalog, metadataSchema, dataPath, extensionsDirectory, memoryLimit, threads, tempDirectory } = config;
  const { inliningRowLimit, initFile } = config;
  return Lake.open(
    {
      catalog,
      metadataSchema,
      dataPath,
      extensionsDirectory,
      memoryLimit,
      threads,
      tempDirectory,
      inliningRowLimit,
      initFile,
    },
    logger,
  );
}

function engineParts(config: Config, lake: Lake): EngineParts {
  const admission = () =>
    new Admission({
      maxRunning: config.maxRunning,
      now: () => performance.now(),
      wakeIn: (delayMs, wake) => setTimeout(wake, delayMs).unref(),
    });
  const counters = new ReadCounters();
  const gates = new Gates();
  return {
    lake,
    gates,
    turn: new Turn({ lake, gates, nowMs: () => performance.now(), sleep }),
    admissions: { [LAKE_USER]: admission(), [PLANS_USER]: admission() },
    schemas: new SchemaCache(() => performance.now()),
    facts: {
      version: SERVER_VERSION,
      startedAt: new Date().toISOString(),
      dataPath: config.dataPath,
      counters: () => counters.total,
    },
    counters,
    metadataSchema: config.metadataSchema,
  };
}

async function readTls(tls: Config["tls"]): Promise<SecureContext | null> {
  if (tls === null) return null;
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  return createSecureContext({ cert, key, minVersion: "TLSv1.2" });
}

async function listen(config: Config, parts: EngineParts, logger: Logger): Promise<WireServer> {
  const server = new WireServer({
    verifiers: new Map([
      [LAKE_USER, deriveVerifier(config.passwords.lake)],
      [PLANS_USER, deriveVerifier(config.passwords.plans)],
    ]),
    maxSessions: config.maxSessions,
    reservedFor: new Map([[PLANS_USER, RESERVED_FOR_PLANS]]),
    openSession: ({ user, applicationName }) => openSession(user, applicationName, parts),
    tls: await readTls(config.tls),
    logger,
  });
  await server.listenSocket(join(config.socketDirectory, `.s.PGSQL.${config.port}`));
  if (config.listen !== null) {
    await server.listenTcp(config.listen.host, config.listen.port, !isLoopback(config.listen.host));
  }
  return server;
}

/** An engine whose event loop turns but whose DuckDB does not answer is as dead as a frozen one, and better restarted. */
function watchHealth(lake: Lake, logger: Logger): void {
  let askedAt: number | null = null;
  setInterval(() => {
    if (askedAt !== null && performance.now() - askedAt > HEALTH_LIMIT_MS) {
      logger.fatal("DuckDB does not answer: giving up");
      process.exit(1);
    }
    if (askedAt !== null) return;
    askedAt = performance.now();
    const answered = () => {
      askedAt = null;
    };
    lake.ping().then(answered, answered);
  }, HEALTH_EVERY_MS).unref();
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = pino({ level: config.logLevel, name: "lake-engine", timestamp: pino.stdTimeFunctions.isoTime });
  const lake = await openLake(config, logger);
  const server = await listen(config, engineParts(config, lake), logger);
  watchHealth(lake, logger);
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await server.close();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
  // The parent is gone: nobody would restart or stop this process any more.
  process.on("disconnect", () => void stop());
  process.send?.({ ready: true });
}

main().catch((err: unknown) => {
  const reason = withoutPasswords(err instanceof Error ? err.message : String(err));
  pino({ name: "lake-engine", timestamp: pino.stdTimeFunctions.isoTime }).fatal(
    { reason },
    "lake engine could not start",
  );
  process.exit(1);
});
