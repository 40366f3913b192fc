// Rows to the client, a piece at a time: waits for a slow client, and lets others use the event loop in between.
import type { RowSource } from "../duck/rows.ts";
import { DataRowWriter } from "../wire/data-rows.ts";
import type { Output } from "../wire/output.ts";

const PIECE_BYTES = 64 * 1024;
/** Rows written without giving the event loop back. */
const PIECE_ROWS = 2048;

export interface Sent {
  readonly count: number;
  /** False if the limit was reached first; there may be no more rows nevertheless. */
  readonly done: boolean;
}

export async function sendRows(rows: RowSource | null, limit: number, output: Output): Promise<Sent> {
  if (rows === null) return { count: 0, done: true };
  const writer = new DataRowWriter();
  let count = 0;
  while (count < limit) {
    const piece = await rows.read(Math.min(limit - count, PIECE_ROWS), writer);
    count += piece.count;
    if (writer.sizeBytes >= PIECE_BYTES || piece.done) await output.write(writer.take());
    if (piece.done) return { count, done: true };
  }
  await output.write(writer.take());
  return { count, done: false };
}
