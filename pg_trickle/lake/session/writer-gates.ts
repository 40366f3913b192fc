// Writer gates: DuckLake makes an insert and a delete of one table conflict at COMMIT whichever comes first, so a repair
// under ingest would nearly always fail. Inside one engine nobody has to: a DELETE or UPDATE holds the table's gate alone
// until its COMMIT, appends share it for the moment of theirs. First come, first served: nobody starves.
import { LakeError, SQL_STATE } from "../errors.ts";

export type GateMode = "exclusive" | "shared";

interface Holder {
  readonly owner: object;
  readonly mode: GateMode;
}

interface Waiter extends Holder {
  readonly grant: () => void;
}

interface Gate {
  readonly holders: Holder[];
  readonly waiters: Waiter[];
}

export interface GateRequest {
  readonly key: string;
  readonly owner: object;
  readonly mode: GateMode;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Does nothing if the owner holds the gate like that, or alone, already. */
  async acquire(request: GateRequest): Promise<void> {
    request.signal.throwIfAborted();
    if (this.holds(request.key, request.owner, request.mode)) return;
    const gate = this.#gate(request.key);
    if (gate.waiters.length === 0 && isFree(gate, request)) {
      gate.holders.push({ owner: request.owner, mode: request.mode });
      return;
    }
    if (this.#wouldDeadlock(gate, request.owner)) throw deadlock(request.key);
    await this.#wait(gate, request);
  }

  release(key: string, owner: object): void {
    const gate = this.#gates.get(key);
    if (gate === undefined) return;
    removeWhere(gate.holders, (holder) => holder.owner === owner);
    this.#grantNext(key, gate);
  }

  releaseAll(owner: object): void {
    for (const key of [...this.#gates.keys()]) this.release(key, owner);
  }

  holds(key: string, owner: object, mode: GateMode): boolean {
    const holders = this.#gates.get(key)?.holders ?? [];
    return holders.some((holder) => holder.owner === owner && (holder.mode === "exclusive" || holder.mode === mode));
  }

  #gate(key: string): Gate {
    const known = this.#gates.get(key);
    if (known !== undefined) return known;
    const gate: Gate = { holders: [], waiters: [] };
    this.#gates.set(key, gate);
    return gate;
  }

  #wait(gate: Gate, request: GateRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (error: unknown) => {
        finish();
        removeWhere(gate.waiters, (candidate) => candidate === waiter);
        this.#grantNext(request.key, gate);
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
          gate.holders.push({ owner: request.owner, mode: request.mode });
          resolve();
        },
      };
      request.signal.addEventListener("abort", aborted, { once: true });
      gate.waiters.push(waiter);
    });
  }

  #grantNext(key: string, gate: Gate): void {
    for (let next = gate.waiters[0]; next !== undefined && isFree(gate, next); next = gate.waiters[0]) {
      gate.waiters.shift();
      next.grant();
    }
    if (gate.holders.length === 0 && gate.waiters.length === 0) this.#gates.delete(key);
  }

  /** Follows who waits for whom, from the gate's holders on; a way back to the owner is a cycle. */
  #wouldDeadlock(gate: Gate, owner: object): boolean {
    const seen = new Set<object>();
    const toVisit = gate.holders.map((holder) => holder.owner).filter((holder) => holder !== owner);
    for (let holder = toVisit.pop(); holder !== undefined; holder = toVisit.pop()) {
      if (holder === owner) return true;
      if (seen.has(holder)) continue;
      seen.add(holder);
      toVisit.push(...this.#blockersOf(holder));
    }
    return false;
  }

  #blockersOf(owner: object): object[] {
    const waitingAt = [...this.#gates.values()].filter((gate) => gate.waiters.some((waiter) => waiter.owner === owner));
    return waitingAt.flatMap((gate) => gate.holders.map((holder) => holder.owner));
  }
}

function isFree(gate: Gate, wanted: Holder): boolean {
  const others = gate.holders.filter((holder) => holder.owner !== wanted.owner);
  return wanted.mode === "exclusive" ? others.length === 0 : others.every((holder) => holder.mode === "shared");
}

function removeWhere<T>(items: T[], matches: (item: T) => boolean): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item !== undefined && matches(item)) items.splice(index, 1);
  }
}

function timedOut(request: GateRequest): LakeError {
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
