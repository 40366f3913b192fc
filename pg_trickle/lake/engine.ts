// The engine process. Started and watched by main.ts, which also sets the size of the thread
// pool, as that has to be known before the first thread.
import { mkdir } from "node:fs/promises";
import { type Logger, pino } from "pino";
import { type Config, readConfig } from "./config.ts";
import { Lake } from "./duck/lake.ts";
import { withoutPasswords } from "./errors.ts";
import { serve, watchHealth } from "./service.ts";

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

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = pino({ level: config.logLevel, name: "lake-engine", timestamp: pino.stdTimeFunctions.isoTime });
  const lake = await openLake(config, logger);
  const server = await serve(config, lake, logger);
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
