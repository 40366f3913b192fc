/** A program of a pinned Go module, built once into the cache. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { cached } from "./cache.ts";
import type { Progress } from "./progress.ts";

export interface GoProgram {
  /** Folder of go.mod and go.sum, and of the program's own source if it has one. */
  readonly module: string;
  readonly package: string;
  readonly program: string;
  /** For the linker. */
  readonly flags?: string;
  readonly title: string;
  /** What to say where there is no Go. */
  readonly missing: string;
}

/** Where Go's own installer puts it, which is not on everybody's PATH. */
const GO_FOLDER = "/usr/local/go/bin";

/** Another pin or another source is another entry of the cache. */
async function cacheName({ module, program, flags = "" }: GoProgram): Promise<string> {
  const hash = createHash("sha256");
  const sources = (await readdir(module)).filter((file) => file.endsWith(".go")).sort();
  for (const file of ["go.mod", "go.sum", ...sources]) hash.update(await readFile(join(module, file)));
  return `${program}-${hash.update(flags).digest("hex").slice(0, 16)}`;
}

function build(source: GoProgram, target: string, detail: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ["build", "-v", "-ldflags", `-s -w ${source.flags ?? ""}`, "-o", target, source.package];
    const go = spawn("go", args, {
      cwd: source.module,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        PATH: `${process.env["PATH"]}${delimiter}${GO_FOLDER}`,
        CGO_ENABLED: "0",
        GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
      },
    });
    let tail = "";
    go.stderr.setEncoding("utf8").on("data", (text: string) => {
      tail = `${tail}${text}`.slice(-4_000);
      detail(text.trim().split("\n").at(-1) ?? "");
    });
    go.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error(source.missing) : error);
    });
    go.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${source.program} cannot be built:\n${tail.trim()}`));
    });
  });
}

/** Path of the program. */
export async function ensureGoProgram(source: GoProgram, progress: Progress): Promise<string> {
  const name = await cacheName(source);
  const folder = await progress.step(source.title, (detail) =>
    cached(name, (draft) => build(source, join(draft, source.program), detail)),
  );
  return join(folder, source.program);
}
