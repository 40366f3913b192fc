/** What was told of commits, and what the lake's head says of it: a commit that failed must not be there. */
import type { Counts } from "./counts.ts";
import { Finding, UndeterminedError } from "./finding.ts";
import type { Changes } from "./model.ts";

export interface FailedCommit {
  readonly changes: Changes;
  readonly isUnknown: boolean;
  readonly text: string;
}

/** Between two looks at the head, both at moments when no commit is under way. */
export class Ledger {
  readonly #counts: Counts;
  #head = 0;
  #told = 0;
  #isMaintained = false;
  #failed: FailedCommit[] = [];

  constructor(counts: Counts, head: number) {
    this.#counts = counts;
    this.#head = head;
  }

  get head(): number {
    return this.#head;
  }

  committed(): void {
    this.#told++;
  }

  maintained(): void {
    this.#isMaintained = true;
  }

  failed(commit: FailedCommit): void {
    this.#failed.push(commit);
  }

  /** Gives the changes of a commit of unknown outcome that turns out to be in the lake. */
  lookAt(head: number): Changes | undefined {
    const unexplained = head - this.#head - this.#told;
    const failed = this.#failed;
    const wasMaintained = this.#isMaintained;
    this.#head = head;
    this.#told = 0;
    this.#failed = [];
    this.#isMaintained = false;
    if (failed.length === 0) return undefined;
    const unknown = failed.filter(({ isUnknown }) => isUnknown);
    if (wasMaintained || unknown.length > 1) {
      if (unknown.length > 0) throw new UndeterminedError("a commit of unknown outcome beside others");
      return undefined;
    }
    return this.#explain(unexplained, failed, unknown[0]);
  }

  #explain(
    unexplained: number,
    failed: readonly FailedCommit[],
    unknown: FailedCommit | undefined,
  ): Changes | undefined {
    if (unexplained <= 0) {
      if (unknown) this.#counts.add("unknown commits: not done");
      return undefined;
    }
    if (unknown && unexplained === 1) {
      this.#counts.add("unknown commits: done");
      return unknown.changes;
    }
    throw new Finding(
      "told-outcome",
      "commit",
      `failed, and is in the lake: ${failed.map(({ text }) => text).join("; ")}`,
    );
  }
}
