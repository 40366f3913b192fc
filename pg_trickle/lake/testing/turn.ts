// For tests only: other clients wait for the engine's turn, as the extension's guard has them do.
import { readFile } from "node:fs/promises";
import type { Pool } from "pg";

export async function makeOthersWait(pool: Pool): Promise<void> {
  const { rows } = await pool.query(
    `select from pg_trigger join pg_proc on pg_proc.oid = tgfoid
      where tgrelid = 'ducklake.ducklake_snapshot'::regclass and prosrc like '%pgtrickle.turn%'`,
  );
  if (rows.length > 0) return;
  await pool.query(await readFile(new URL("./turn.sql", import.meta.url), "utf8"));
}
