// What a transaction has written, in order: rows that DuckDB has not seen yet, and, until COMMIT, everything that it has, so
// that the same can be done again in a new DuckDB transaction after a conflict.
import type { Place } from "./places.ts";

export type TextRow = readonly (string | null)[];

export interface InsertRun {
  readonly kind: "insert";
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: TextRow[];
}

/** Row by row: a place, and for an update the new values. */
export interface PlacesRun {
  readonly kind: "update" | "delete";
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: TextRow[];
  readonly places: Place[];
}

/** A statement that DuckDB has run at once, and how many rows it changed. */
export interface ChangeRun {
  readonly kind: "change";
  readonly table: string;
  readonly sql: string;
  readonly count: number;
}

export type RowsRun = InsertRun | PlacesRun;
export type WriteRun = RowsRun | ChangeRun;

/** Above this much text the rows go to DuckDB early: it can spill to disk, this process cannot. */
const LIMIT_CHARS = 64_000_000;

/** Position in the sequence of staged rows. */
export type StagedMark = number;

export class StagedWrites {
  #runs: WriteRun[] = [];
  #appliedRuns = 0;
  #rowCount = 0;
  #sizeChars = 0;
  #droppedRows = false;
  /** Of the rows that wait to be changed: a row that is gone already is not changed again. */
  readonly #pendingCtids = new Set<string>();

  /** Gives the number of rows that it took: as in PostgreSQL the first change of a row counts. */
  add(run: RowsRun): number {
    const taken = run.kind === "insert" ? { ...run, rows: [...run.rows] } : this.#withoutRepeats(run);
    this.#rowCount += taken.rows.length;
    for (const row of taken.rows) this.#sizeChars += row.reduce((sum, value) => sum + (value?.length ?? 1) + 8, 32);
    if (taken.rows.length > 0 && !this.#join(taken)) this.#runs.push(taken);
    return taken.rows.length;
  }

  /** A statement that has been run already. */
  addChange(run: ChangeRun): void {
    this.#runs.push(run);
    this.#sizeChars += run.sql.length;
    this.applied();
  }

  get pending(): readonly WriteRun[] {
    return this.#runs.slice(this.#appliedRuns);
  }

  get hasPending(): boolean {
    return this.#appliedRuns < this.#runs.length;
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0 && !this.#droppedRows;
  }

  get isLarge(): boolean {
    return this.#sizeChars > LIMIT_CHARS;
  }

  /** False once rows have been let go. */
  get canRepeat(): boolean {
    return !this.#droppedRows;
  }

  /** Whether it can be done again whatever others have changed. */
  get canReplay(): boolean {
    return this.canRepeat && this.#runs.every((run) => run.kind === "insert");
  }

  mark(): StagedMark {
    return this.#rowCount;
  }

  applied(): void {
    this.#appliedRuns = this.#runs.length;
    this.#pendingCtids.clear();
    if (!this.isLarge) return;
    this.#droppedRows = true;
    this.#runs = [];
    this.#appliedRuns = 0;
    this.#sizeChars = 0;
  }

  /** Everything is to be applied anew, in a new DuckDB transaction. */
  unapply(): void {
    this.#appliedRuns = 0;
  }

  /** Forgets the rows after the mark; those must not have been applied. */
  truncate(mark: StagedMark): void {
    while (this.#rowCount > mark) {
      const last = this.#runs.at(-1);
      if (last === undefined || last.kind === "change") break;
      this.#shorten(last, Math.min(this.#rowCount - mark, last.rows.length));
      if (last.rows.length === 0) this.#runs.pop();
    }
  }

  clear(): void {
    this.#runs = [];
    this.#appliedRuns = 0;
    this.#rowCount = 0;
    this.#sizeChars = 0;
    this.#droppedRows = false;
    this.#pendingCtids.clear();
  }

  #shorten(run: RowsRun, excess: number): void {
    run.rows.length -= excess;
    this.#rowCount -= excess;
    if (run.kind === "insert") return;
    for (const { ctid } of run.places.splice(run.rows.length)) this.#pendingCtids.delete(ctid);
  }

  #withoutRepeats(run: PlacesRun): PlacesRun {
    const isNew = run.places.map(({ ctid }) => {
      const known = this.#pendingCtids.has(ctid);
      this.#pendingCtids.add(ctid);
      return !known;
    });
    return { ...run, rows: run.rows.filter((_, at) => isNew[at]), places: run.places.filter((_, at) => isNew[at]) };
  }

  /** Adds the rows to the last run if that has the same target and still waits. */
  #join(run: RowsRun): boolean {
    const last = this.#runs.at(-1);
    if (this.#runs.length <= this.#appliedRuns || last === undefined || !isSameTarget(last, run)) return false;
    last.rows.push(...run.rows);
    if (last.kind !== "insert" && run.kind !== "insert") last.places.push(...run.places);
    return true;
  }
}

function isSameTarget(left: WriteRun, right: RowsRun): left is RowsRun {
  return (
    left.kind === right.kind &&
    left.table === right.table &&
    left.columns.length === right.columns.length &&
    left.columns.every((column, index) => column === right.columns[index])
  );
}
