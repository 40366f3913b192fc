// Result rows of one query, read chunk by chunk. A streaming result dies silently, as if it had ended, when its
// connection runs anything else; so the connection calls `detach` first, which keeps the rest of the rows in memory.
import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import type { DataRowWriter, TextColumn } from "../wire/data-rows.ts";
import type { FieldDescription } from "../wire/replies.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";
import { describeField } from "./fields.ts";
import { itemText, textColumns } from "./text-columns.ts";

export interface ReadResult {
  readonly count: number;
  readonly done: boolean;
}

/** Anything that gives rows: a DuckDB result, or rows that the engine makes itself. */
export interface RowSource {
  readonly fields: readonly FieldDescription[];
  /** Writes at most `maxRows` rows, possibly fewer though there are more; `done` says whether it was the last. */
  read(maxRows: number, rows: DataRowWriter): Promise<ReadResult>;
  close(): void;
}

interface OpenChunk {
  readonly columns: readonly TextColumn[];
  readonly rowCount: number;
  next: number;
}

export interface DuckRowsOptions {
  readonly result: DuckDBResult;
  readonly zone: ZoneOffset;
  /** The next rows; null only where the end is proven. */
  readonly fetch: () => Promise<DuckDBDataChunk | null>;
  /** Called when it is closed before its end: DuckDB keeps the query, and its transaction, open until told otherwise. */
  readonly abandon: () => void;
}

export class DuckRows implements RowSource {
  readonly fields: FieldDescription[];
  readonly #options: DuckRowsOptions;
  readonly #writers: ReturnType<typeof itemText>[];
  #kept: DuckDBDataChunk[] = [];
  #open: OpenChunk | null = null;
  #ended = false;
  /** What has ended it early: told again to whoever asks again, as DuckDB itself would then say that it is at its end. */
  #failure: { readonly error: unknown } | null = null;

  constructor(options: DuckRowsOptions) {
    const { result, zone } = options;
    const types = result.columnTypes();
    this.#options = options;
    this.fields = result.columnNames().map((name, index) => describeField(name, types[index] ?? fail()));
    this.#writers = types.map((type) => itemText(type, zone));
  }

  /** True while it still needs its connection. */
  get isLive(): boolean {
    return !this.#ended && this.#failure === null;
  }

  async read(maxRows: number, rows: DataRowWriter): Promise<ReadResult> {
    const chunk = this.#open ?? (await this.#nextChunk());
    if (chunk === null) return { count: 0, done: true };
    const end = Math.min(chunk.rowCount, chunk.next + maxRows);
    const count = end - chunk.next;
    for (let row = chunk.next; row < end; row += 1) rows.row(chunk.columns, row);
    chunk.next = end;
    this.#open = end < chunk.rowCount ? chunk : null;
    return { count, done: false };
  }

  async detach(): Promise<void> {
    for (let chunk = await this.#fetchLive(); chunk !== null; chunk = await this.#fetchLive()) this.#kept.push(chunk);
  }

  close(): void {
    if (!this.#ended) this.#options.abandon();
    this.#ended = true;
    this.#kept = [];
    this.#open = null;
  }

  async #nextChunk(): Promise<OpenChunk | null> {
    const chunk = this.#kept.shift() ?? (await this.#fetchLive());
    return chunk === null ? null : { columns: textColumns(chunk, this.#writers), rowCount: chunk.rowCount, next: 0 };
  }

  async #fetchLive(): Promise<DuckDBDataChunk | null> {
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#ended) return null;
    try {
      const chunk = await this.#options.fetch();
      this.#ended = chunk === null;
      return chunk;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}

function fail(): never {
  throw new TypeError("a result column has no type");
}
