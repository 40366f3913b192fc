// Waiting for something to become true, with a deadline and a sentence about what did not happen.

export interface WaitOptions {
  readonly what: string;
  readonly timeoutMs: number;
}

/** Asks until there is an answer; fails with `what` after the deadline. */
export async function waitFor<T>(ask: () => Promise<T | undefined>, { what, timeoutMs }: WaitOptions): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) {
      return answer;
    }
    if (performance.now() > deadline) {
      throw new Error(`after ${timeoutMs / 1000} s still not: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
