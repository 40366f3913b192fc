// What running a statement gives: rows to be read, or none, and the tag that ends it.
import type { ReadResult, RowSource } from "../duck/rows.ts";
import type { DataRowWriter } from "../wire/data-rows.ts";
import type { FieldDescription } from "../wire/replies.ts";

export interface Execution {
  readonly rows: RowSource | null;
  tag(rowCount: number): string;
}

export interface StatementContext {
  /** Text values of $1, $2, …; null is SQL NULL. */
  readonly values: readonly (string | null)[];
  /** The signal of the message being served, which moves on while a cursor is read. */
  readonly signal: () => AbortSignal;
}

export interface PreparedQuery {
  start(context: StatementContext): Promise<Execution>;
}

export function done(tag: string): Execution {
  return { rows: null, tag: () => tag };
}

export function selected(rows: RowSource): Execution {
  return { rows, tag: (rowCount) => `SELECT ${rowCount}` };
}

/** Each read is one step that something else can stand around: admission, or the transaction's error handling. */
export class WrappedRows implements RowSource {
  readonly fields: readonly FieldDescription[];
  readonly #inner: RowSource;
  readonly #around: (step: () => Promise<ReadResult>) => Promise<ReadResult>;

  constructor(inner: RowSource, around: (step: () => Promise<ReadResult>) => Promise<ReadResult>) {
    this.fields = inner.fields;
    this.#inner = inner;
    this.#around = around;
  }

  read(maxRows: number, rows: DataRowWriter): Promise<ReadResult> {
    return this.#around(() => this.#inner.read(maxRows, rows));
  }

  close(): void {
    this.#inner.close();
  }
}

const TEXT_OID = 25;
export const INTEGER_OID = 23;

/** Rows of text that the engine has put together itself. */
export class TextRows implements RowSource {
  readonly fields: readonly FieldDescription[];
  readonly #rows: readonly (readonly (string | null)[])[];
  #next = 0;

  constructor(names: readonly string[], rows: readonly (readonly (string | null)[])[]) {
    this.fields = names.map((name) => ({ name, typeOid: TEXT_OID, typeSize: -1, typeModifier: -1 }));
    this.#rows = rows;
  }

  read(maxRows: number, rows: DataRowWriter): Promise<ReadResult> {
    const batch = this.#rows.slice(this.#next, this.#next + maxRows);
    for (const values of batch) {
      rows.row(
        values.map((value) => [value]),
        0,
      );
    }
    this.#next += batch.length;
    return Promise.resolve({ count: batch.length, done: this.#next >= this.#rows.length });
  }

  close(): void {
    this.#next = this.#rows.length;
  }
}

/** One row of text that the engine knows by itself. */
export class TextRow implements RowSource {
  readonly fields: readonly FieldDescription[];
  readonly #text: string;
  #isRead = false;

  constructor(name: string, text: string, typeOid = TEXT_OID) {
    this.fields = [{ name, typeOid, typeSize: -1, typeModifier: -1 }];
    this.#text = text;
  }

  read(_maxRows: number, rows: DataRowWriter): Promise<ReadResult> {
    if (this.#isRead) return Promise.resolve({ count: 0, done: true });
    this.#isRead = true;
    rows.row([[this.#text]], 0);
    return Promise.resolve({ count: 1, done: true });
  }

  close(): void {
    this.#isRead = true;
  }
}
