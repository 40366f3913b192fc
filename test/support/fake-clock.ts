/** Time that only moves when a test says so. */
import type { Clock, TimerHandle } from "../../operator/kube/types.ts";

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Lets everything that is ready by promises run, without any timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #epochMs: number;
  readonly #pending = new Set<Pending>();

  constructor(epoch = "2026-11-22T12:00:00.000Z") {
    this.#epochMs = Date.parse(epoch);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  now(): Date {
    return new Date(this.#epochMs + this.#nowMs);
  }

  after(delayMs: number, run: () => void): TimerHandle {
    this.#order += 1;
    const pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, run };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  /** Timers that wait: a test that ends with some has leaked them. */
  get timerCount(): number {
    return this.#pending.size;
  }

  /** Delays of the waiting timers, soonest first. */
  get delaysMs(): number[] {
    return [...this.#pending].map(({ dueMs }) => dueMs - this.#nowMs).sort((left, right) => left - right);
  }

  settle(): Promise<void> {
    return settle();
  }

  /** Moves on, running each timer at its time and what follows from it before the next one. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#pending.delete(next);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Pending | undefined {
    return [...this.#pending]
      .filter(({ dueMs }) => dueMs <= endMs)
      .sort((left, right) => left.dueMs - right.dueMs || left.order - right.order)[0];
  }
}
