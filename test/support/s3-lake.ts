/** A database whose lake keeps its data files in S3, set up by the variables and the program that the chart's pod uses. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareFiles } from "../../pg_trickle/bootstrap/bootstrap.ts";
import { readConfig } from "../../pg_trickle/bootstrap/config.ts";
import type { TrickleDatabase } from "../../stack/database.ts";
import { type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { ensureDuckdbExtensionsForS3 } from "../../tools/duckdb-extensions.ts";
import { silentProgress } from "../../tools/progress.ts";
import type { S3Account } from "./s3-client.ts";
import { openTrickle } from "./trickle.ts";

const LAKE_SQL = fileURLToPath(new URL("../../examples/timetravel/lake.sql", import.meta.url));

/** What the bootstrap demands besides, and what is no business of the lake's files. */
const OTHER_SETTINGS = {
  ...{
    ADMIN_URL: "postgresql://nobody@nowhere/postgres",
    DATABASE_NAME: "unused",
    LAKE_HOST: "/nowhere",
    LAKE_PORT: "1",
  },
  ...{
    LAKE_PASSWORD: "x",
    PLANS_PASSWORD: "x",
    CATALOG_PASSWORD: "x",
    OPERATOR_PASSWORD: "x",
    SCHEDULER_PASSWORD: "x",
  },
};

export interface S3Lake {
  readonly database: TrickleDatabase;
  readonly dataPath: string;
  readonly initFile: string;
  /** Other credentials or another address, from the engine's next start: started again here. */
  restartWith(change: Readonly<Record<string, string>>): Promise<void>;
  /** A plain DuckDB on the same catalog and bucket. */
  witness(): Promise<DuckdbClient>;
  drop(): Promise<void>;
}

export interface S3LakeOptions {
  readonly account: S3Account;
  readonly bucket: string;
  /** DuckDB SQL that is run at each start of the engine, after the credentials and before the lake's tables. */
  readonly sql?: string;
  /** Where keys are asked for, as a pod with an identity in AWS would: none are given then. */
  readonly keysFrom?: string;
}

export async function openS3Lake({ account, bucket, sql = "", keysFrom }: S3LakeOptions): Promise<S3Lake> {
  const folder = temporaryFolder(0o700);
  const extensions = await ensureDuckdbExtensionsForS3(silentProgress);
  const source = join(folder.path, "source.sql");
  await writeFile(source, `${sql}\n${await readFile(LAKE_SQL, "utf8")}`);
  const dataPath = `s3://${bucket}/lake/`;
  const initFile = join(folder.path, "lake.sql");
  const settings = {
    ...(keysFrom === undefined
      ? { S3_KEY_ID: account.keyId, S3_SECRET: account.secret }
      : { S3_CREDENTIALS: "ServiceAccount" }),
    S3_ENDPOINT: account.endpoint,
    ...{ S3_REGION: account.region, S3_URL_STYLE: "path", S3_USE_SSL: "false" },
    ...{ LAKE_INIT_SOURCE: source, LAKE_INIT_TARGET: initFile },
  };
  const prepare = (change: Readonly<Record<string, string>> = {}) =>
    prepareFiles(readConfig({ ...OTHER_SETTINGS, ...settings, ...change }));
  await prepare();
  const database = await openTrickle({
    lakeInitFile: initFile,
    lakeEnv: {
      ...{ LAKE_DATA_PATH: dataPath, LAKE_EXTENSIONS: extensions },
      ...(keysFrom === undefined
        ? {}
        : { AWS_CONTAINER_CREDENTIALS_FULL_URI: keysFrom, AWS_EC2_METADATA_DISABLED: "true" }),
    },
  });
  return {
    database,
    dataPath,
    initFile,
    async restartWith(change) {
      await prepare(change);
      await database.restartLake();
    },
    async witness() {
      const client = await openDuckdb({ ...database.attach, dataPath, extensions, readOnly: true });
      const [secret = ""] = (await readFile(initFile, "utf8")).split(";\n");
      await client.run(secret);
      return client;
    },
    async drop() {
      await database.drop();
      folder.remove();
    },
  };
}
