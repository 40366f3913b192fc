// Composition root of the generator: configuration, logger, sink, signals. SIGTERM and SIGINT let the current batch finish.

import pino from "pino";
import { ConfigError, readConfig } from "./config.ts";
import { runFeed } from "./feed.ts";
import { buildScenario } from "./scenario.ts";
import { openSink, pause } from "./sink.ts";

async function main(): Promise<number> {
  const config = readConfig(process.env, process.argv.slice(2));
  const logger = pino({
    level: config.logLevel,
    base: { name: "generator" },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => stop.abort());
  }
  const { scenario: name, seed, batchSize, intervalMs } = config;
  logger.info({ scenario: name, seed, batchSize, intervalMs }, "generator starts");

  const sink = openSink({ databaseUrl: config.databaseUrl, logger });
  try {
    const result = await runFeed({
      scenario: buildScenario(name, seed),
      batchSize,
      intervalMs,
      signal: stop.signal,
      write: sink.write,
      nowMs: () => performance.now(),
      pause,
      report: (rate) => logger.info(rate, "events written"),
    });
    logger.info(result, "generator stopped");
    return result.isComplete ? 0 : 1;
  } finally {
    await sink.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
