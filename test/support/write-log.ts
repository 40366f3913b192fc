/**
 * Counts the writes of a process that goes through proxies, in the order of their coming, and lets a test step in before and
 * after each: to kill the process at the n-th write, or to lose its answer.
 */

export interface Write {
  /** From 1, over all proxies that share the log. */
  readonly n: number;
  /** `PATCH /apis/…` or the text of a statement. */
  readonly what: string;
}

/** before: the server knows nothing of it yet. after: the server has done it, the client doesn't know yet. */
export type Moment = "before" | "after";

/** `drop`: before, the write never happens; after, its answer is lost; in both cases the connection is reset. */
export type Outcome = "pass" | "drop";

export type WriteHook = (moment: Moment, write: Write) => Outcome | Promise<Outcome>;

export const passAll: WriteHook = () => "pass";

/** Kills at this moment of this write; whatever comes later passes. */
export function crashAt(n: number, moment: Moment, kill: () => void | Promise<void>): WriteHook {
  return async (now, write) => {
    if (now !== moment || write.n !== n) return "pass";
    await kill();
    return "drop";
  };
}

export class WriteLog {
  readonly writes: Write[] = [];
  /** May be exchanged at any time. */
  hook: WriteHook;

  constructor(hook: WriteHook = passAll) {
    this.hook = hook;
  }

  add(what: string): Write {
    const write = { n: this.writes.length + 1, what };
    this.writes.push(write);
    return write;
  }

  async isDropped(moment: Moment, write: Write): Promise<boolean> {
    return (await this.hook(moment, write)) === "drop";
  }
}
