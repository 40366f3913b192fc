/** How late the event loop is: a timer that should fire each half second tells by how much it didn't. */
import type { Clock, TimerHandle } from "../kube/types.ts";

const TICK_MS = 500;
/** A lag is remembered so long, so that a probe each 10 s can't fall between two of them. */
const WINDOW_MS = 30_000;

export interface LoopLag {
  /** The worst of the last half minute, the current one included. */
  worstMs(): number;
  stop(): void;
}

class TimerLoopLag implements LoopLag {
  readonly #clock: Clock;
  #samples: { readonly atMs: number; readonly lagMs: number }[] = [];
  #expectedMs = 0;
  #timer: TimerHandle | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#arm();
  }

  worstMs(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#samples = this.#samples.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    return Math.max(0, nowMs - this.#expectedMs, ...this.#samples.map(({ lagMs }) => lagMs));
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#expectedMs = this.#clock.monotonicMs() + TICK_MS;
    this.#timer = this.#clock.after(TICK_MS, () => {
      const atMs = this.#clock.monotonicMs();
      this.#samples.push({ atMs, lagMs: atMs - this.#expectedMs });
      this.worstMs();
      this.#arm();
    });
  }
}

export function measureLoopLag(clock: Clock): LoopLag {
  return new TimerLoopLag(clock);
}
