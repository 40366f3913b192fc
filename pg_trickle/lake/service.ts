// The engine put together around a lake: sessions, listeners, and the watch over DuckDB's health.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Logger } from "pino";
import { type Config, isLoopback, RESERVED_FOR_PLANS } from "./config.ts";
import { CatalogWatch } from "./duck/catalog-watch.ts";
import { LakeHealth } from "./duck/health.ts";
import type { Lake } from "./duck/lake.ts";
import { ReadCounters } from "./duck/read-counters.ts";
import { Admission } from "./session/admission.ts";
import { type EngineParts, LAKE_USER, openSession, PLANS_USER } from "./session/open-session.ts";
import { SchemaCache } from "./session/schema-cache.ts";
import { SERVER_VERSION } from "./session/settings.ts";
import { Turn } from "./session/turn.ts";
import { WriteQueues } from "./session/write-queues.ts";
import { deriveVerifier } from "./wire/scram.ts";
import { WireServer } from "./wire/server.ts";

const HEALTH_EVERY_MS = 2000;
/** DuckDB answers a parse in a millisecond; when it has not for this long, its threads are all stuck. */
const HEALTH_LIMIT_MS = 15_000;

function engineParts(config: Config, lake: Lake): EngineParts {
  const admission = () =>
    new Admission({
      maxRunning: config.maxRunning,
      now: () => performance.now(),
      wakeIn: (delayMs, wake) => setTimeout(wake, delayMs).unref(),
    });
  const queues = new WriteQueues();
  const counters = new ReadCounters();
  return {
    lake,
    health: new LakeHealth(lake, config),
    catalog: new CatalogWatch(lake, config, () => performance.now()),
    queues,
    turn: new Turn({ lake, queues, nowMs: () => performance.now(), sleep }),
    counters,
    admissions: { [LAKE_USER]: admission(), [PLANS_USER]: admission() },
    schemas: new SchemaCache(() => performance.now()),
    facts: {
      version: SERVER_VERSION,
      startedAt: new Date().toISOString(),
      dataPath: config.dataPath,
      counters: () => counters.total,
    },
    metadataSchema: config.metadataSchema,
  };
}

async function readTls(tls: Config["tls"]): Promise<SecureContext | null> {
  if (tls === null) return null;
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  return createSecureContext({ cert, key, minVersion: "TLSv1.2" });
}

export async function serve(config: Config, lake: Lake, logger: Logger): Promise<WireServer> {
  const parts = engineParts(config, lake);
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

/**
 * An engine whose event loop turns but whose DuckDB does not answer is as dead as a frozen one, and better restarted. A DuckDB
 * that says it is dead does answer: it is replaced, though nobody else may ask for anything.
 */
export function watchHealth(lake: Lake, logger: Logger): void {
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
    lake.isAlive().then(answered, answered);
  }, HEALTH_EVERY_MS).unref();
}
