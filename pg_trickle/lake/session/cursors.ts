// Cursors of a transaction: postgres_fdw reads every table through one, often several at a time.
import type { RowSource } from "../duck/rows.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { done, type Execution } from "./execution.ts";

export class Cursors {
  readonly #open = new Map<string, RowSource>();
  /** Those that were open at each savepoint: the others end when it is rolled back to. */
  readonly #openAt = new Map<string, ReadonlySet<string>>();

  declare(name: string, execution: Execution): Execution {
    if (this.#open.has(name)) throw new LakeError(SQL_STATE.duplicateCursor, `cursor "${name}" already exists`);
    if (execution.rows === null) throw new LakeError(SQL_STATE.syntaxError, "a cursor needs a query that returns rows");
    this.#open.set(name, execution.rows);
    return done("DECLARE CURSOR");
  }

  fetch(name: string, count: number): Execution {
    return { rows: limited(this.#find(name), count), tag: (sent) => `FETCH ${sent}` };
  }

  /** Null closes all. */
  close(name: string | null): Execution {
    if (name === null) this.closeAll();
    else {
      this.#find(name).close();
      this.#open.delete(name);
    }
    return done("CLOSE CURSOR");
  }

  closeAll(): void {
    for (const rows of this.#open.values()) rows.close();
    this.#open.clear();
    this.#openAt.clear();
  }

  markSavepoint(savepoint: string): void {
    this.#openAt.set(savepoint, new Set(this.#open.keys()));
  }

  closeAfter(savepoint: string): void {
    const kept = this.#openAt.get(savepoint) ?? new Set();
    for (const [name, rows] of this.#open) {
      if (kept.has(name)) continue;
      rows.close();
      this.#open.delete(name);
    }
  }

  #find(name: string): RowSource {
    const rows = this.#open.get(name);
    if (rows !== undefined) return rows;
    throw new LakeError(SQL_STATE.invalidCursorName, `cursor "${name}" does not exist`);
  }
}

/** FETCH n: the same rows, ended after n of them. */
function limited(rows: RowSource, count: number): RowSource {
  let left = count;
  return {
    fields: rows.fields,
    read: async (maxRows, writer) => {
      const result = await rows.read(Math.min(maxRows, left), writer);
      left -= result.count;
      return { count: result.count, done: result.done || left <= 0 };
    },
    close: () => undefined,
  };
}
