/** Asks a small Go program: JSON in, JSON out, one answer a question. */
import { spawn } from "node:child_process";
import { json, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ensureGoProgram } from "../../tools/go-program.ts";
import { silentProgress } from "../../tools/progress.ts";

export interface GoHelper {
  readonly ensure: () => Promise<string>;
  readonly ask: <Answer>(questions: readonly unknown[]) => Promise<readonly Answer[]>;
}

/** @param folder of the Go module, under test/. */
export function goHelper(folder: string, title: string): GoHelper {
  const source = {
    ...{ module: fileURLToPath(new URL(`../../tools/go/${folder}`, import.meta.url)), program: folder, package: "." },
    title: `${title} (built once)`,
    missing: `${title} is built once from source, which needs Go 1.25 or newer (\`go\` is not on PATH)`,
  };
  const ensure = () => ensureGoProgram(source, silentProgress);
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
