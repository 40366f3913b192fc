/** One shell session for a whole page, as somebody has who follows it: what a block sets, the next one finds. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../stack/processes.ts";

const BLOCK_MS = 400_000;

export interface PageShell {
  /** What the block prints, errors too; fails with it as soon as one of its commands fails. */
  run(block: string): Promise<string>;
  end(): void;
}

class BashSession implements PageShell {
  readonly #folder = temporaryFolder();
  readonly #bash: ChildProcess;
  #output = "";
  #count = 0;
  #wake = () => {};

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#bash = spawn("bash", ["--noprofile", "--norc", "-euo", "pipefail", "-s"], { cwd, env });
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.#output += data.toString();
        this.#wake();
      });
    }
    this.#bash.stdin?.on("error", () => {});
    this.#bash.once("close", () => this.#wake());
  }

  async run(block: string): Promise<string> {
    this.#count += 1;
    const [file, end] = [join(this.#folder.path, `${this.#count}.sh`), `end of block ${this.#count}`];
    writeFileSync(file, block);
    this.#output = "";
    this.#bash.stdin?.write(`source '${file}' </dev/null\necho '${end}'\n`);
    const deadline = setTimeout(() => this.#bash.kill("SIGKILL"), BLOCK_MS);
    while (!this.#output.includes(`${end}\n`)) {
      if (this.#bash.exitCode !== null || this.#bash.signalCode !== null) {
        clearTimeout(deadline);
        throw new Error(`a command failed:\n${block}\n\n${this.#output}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(deadline);
    return this.#output.slice(0, this.#output.indexOf(`${end}\n`));
  }

  end(): void {
    this.#bash.kill("SIGKILL");
    this.#folder.remove();
  }
}

export function openPageShell(cwd: string, env: NodeJS.ProcessEnv): PageShell {
  return new BashSession(cwd, env);
}
