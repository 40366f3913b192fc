// The savepoints of a lake transaction: how much had been staged at each, and whether what came after it has reached DuckDB,
// which has none.
import { LakeError, SQL_STATE } from "../errors.ts";
import type { StagedMark } from "./staged-writes.ts";

export interface Savepoint {
  readonly name: string;
  readonly mark: StagedMark;
  /** Rows staged after it, or a change that cannot be staged, have reached DuckDB. */
  isApplied: boolean;
}

export class Savepoints {
  #all: Savepoint[] = [];

  set(name: string, mark: StagedMark): void {
    this.#all.push({ name, mark, isApplied: false });
  }

  /** The last of that name; 3B001 if there is none. */
  find(name: string): Savepoint {
    const found = this.#all.findLast((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    throw new LakeError(SQL_STATE.invalidSavepoint, `savepoint "${name}" does not exist`);
  }

  /** Forgets that one and all after it. */
  release(name: string): void {
    this.#all.length = this.#all.indexOf(this.find(name));
  }

  /** Forgets all after that one. */
  endAt(savepoint: Savepoint): void {
    this.#all.length = this.#all.indexOf(savepoint) + 1;
  }

  /** A change has reached DuckDB. */
  applied(): void {
    for (const savepoint of this.#all) savepoint.isApplied = true;
  }

  /** All that was staged up to here has reached DuckDB. */
  appliedUpTo(mark: StagedMark): void {
    for (const savepoint of this.#all) savepoint.isApplied ||= mark > savepoint.mark;
  }

  /** DuckDB has nothing of it any more. */
  unapplied(): void {
    for (const savepoint of this.#all) savepoint.isApplied = false;
  }

  clear(): void {
    this.#all = [];
  }
}

export function noPartialRollback(): LakeError {
  return new LakeError("0A000", "a DELETE or UPDATE of a lake table cannot be rolled back to a savepoint", {
    hint: "Roll the whole transaction back; keep deletes and updates of lake tables out of blocks that catch exceptions.",
  });
}
