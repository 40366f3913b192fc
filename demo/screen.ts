// Where the demo's lines go: numbered acts, indented facts, ✓ or ✗ for each claim. Holds no facts of its own.

import type { Claim } from "./claims.ts";
import { type Palette, renderSeconds } from "./render.ts";

export interface Screen {
  act(title: string): void;
  line(text: string): void;
  lines(texts: readonly string[]): void;
  quiet(text: string): void;
  claim(claim: Claim): void;
}

const INDENT = "    ";

export function createScreen(write: (text: string) => void, palette: Palette): Screen {
  let acts = 0;
  const startedMs = performance.now();
  const indented = (text: string) => write(`${INDENT}${text}`.trimEnd().concat("\n"));
  return {
    act(title) {
      acts += 1;
      const elapsed = palette.dim(`  (${renderSeconds(performance.now() - startedMs)})`);
      write(`\n ${acts}  ${palette.bold(title)}${elapsed}\n`);
    },
    line: indented,
    lines(texts) {
      for (const text of texts) {
        indented(text);
      }
    },
    quiet(text) {
      for (const line of text.trimEnd().split("\n")) {
        indented(palette.dim(line));
      }
    },
    claim({ text, problems }) {
      const mark = problems.length === 0 ? palette.good("✓") : palette.bad("✗");
      indented(`${mark} ${text}`);
      for (const problem of problems) {
        indented(`    ${palette.bad(problem)}`);
      }
    },
  };
}
