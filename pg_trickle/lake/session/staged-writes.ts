// What a transaction has written but DuckDB has not seen yet, in order. Kept until COMMIT, also after it has been applied:
// a transaction that only appended can then be run again after a conflict.

export type TextRow = readonly (string | null)[];

export type StagedRun =
  | { readonly kind: "insert"; readonly table: string; readonly columns: readonly string[]; readonly rows: TextRow[] }
  /** Rows are a rowid, then the new values. */
  | { readonly kind: "update"; readonly table: string; readonly columns: readonly string[]; readonly rows: TextRow[] }
  | { readonly kind: "delete"; readonly table: string; readonly columns: readonly []; readonly rows: TextRow[] };

/** Above this much text the rows go to DuckDB early: it can spill to disk, this process cannot. */
const LIMIT_CHARS = 64_000_000;

/** Position in the sequence of staged rows. */
export type StagedMark = number;

export class StagedWrites {
  #runs: StagedRun[] = [];
  #appliedRuns = 0;
  #rowCount = 0;
  #sizeChars = 0;
  #droppedRows = false;

  add(run: StagedRun): void {
    this.#rowCount += run.rows.length;
    for (const row of run.rows) this.#sizeChars += row.reduce((sum, value) => sum + (value?.length ?? 1) + 8, 0);
    const last = this.#runs.at(-1);
    const joins = this.#runs.length > this.#appliedRuns && last !== undefined && isSameTarget(last, run);
    if (joins) last.rows.push(...run.rows);
    else this.#runs.push({ ...run, rows: [...run.rows] });
  }

  get pending(): readonly StagedRun[] {
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

  /** False once rows have been let go: then nothing can be run again. */
  get canReplay(): boolean {
    return !this.#droppedRows && this.#runs.every((run) => run.kind === "insert");
  }

  get tables(): readonly string[] {
    return [...new Set(this.#runs.map((run) => run.table))];
  }

  mark(): StagedMark {
    return this.#rowCount;
  }

  applied(): void {
    this.#appliedRuns = this.#runs.length;
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
      if (last === undefined) break;
      const excess = Math.min(this.#rowCount - mark, last.rows.length);
      last.rows.length -= excess;
      this.#rowCount -= excess;
      if (last.rows.length === 0) this.#runs.pop();
    }
  }

  clear(): void {
    this.#runs = [];
    this.#appliedRuns = 0;
    this.#rowCount = 0;
    this.#sizeChars = 0;
    this.#droppedRows = false;
  }
}

function isSameTarget(left: StagedRun, right: StagedRun): boolean {
  return (
    left.kind === right.kind &&
    left.table === right.table &&
    left.columns.length === right.columns.length &&
    left.columns.every((column, index) => column === right.columns[index])
  );
}
