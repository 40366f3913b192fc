/** Databases with an older version of the extension, for tests of its updates. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { inject } from "vitest";
import type { TrickleDatabase } from "../../../stack/database.ts";
import { postgresUrl } from "../../../stack/postgres.ts";
import type {} from "../../../test/support/provided.ts";
import { openTrickle } from "../../../test/support/trickle.ts";
import { readOldScript } from "../assemble.ts";

/** Puts the script of the version that an update begins with beside the present one, for `create extension … version`. */
async function offerOldVersion(update: string): Promise<string> {
  const version = update.split("--")[0] ?? "";
  const client = new Client({ connectionString: postgresUrl(inject("postgres"), "postgres") });
  await client.connect();
  const { rows } = await client.query<{ folders: string }>(
    "select current_setting('extension_control_path') as folders",
  );
  await client.end();
  const folder = rows[0]?.folders.split(":").find((path) => path.startsWith("/")) ?? "";
  await writeFile(join(folder, "extension", `pg_trickle--${version}.sql`), await readOldScript(update));
  return version;
}

export async function openOldTrickle(update: string): Promise<TrickleDatabase> {
  return openTrickle({ extensionVersion: await offerOldVersion(update) });
}
