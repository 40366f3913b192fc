// DataRow messages for many rows in one buffer: values come column by column, as DuckDB gives them, and go out row by row.

export type TextColumn = readonly (string | null)[];

const INITIAL_BYTES = 64 * 1024;
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

export class DataRowWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #position = 0;

  get sizeBytes(): number {
    return this.#position;
  }

  row(columns: readonly TextColumn[], rowIndex: number): void {
    this.#reserve(7);
    const start = this.#position;
    this.#buffer.write("D", start, "latin1");
    this.#buffer.writeUInt16BE(columns.length, start + 5);
    this.#position = start + 7;
    for (const column of columns) this.#value(column[rowIndex] ?? null);
    this.#buffer.writeInt32BE(this.#position - start - 1, start + 1);
  }

  /** The bytes so far; the writer starts anew. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#position);
    this.#buffer = Buffer.allocUnsafe(INITIAL_BYTES);
    this.#position = 0;
    return bytes;
  }

  #value(text: string | null): void {
    if (text === null) {
      this.#reserve(4);
      this.#position = this.#buffer.writeInt32BE(-1, this.#position);
      return;
    }
    this.#reserve(4 + text.length * MAX_BYTES_PER_UNIT);
    const sizeBytes = this.#buffer.write(text, this.#position + 4, "utf8");
    this.#buffer.writeInt32BE(sizeBytes, this.#position);
    this.#position += 4 + sizeBytes;
  }

  #reserve(extraBytes: number): void {
    const needed = this.#position + extraBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }
}
