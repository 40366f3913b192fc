// Rows of a read at fixed snapshots. If DuckDB's instance dies before the first row has gone out, or a file goes that the next
// read does not need, they are asked for once more; afterwards the client has a part of an answer that nobody can go on with, and is told so.
import type { Lake } from "../duck/lake.ts";
import type { ReadResult, RowSource } from "../duck/rows.ts";
import { deathIn, hasSqlState, SQL_STATE, toLakeError } from "../errors.ts";
import type { DataRowWriter } from "../wire/data-rows.ts";
import type { FieldDescription } from "../wire/replies.ts";

export class HealingRows implements RowSource {
  readonly fields: readonly FieldDescription[];
  readonly #lake: Lake;
  readonly #open: () => Promise<RowSource>;
  #rows: RowSource;
  #mayReopen = true;

  private constructor(lake: Lake, open: () => Promise<RowSource>, rows: RowSource) {
    this.#lake = lake;
    this.#open = open;
    this.#rows = rows;
    this.fields = rows.fields;
  }

  static async open(lake: Lake, open: () => Promise<RowSource>): Promise<HealingRows> {
    return new HealingRows(lake, open, await open());
  }

  async read(maxRows: number, writer: DataRowWriter): Promise<ReadResult> {
    try {
      const result = await this.#lake.renewing(() => this.#rows.read(maxRows, writer));
      if (result.count > 0) this.#mayReopen = false;
      return result;
    } catch (error) {
      const isPassing = deathIn(error) !== null || hasSqlState(error, SQL_STATE.readCutShort);
      if (!isPassing || !this.#mayReopen) throw toLakeError(error);
    }
    this.#mayReopen = false;
    this.#rows.close();
    this.#rows = await this.#open();
    return this.read(maxRows, writer);
  }

  close(): void {
    this.#rows.close();
  }
}
