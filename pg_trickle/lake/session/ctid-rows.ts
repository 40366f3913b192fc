// Rows with places in them, on their way to the client: it gets ctids.
import type { ReadResult, RowSource } from "../duck/rows.ts";
import { DataRowWriter, type TextColumn } from "../wire/data-rows.ts";
import type { FieldDescription } from "../wire/replies.ts";
import type { Places } from "./places.ts";

const TID_OID = 27;

export class CtidRows implements RowSource {
  readonly fields: readonly FieldDescription[];
  readonly #inner: RowSource;
  readonly #writer: CtidWriter;

  constructor(inner: RowSource, ctidColumns: readonly number[], places: Places) {
    this.fields = inner.fields.map((field, index) =>
      ctidColumns.includes(index) ? { ...field, typeOid: TID_OID, typeSize: 6 } : field,
    );
    this.#inner = inner;
    this.#writer = new CtidWriter(ctidColumns, places);
  }

  read(maxRows: number, rows: DataRowWriter): Promise<ReadResult> {
    this.#writer.target = rows;
    return this.#inner.read(maxRows, this.#writer);
  }

  close(): void {
    this.#inner.close();
  }
}

/** Passes rows on, with ctids for places; a chunk's columns are looked at once, not at each of its rows. */
class CtidWriter extends DataRowWriter {
  target: DataRowWriter = this;
  readonly #ctidColumns: readonly number[];
  readonly #places: Places;
  #seen: readonly TextColumn[] | null = null;
  #columns: readonly TextColumn[] = [];

  constructor(ctidColumns: readonly number[], places: Places) {
    super();
    this.#ctidColumns = ctidColumns;
    this.#places = places;
  }

  override row(columns: readonly TextColumn[], rowIndex: number): void {
    if (columns !== this.#seen) {
      this.#columns = columns.map((column, index) =>
        this.#ctidColumns.includes(index) ? this.#ctids(column) : column,
      );
      this.#seen = columns;
    }
    this.target.row(this.#columns, rowIndex);
  }

  #ctids(column: TextColumn): TextColumn {
    return column.map((place) => (place === null ? null : this.#places.ctidOf(place)));
  }
}
