/** A program of a pinned Go module, built once into the cache: the one way in which anything here is built with Go. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cached, cachedEntry } from "./cache.ts";
import { ensureGo } from "./go-toolchain.ts";
import type { Progress } from "./progress.ts";

export interface GoProgram {
  /** Folder below go/: it holds go.mod and go.sum, and the program's own source if it has one. */
  readonly module: string;
  readonly package: string;
  readonly program: string;
  /** For the linker. */
  readonly flags?: string;
  readonly title: string;
  /** What else gives the program, said where it cannot be built. */
  readonly otherwise?: string;
  /** Completes the folder that the program was built into. */
  readonly finish?: (folder: string) => Promise<void>;
}

const moduleFolder = (module: string): string => fileURLToPath(new URL(`go/${module}`, import.meta.url));

/** Its name in the cache: another pin or another source is another entry. */
export async function goProgramEntry({ module, program, flags = "" }: GoProgram): Promise<string> {
  const folder = moduleFolder(module);
  const hash = createHash("sha256");
  const sources = (await readdir(folder)).filter((file) => file.endsWith(".go")).sort();
  for (const file of ["go.mod", "go.sum", ...sources]) hash.update(await readFile(join(folder, file)));
  return `${program}-${hash.update(flags).digest("hex").slice(0, 16)}`;
}

interface Build {
  readonly go: string;
  readonly target: string;
  readonly detail: (text: string) => void;
}

function build(source: GoProgram, { go, target, detail }: Build): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ["build", "-v", "-ldflags", `-s -w ${source.flags ?? ""}`, "-o", target, source.package];
    const compiler = spawn(go, args, {
      cwd: moduleFolder(source.module),
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        CGO_ENABLED: "0",
        GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
        GOTOOLCHAIN: "local",
      },
    });
    let tail = "";
    let packages = 0;
    createInterface({ input: compiler.stderr }).on("line", (line) => {
      tail = `${tail}\n${line}`.slice(-4_000);
      // `go: downloading …` first, then a line for each package.
      if (!line.startsWith("go: ")) packages++;
      detail(packages > 0 ? `${packages} packages compiled` : line.trim());
    });
    compiler.once("error", reject);
    compiler.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${source.program} cannot be built:\n${tail.trim()}`));
    });
  });
}

/** Folder of the program. Rejects where it is not in the cache and cannot be built, with what else would do. */
export async function ensureGoProgram(source: GoProgram, progress: Progress): Promise<string> {
  const name = await goProgramEntry(source);
  const there = await cachedEntry(name);
  if (there !== undefined) return there;
  const go = await ensureGo(progress).catch((error: Error) => {
    throw new Error(`${source.program} is missing. ${error.message}${source.otherwise ? `\n${source.otherwise}` : ""}`);
  });
  return progress.step(source.title, (detail) =>
    cached(name, async (folder) => {
      await build(source, { go, target: join(folder, source.program), detail });
      await source.finish?.(folder);
    }),
  );
}
