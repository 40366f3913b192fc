// Write queues: DuckLake makes an insert and a delete of one table conflict at COMMIT whichever comes first, so a repair
// under ingest would nearly always fail. Inside one engine nobody has to: a DELETE or UPDATE holds the table's queue alone
// until its COMMIT, appends share it for the moment of theirs. First come, first served: nobody starves.
import { LakeError, SQL_STATE } from "../errors.ts";

export type QueueMode = "exclusive" | "shared";

interface Holder {
  readonly owner: object;
  readonly mode: QueueMode;
}

interface Waiter extends Holder {
  readonly grant: () => void;
}

interface WriteQueue {
  readonly holders: Holder[];
  readonly waiters: Waiter[];
}

export interface QueueRequest {
  readonly key: string;
  readonly owner: object;
  readonly mode: QueueMode;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export class WriteQueues {
  readonly #queues = new Map<string, WriteQueue>();

  /** Does nothing if the owner holds the queue like that, or alone, already. */
  async acquire(request: QueueRequest): Promise<void> {
    request.signal.throwIfAborted();
    if (this.holds(request.key, request.owner, request.mode)) return;
    const queue = this.#queue(request.key);
    if (queue.waiters.length === 0 && isFree(queue, request)) {
      queue.holders.push({ owner: request.owner, mode: request.mode });
      return;
    }
    if (this.#wouldDeadlock(queue, request.owner)) throw deadlock(request.key);
    await this.#wait(queue, request);
  }

  release(key: string, owner: object): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    removeWhere(queue.holders, (holder) => holder.owner === owner);
    this.#grantNext(key, queue);
  }

  releaseAll(owner: object): void {
    for (const key of [...this.#queues.keys()]) this.release(key, owner);
  }

  holds(key: string, owner: object, mode: QueueMode): boolean {
    const holders = this.#queues.get(key)?.holders ?? [];
    return holders.some((holder) => holder.owner === owner && (holder.mode === "exclusive" || holder.mode === mode));
  }

  #queue(key: string): WriteQueue {
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue: WriteQueue = { holders: [], waiters: [] };
    this.#queues.set(key, queue);
    return queue;
  }

  #wait(queue: WriteQueue, request: QueueRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (error: unknown) => {
        finish();
        removeWhere(queue.waiters, (candidate) => candidate === waiter);
        this.#grantNext(request.key, queue);
        reject(error);
      };
      const timer = setTimeout(() => leave(timedOut(request)), request.timeoutMs);
      const aborted = () => leave(request.signal.reason);
      const finish = () => {
        clearTimeout(timer);
        request.signal.removeEventListener("abort", aborted);
      };
      const waiter: Waiter = {
        owner: request.owner,
        mode: request.mode,
        grant: () => {
          finish();
          queue.holders.push({ owner: request.owner, mode: request.mode });
          resolve();
        },
      };
      request.signal.addEventListener("abort", aborted, { once: true });
      queue.waiters.push(waiter);
    });
  }

  #grantNext(key: string, queue: WriteQueue): void {
    for (let next = queue.waiters[0]; next !== undefined && isFree(queue, next); next = queue.waiters[0]) {
      queue.waiters.shift();
      next.grant();
    }
    if (queue.holders.length === 0 && queue.waiters.length === 0) this.#queues.delete(key);
  }

  /** Follows who waits for whom, from the queue's holders on; a way back to the owner is a cycle. */
  #wouldDeadlock(queue: WriteQueue, owner: object): boolean {
    const seen = new Set<object>();
    const toVisit = queue.holders.map((holder) => holder.owner).filter((holder) => holder !== owner);
    for (let holder = toVisit.pop(); holder !== undefined; holder = toVisit.pop()) {
      if (holder === owner) return true;
      if (seen.has(holder)) continue;
      seen.add(holder);
      toVisit.push(...this.#blockersOf(holder));
    }
    return false;
  }

  #blockersOf(owner: object): object[] {
    const waitingAt = [...this.#queues.values()].filter((queue) =>
      queue.waiters.some((waiter) => waiter.owner === owner),
    );
    return waitingAt.flatMap((queue) => queue.holders.map((holder) => holder.owner));
  }
}

function isFree(queue: WriteQueue, wanted: Holder): boolean {
  const others = queue.holders.filter((holder) => holder.owner !== wanted.owner);
  return wanted.mode === "exclusive" ? others.length === 0 : others.every((holder) => holder.mode === "shared");
}

function removeWhere<T>(items: T[], matches: (item: T) => boolean): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item !== undefined && matches(item)) items.splice(index, 1);
  }
}

function timedOut(request: QueueRequest): LakeError {
  return new LakeError(SQL_STATE.lockNotAvailable, `another transaction is changing ${request.key}`, {
    detail: `Waited ${request.timeoutMs} ms for it to end.`,
    hint: "A DELETE or UPDATE holds the writers of its table back until it commits; end that transaction and try again.",
  });
}

function deadlock(key: string): LakeError {
  return new LakeError(SQL_STATE.deadlockDetected, `deadlock detected while waiting to change ${key}`, {
    hint: "Change lake tables in the same order in all transactions, then run this one again.",
  });
}
