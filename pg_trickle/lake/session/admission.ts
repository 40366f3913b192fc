// How many queries may run at once. A query counts as young for its first second: the bound is on young ones, so that a
// short query gets in though long ones fill the machine, and a second bound, a few times higher, is on all.

export const YOUNG_MS = 1000;
const ALL_PER_YOUNG = 4;

interface Waiter {
  readonly start: () => void;
}

export interface AdmissionOptions {
  readonly maxRunning: number;
  readonly now: () => number;
  readonly wakeIn: (delayMs: number, wake: () => void) => void;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #startedAt = new Set<{ readonly at: number }>();
  readonly #waiters: Waiter[] = [];
  #wakePending = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#startedAt.size;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Runs one step of a query when there is room; leaves the queue when the signal is aborted. */
  async run<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const slot = await this.#enter(signal);
    try {
      return await step();
    } finally {
      this.#startedAt.delete(slot);
      this.#startWaiting();
    }
  }

  async #enter(signal: AbortSignal): Promise<{ readonly at: number }> {
    if (this.#waiters.length > 0 || !this.#hasRoom()) await this.#wait(signal);
    const slot = { at: this.#options.now() };
    this.#startedAt.add(slot);
    return slot;
  }

  #hasRoom(): boolean {
    const { maxRunning, now } = this.#options;
    const young = [...this.#startedAt].filter((slot) => now() - slot.at < YOUNG_MS).length;
    return young < maxRunning && this.#startedAt.size < maxRunning * ALL_PER_YOUNG;
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener("abort", aborted);
          resolve();
        },
      };
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiters.push(waiter);
      this.#wakeWhenOneIsOld();
    });
  }

  #startWaiting(): void {
    if (this.#hasRoom()) this.#waiters.shift()?.start();
    this.#wakeWhenOneIsOld();
  }

  #wakeWhenOneIsOld(): void {
    if (this.#wakePending || this.#waiters.length === 0) return;
    this.#wakePending = true;
    this.#options.wakeIn(YOUNG_MS, () => {
      this.#wakePending = false;
      this.#startWaiting();
    });
  }
}
