/** Progress of one process shown by another: the stack starts in the background, the terminal is in front. */
import type { Progress } from "../tools/progress.ts";

export type ProgressMessage =
  | { readonly kind: "begin"; readonly id: number; readonly title: string }
  | { readonly kind: "detail"; readonly id: number; readonly text: string }
  | { readonly kind: "end"; readonly id: number; readonly failed: boolean }
  | { readonly kind: "line"; readonly text: string };

export function sendingProgress(send: (message: ProgressMessage) => void): Progress {
  let last = 0;
  return {
    say: (text) => send({ kind: "line", text }),
    async step(title, work) {
      const id = ++last;
      send({ kind: "begin", id, title });
      try {
        const result = await work((text) => send({ kind: "detail", id, text }));
        send({ kind: "end", id, failed: false });
        return result;
      } catch (error) {
        send({ kind: "end", id, failed: true });
        throw error;
      }
    },
  };
}

interface Shown {
  readonly detail: (text: string) => void;
  readonly end: (failed: boolean) => void;
}

/** Shows what another process sends. */
export function receivingProgress(progress: Progress): (message: ProgressMessage) => void {
  const steps = new Map<number, Shown>();
  const begin = (id: number, title: string) => {
    const shown = progress.step(
      title,
      (detail) =>
        new Promise<void>((resolve, reject) => {
          steps.set(id, { detail, end: (failed) => (failed ? reject(new Error(title)) : resolve()) });
        }),
    );
    // Why it failed is told by whoever started the process.
    shown.catch(() => {});
  };
  return (message) => {
    if (message.kind === "line") progress.say(message.text);
    else if (message.kind === "begin") begin(message.id, message.title);
    else if (message.kind === "detail") steps.get(message.id)?.detail(message.text);
    else steps.get(message.id)?.end(message.failed);
  };
}
