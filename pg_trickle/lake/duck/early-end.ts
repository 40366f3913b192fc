// Why a read ended before its end. The client library shows that a streamed result has failed and not how, so the query is
// run again where nobody waits for its rows, for the sake of DuckDB's own message.
import { InstanceDead, LakeError, SQL_STATE } from "../errors.ts";

/** Looking for the reason may take as long as the read; the client waits no longer than this for it. */
const LOOK_LIMIT_MS = 30_000;

export interface ReasonReader {
  all(sql: string, signal: AbortSignal): Promise<unknown>;
}

export function cutShort(): LakeError {
  return new LakeError(
    SQL_STATE.readCutShort,
    "a read of the lake ended before its last row, and it did not fail again when it was repeated to see why",
    { hint: "No row of it may be used. Run the statement again; if this stays, see the engine's log." },
  );
}

/** Computes each row of the query to its last column, and keeps none. */
export function everyRow(sql: string): string {
  return `select bit_xor(hash("every row")) from (${sql}) as "every row"`;
}

/** Throws what is no reason of the read's own: that it is cancelled meanwhile, or the instance dead. */
export async function reasonOfEnd(sql: string, connection: ReasonReader, signal: AbortSignal): Promise<Error> {
  const limit = AbortSignal.timeout(LOOK_LIMIT_MS);
  try {
    await connection.all(everyRow(sql), AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof InstanceDead) throw error;
    if (!limit.aborted && error instanceof Error) return error;
  }
  return cutShort();
}
