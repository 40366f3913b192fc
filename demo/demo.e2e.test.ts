// `make demo` as it is: what it promises is what it exits with.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ESCAPE = "\u001b";

function runDemo(): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["demo/main.ts"], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const read = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

describe("the demo", () => {
  it("plays the incident and its rollback, checks every claim, and exits 0", async () => {
    const { code, output } = await runDemo();
    expect(output).not.toContain("✗");
    expect(output).toMatch(/✓ \d+ claims, all checked/);
    expect(code).toBe(0);
    expect(output, "colour where nobody looks on").not.toContain(ESCAPE);
  });
});
