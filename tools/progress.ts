/**
 * Tells the person at the terminal what is going on. Whatever takes longer than two seconds is shown with its elapsed time;
 * what is quicker stays quiet. Writes to standard error, so that standard output stays for results.
 */

const QUIET_MS = 2_000;
const PLAIN_REPEAT_MS = 15_000;

export interface Progress {
  /** Does `work` and shows it while it lasts; `detail` refines what is shown. */
  step<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T>;
  /** A line that stays. */
  say(line: string): void;
}

/** As `12 s` or `3 min 05 s`. */
export function formatElapsed(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

export const silentProgress: Progress = { step: (_title, work) => work(() => {}), say: () => {} };

interface Running {
  readonly title: string;
  readonly startedAt: number;
  detail: string;
  shownAt: number;
}

/** Progress on a terminal: one line drawn again each second there, a line now and then where output goes to a file. */
export function terminalProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const running = new Set<Running>();
  let timer: NodeJS.Timeout | undefined;
  const clear = () => out.isTTY && out.write("\r\u001b[K");
  const describe = (step: Running) => `${step.title}${step.detail ? `: ${step.detail}` : ""}`;

  const tick = () => {
    const now = Date.now();
    const late = [...running].filter((step) => now - step.startedAt >= QUIET_MS);
    if (out.isTTY) {
      const text = late.map((step) => `${describe(step)} (${formatElapsed(now - step.startedAt)})`).join(" | ");
      if (text) out.write(`\r\u001b[K${text.slice(0, Math.max(20, (out.columns || 80) - 1))}`);
      return;
    }
    for (const step of late.filter((one) => now - one.shownAt >= PLAIN_REPEAT_MS)) {
      step.shownAt = now;
      out.write(`${describe(step)} (${formatElapsed(now - step.startedAt)}) …\n`);
    }
  };

  const finish = (step: Running, word: string) => {
    running.delete(step);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    const elapsed = Date.now() - step.startedAt;
    if (elapsed < QUIET_MS) return;
    clear();
    out.write(`${step.title}: ${word} after ${formatElapsed(elapsed)}\n`);
  };

  return {
    say(line) {
      clear();
      out.write(`${line}\n`);
    },
    async step(title, work) {
      const step: Running = { title, startedAt: Date.now(), detail: "", shownAt: 0 };
      running.add(step);
      timer ??= setInterval(tick, 500);
      timer.unref();
      try {
        const result = await work((text) => {
          step.detail = text;
        });
        finish(step, "done");
        return result;
      } catch (error) {
        finish(step, "failed");
        throw error;
      }
    },
  };
}
