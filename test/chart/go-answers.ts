/** Asks a small Go program: JSON in, JSON out, one answer a question. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import { ensureGoProgram } from "../../tools/go-program.ts";
import { silentProgress } from "../../tools/progress.ts";

export interface GoHelper {
  readonly ensure: () => Promise<string>;
  readonly ask: <Answer>(questions: readonly unknown[]) => Promise<readonly Answer[]>;
}

/** @param module its folder under tools/go. */
export function goHelper(module: string, title: string): GoHelper {
  const source = { module, program: module, package: ".", title: `${title} (built once)` };
  const ensure = async () => join(await ensureGoProgram(source, silentProgress), module);
  return {
    ensure,
    ask: async <Answer>(questions: readonly unknown[]) => {
      const child = spawn(await ensure(), { stdio: ["pipe", "pipe", "pipe"] });
      const failed = new Promise<never>((_, reject) => child.once("error", reject));
      child.stdin.end(JSON.stringify(questions));
      const complaint = text(child.stderr);
      const answers = json(child.stdout).catch(async () => {
        throw new Error(`${title} answers nothing: ${await complaint}`);
      });
      return (await Promise.race([answers, failed])) as readonly Answer[];
    },
  };
}
