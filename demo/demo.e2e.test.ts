// `make demo` as it is: what it promises is what it exits with.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { shapeOf } from "../test/docs/shape.ts";
import { linesOfPicture, pictureLines } from "./picture.ts";

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

/**
 * What a picture shows, but for numbers, times and ids. How many phases a watcher sees before the last one is a matter of chance:
 * they pass in tenths of a second.
 */
function shown(lines: readonly string[]): string[] {
  const text = lines.join("\n").replaceAll(/\d{1,3}(?:,\d{3})+/g, "1");
  const phases = text.replaceAll(/^ +[\d.]+ m?s {3}(?!Succeeded)\w+$/gm, "a phase");
  // what takes milliseconds here takes a second there
  return shapeOf(phases.replaceAll(/\b[\d.]+ m?s\b/g, "1 s"));
}

describe("the demo", () => {
  it("plays the incident and its rollback, checks every claim, and exits 0", async () => {
    const { code, output } = await runDemo();
    expect(output).not.toContain("✗");
    expect(output).toMatch(/✓ \d+ claims, all checked/);
    expect(code).toBe(0);
    expect(output, "colour where nobody looks on").not.toContain(ESCAPE);
    const picture = readFileSync(new URL("../docs/rollback.svg", import.meta.url), "utf8");
    expect(shown(linesOfPicture(picture)), "`make picture` draws it anew").toEqual(shown(pictureLines(output)));
  });
});
