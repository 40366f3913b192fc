// `init`: database, extension, connection to the lake, logins; repeated at each start of the pod, it also brings new
// passwords and a new version of the extension. `seed`: SQL files, each once in the life of the database.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientBase } from "pg";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { BootstrapError, codeOf, databaseUrl, isTransient, withSession } from "./connect.ts";
import { buildLakeInit } from "./lake-init.ts";
import {
  applySeed,
  attachLake,
  createDatabase,
  createExtension,
  createLogin,
  createSeedRecord,
  extensionVersions,
  grantConnect,
  grantRole,
  isSuperuser,
  lakeAnswers,
  lockBootstrap,
  readSeeds,
  updateExtension,
} from "./statements.ts";

const SEED_RETRY_MS = 1_000;

/** Folders and files that the engine's container finds when it starts. */
export async function prepareFiles(config: Config): Promise<void> {
  for (const dir of config.privateDirs) await mkdir(dir, { recursive: true, mode: 0o700 });
  if (config.lakeInit === null) return;
  const { source, target, s3 } = config.lakeInit;
  await writeFile(target, buildLakeInit(await readFile(source, "utf8"), s3), { mode: 0o600 });
}

async function installExtension(client: ClientBase, logger: Logger): Promise<void> {
  const { installed, available } = await extensionVersions(client);
  if (installed === null && available === null) {
    throw new BootstrapError(
      "this PostgreSQL does not know the extension pg_trickle\nIts files have to be in the server's share folder or on extension_control_path.",
    );
  }
  if (installed === null) {
    await createExtension(client);
    logger.info({ version: available }, "extension created");
  } else if (available !== null && installed !== available) {
    await updateExtension(client);
    logger.info({ from: installed, to: available }, "extension updated");
  }
}

/** What PostgreSQL says, with its hint. */
function explainFailure(error: unknown, before = ""): BootstrapError {
  const { message, hint } = error as { message?: string; hint?: string };
  return new BootstrapError([`${before}${message ?? String(error)}`, hint].filter(Boolean).join("\n"), {
    cause: error,
  });
}

async function createLogins(client: ClientBase, config: Config): Promise<void> {
  for (const { role, password, memberOf } of config.logins) {
    await createLogin(client, role, password);
    await grantConnect(client, config.database, role);
    if (memberOf !== null) await grantRole(client, memberOf, role);
  }
}

export async function runInit(config: Config, logger: Logger): Promise<void> {
  await prepareFiles(config);
  const { waitMs } = config;
  await withSession({ url: config.adminUrl, waitMs, logger }, async (maintenance) => {
    if (!(await isSuperuser(maintenance))) {
      throw new BootstrapError("the user of ADMIN_URL is no superuser\nOnly a superuser can create the extension.");
    }
    await lockBootstrap(maintenance);
    if (await createDatabase(maintenance, config.database))
      logger.info({ database: config.database }, "database created");
    await withSession({ url: databaseUrl(config.adminUrl, config.database), waitMs, logger }, async (client) => {
      await installExtension(client, logger);
      await attachLake(client, { ...config.lake, passwords: config.passwords }).catch((error: unknown) => {
        throw codeOf(error) === "TR014" ? explainFailure(error) : error;
      });
      await createLogins(client, config);
    });
  });
  logger.info("database is ready");
}

/** The lake engine starts beside this: until it answers, the extension says so by these codes. */
function isLakeAway(error: unknown): boolean {
  return codeOf(error) === "TR014" || codeOf(error) === "HV00N" || isTransient(error);
}

async function applyWhenLakeAnswers(client: ClientBase, path: string, config: Config, logger: Logger): Promise<void> {
  const file = basename(path);
  const sql = await readFile(path, "utf8");
  const deadlineMs = performance.now() + config.waitMs;
  for (;;) {
    try {
      // Past the deadline the file itself says what is wrong.
      if ((await lakeAnswers(client)) || performance.now() > deadlineMs) {
        await applySeed(client, file, sql);
        logger.info({ file }, "seeded");
        return;
      }
      logger.info({ file }, "waiting for the lake engine");
    } catch (error) {
      if (!isLakeAway(error) || performance.now() > deadlineMs) throw explainFailure(error, `${file}: `);
      logger.info({ file, reason: codeOf(error) }, "waiting for the lake engine");
    }
    await delay(SEED_RETRY_MS);
  }
}

export async function runSeed(config: Config, logger: Logger): Promise<void> {
  const { seedDir } = config;
  if (seedDir === null) {
    logger.info("nothing to seed");
    return;
  }
  const files = (await readdir(seedDir)).filter((file) => file.endsWith(".sql")).sort();
  const url = databaseUrl(config.adminUrl, config.database);
  await withSession({ url, waitMs: config.waitMs, logger }, async (client) => {
    await lockBootstrap(client);
    await createSeedRecord(client);
    const done = await readSeeds(client);
    const missing = files.filter((file) => !done.has(file));
    for (const file of missing) await applyWhenLakeAnswers(client, join(seedDir, file), config, logger);
  });
  logger.info({ files: files.length }, "seed is complete");
}
