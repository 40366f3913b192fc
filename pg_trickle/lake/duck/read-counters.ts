// What deltas have read since the engine started: a number that does not lie about whether a refresh costs what changed.

export interface Read {
  readonly files: number;
  readonly rows: number;
  /** Deleted positions. */
  readonly positions: number;
}

export class ReadCounters {
  #total: Read = { files: 0, rows: 0, positions: 0 };

  get total(): Read {
    return this.#total;
  }

  count({ files, rows, positions }: Read): void {
    const { files: allFiles, rows: allRows, positions: allPositions } = this.#total;
    this.#total = { files: allFiles + files, rows: allRows + rows, positions: allPositions + positions };
  }
}
