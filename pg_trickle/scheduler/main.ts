// Composition root of the scheduler: config, logger, loop, metrics, signals. It speaks PostgreSQL only and outlives both the lake
// engine and restarts of the database.
import { ConfigError, readConfig } from "./config.ts";
import { createLogger } from "./log.ts";
import { startMetricsServer } from "./metrics-server.ts";
import { Scheduler } from "./scheduler.ts";

/** A refresh that hangs in a frozen engine must not keep the process from ending. */
const SHUTDOWN_LIMIT_MS = 5_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel);
  const scheduler = new Scheduler(config, log);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "stopping");
      scheduler.stop();
      setTimeout(() => process.exit(0), SHUTDOWN_LIMIT_MS).unref();
    });
  }
  const metrics = config.metricsAddress && (await startMetricsServer(config.metricsAddress, () => scheduler.facts()));
  if (metrics) log.info({ url: metrics.url }, "metrics are served");
  await scheduler.run();
  if (metrics) await metrics.close();
  log.info("stopped");
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
});
