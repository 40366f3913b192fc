// For tests only: the part of the guard that the engine's writes need, unless the extension has put its own there.
import { readFile } from "node:fs/promises";
import type { Pool } from "pg";

export async function standInForGuard(pool: Pool): Promise<void> {
  const { rows } = await pool.query(
    `select from pg_trigger join pg_proc on pg_proc.oid = tgfoid
      where tgrelid = 'ducklake.ducklake_snapshot'::regclass and prosrc like '%pgtrickle.turn%'`,
  );
  if (rows.length > 0) return;
  await pool.query(await readFile(new URL("./guard-stand-in.sql", import.meta.url), "utf8"));
}
