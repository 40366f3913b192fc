/** A clock of a process that can be stopped: time goes on, but nothing runs by it until it is let go again. */
import type { Clock, TimerHandle } from "../../operator/kube/types.ts";

export class FreezableClock implements Clock {
  readonly #clock: Clock;
  readonly #late: (() => void)[] = [];
  #isFrozen = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  now(): Date {
    return this.#clock.now();
  }

  after(delayMs: number, run: () => void): TimerHandle {
    let isCancelled = false;
    const runUnlessCancelled = () => {
      if (!isCancelled) run();
    };
    const timer = this.#clock.after(delayMs, () => {
      if (this.#isFrozen) this.#late.push(runUnlessCancelled);
      else runUnlessCancelled();
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  /** What should have run meanwhile runs now, in its order. */
  thaw(): void {
    this.#isFrozen = false;
    for (const run of this.#late.splice(0)) run();
  }
}
