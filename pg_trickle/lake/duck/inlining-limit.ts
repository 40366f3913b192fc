// Up to how many rows a write puts into the catalog instead of a file. It stands in the catalog as an option of the lake, so that
// all clients keep to one limit: such an option goes before what a client attaches with. Those that are attached already do not see it.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "pino";

/**
 * Nothing. With DuckDB's own 10, small writes stay in the catalog until somebody flushes them, and a flush beside another
 * client's work is what most of DuckLake's lost and doubled rows come from.
 */
export const DEFAULT_INLINING_ROW_LIMIT = 0;

/** @param given by the engine's settings: stands in the catalog from now on. null: what somebody stored is left as it is. */
export async function storeInliningLimit(
  connection: DuckDBConnection,
  given: number | null,
  logger: Pick<Logger, "info">,
): Promise<void> {
  const stored = await readStored(connection);
  const limit = given ?? stored ?? DEFAULT_INLINING_ROW_LIMIT;
  if (String(limit) === String(stored)) return;
  await connection.run(`call lake.set_option('data_inlining_row_limit', ${limit})`);
  logger.info(
    { limit, before: stored },
    "the lake's inlining limit is in its catalog now: every client that attaches from here on keeps to it",
  );
}

/** Of the lake as a whole: one of a schema or table goes before it, and stays. */
async function readStored(connection: DuckDBConnection): Promise<string | null> {
  const result = await connection.runAndReadAll(
    `select value from ducklake_options('lake') where option_name = 'data_inlining_row_limit' and scope = 'GLOBAL'`,
  );
  const [known] = result.getRows();
  return known === undefined ? null : String(known[0]);
}
