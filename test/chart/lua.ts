/** Lua as Argo CD runs it: its own interpreter, built once from the Go module under test/lua. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { silentProgress } from "../stack/progress.ts";
import { ensureGoProgram } from "./go-program.ts";

const run = promisify(execFile);
const MODULE = fileURLToPath(new URL("../lua", import.meta.url));

export function ensureLua(): Promise<string> {
  return ensureGoProgram(
    {
      ...{ module: MODULE, program: "glua", package: "github.com/yuin/gopher-lua/cmd/glua" },
      title: "Lua (built once)",
      missing:
        "the Lua interpreter of Argo CD is built once from source, which needs Go 1.24 or newer (`go` is not on PATH)",
    },
    silentProgress,
  );
}

/** As a Lua expression. Texts must be plain: no control characters. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `{${value.map(literal).join(",")}}`;
  return `{${Object.entries(value)
    .map(([key, entry]) => `[${JSON.stringify(key)}]=${literal(entry)}`)
    .join(",")}}`;
}

export interface Health {
  readonly status: string;
  readonly message: string;
}

/** What the check says of each object, in one run. */
export async function healthOf(check: string, objects: readonly unknown[]): Promise<readonly Health[]> {
  const folder = await mkdtemp(join(tmpdir(), "strw-lua-"));
  try {
    const script = join(folder, "health.lua");
    const cases = objects.map(literal).join(",\n");
    await writeFile(
      script,
      `local function check()\n${check}\nend\n` +
        `for _, one in ipairs({${cases}}) do\nobj = one\nlocal answer = check()\n` +
        `print(answer.status .. "\\t" .. answer.message)\nend\n`,
    );
    const { stdout } = await run(await ensureLua(), [script]);
    const lines = stdout.split("\n").slice(0, -1);
    return lines.map((line) => ({ status: line.split("\t")[0] ?? "", message: line.split("\t")[1] ?? "" }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
