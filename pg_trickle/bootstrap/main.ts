// Composition root of the bootstrap: `main.ts init` before the lake engine starts, `main.ts seed` beside it; `main.ts files`
// where an administrator has done the rest.
import { pino } from "pino";
import { prepareFiles, runInit, runSeed } from "./bootstrap.ts";
import { ConfigError, readConfig } from "./config.ts";
import { BootstrapError } from "./connect.ts";

const COMMANDS = { files: prepareFiles, init: runInit, seed: runSeed } as const;

function readCommand(word: string | undefined): keyof typeof COMMANDS {
  if (word === "files" || word === "init" || word === "seed") return word;
  throw new ConfigError("usage: main.ts files|init|seed");
}

async function main(): Promise<void> {
  const command = readCommand(process.argv[2]);
  const config = readConfig(process.env);
  const logger = pino({ level: config.logLevel, name: "bootstrap", timestamp: pino.stdTimeFunctions.isoTime });
  // Nothing is half done: what was begun is rolled back by PostgreSQL.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(143));
  await COMMANDS[command](config, logger);
}

/** What a person can mend is told without a stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isKnown = error instanceof ConfigError || error instanceof BootstrapError;
  return isKnown ? error.message : (error.stack ?? error.message);
}

main().catch((error: unknown) => {
  process.stderr.write(`bootstrap: ${explain(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
});
