// What deltas have read since the engine started: numbers that do not lie about whether a refresh costs what changed.
import { readFileSync } from "node:fs";
import type { DeltaCounters } from "../planner/types.ts";

type Read = Omit<DeltaCounters, "processBytes">;

export class ReadCounters {
  #files = 0;
  #rows = 0;
  #positions = 0;

  get total(): DeltaCounters {
    return { files: this.#files, rows: this.#rows, positions: this.#positions, processBytes: readProcessBytes() };
  }

  count({ files, rows, positions }: Read): void {
    this.#files += files;
    this.#rows += rows;
    this.#positions += positions;
  }
}

/** Of Linux; 0 where there is no such file. Sockets count too, so that nothing read is left out. */
function readProcessBytes(): number {
  try {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
