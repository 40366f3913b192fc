/** A program that is started again when it ends by itself, as Kubernetes would do it. */
import type { StackProcess } from "./processes.ts";

/** A program that ends at once must not be started in a tight loop. */
const PAUSE_MS = 1_000;

export interface KeptProcess {
  /** The one that runs now, or ran last. */
  current(): StackProcess;
  stop(): Promise<void>;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    const cut = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", cut, { once: true });
  });
}

export async function keepRunning(
  start: () => Promise<StackProcess>,
  report: (text: string) => void,
): Promise<KeptProcess> {
  let current = await start();
  const stopping = new AbortController();
  const watch = async () => {
    while (!stopping.signal.aborted) {
      const how = await current.exited;
      if (stopping.signal.aborted) return;
      report(`${how}; it is started again`);
      await pause(stopping.signal);
      if (!stopping.signal.aborted) current = await start();
    }
  };
  const watched = watch().catch((error: unknown) => {
    report(`${current.name} could not be started again: ${String(error)}`);
  });
  return {
    current: () => current,
    async stop() {
      stopping.abort();
      await current.stop();
      await watched;
      // It may have been started again at this very moment.
      await current.stop();
    },
  };
}
