// docs/from-the-demo.md: its shell commands, run in their shell in a copy of this checkout. The page's `.env` comes first, so
// that one `make up` serves them all.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onFreePorts } from "../../stack/ports.ts";
import { fencedBlocks } from "../docs/markdown.ts";
import { until } from "../support/until.ts";
import { type Checkout, copyCheckout } from "./checkout.ts";

const page = readFileSync(new URL("../../docs/from-the-demo.md", import.meta.url), "utf8");
const [plain = "", settings = ""] = fencedBlocks(page)
  .filter((block) => block.language === "sh")
  .map((block) => block.text);

interface Shell {
  readonly code: number | null;
  readonly output: string;
}

describe("the shell commands of the page for those who come from the demo", () => {
  let checkout: Checkout;
  let port: number;

  /** Runs a script; ended early, with all that it has started, once its output has `enough`. */
  const shell = (script: string, { input = "", enough }: { input?: string; enough?: string } = {}): Promise<Shell> =>
    new Promise((resolve, reject) => {
      const child = spawn("bash", ["--norc", "-euo", "pipefail", "-c", script], {
        cwd: checkout.path,
        detached: true,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], POSTGRES_PORT: String(port) },
      });
      let output = "";
      const read = (text: string) => {
        output += text;
        if (enough !== undefined && output.includes(enough) && child.pid !== undefined) {
          process.kill(-child.pid, "SIGTERM");
        }
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output }));
      child.stdin.end(input);
    });

  beforeAll(async () => {
    checkout = await copyCheckout();
    port = await onFreePorts(1, async ([free]) => free as number);
  });

  afterAll(async () => {
    await shell("make down");
    checkout?.remove();
  });

  it("are these and no others", () => {
    expect(plain.split("\n")).toEqual(["make up", "source .run/env", 'psql "$DATABASE_URL"', "make logs", "make down"]);
    expect(settings.split("\n")).toEqual([
      'echo "BATCH_SIZE=100" > .env',
      'echo "INTERVAL_MS=1000" >> .env',
      "make up",
    ]);
  });

  it("start the stack with the settings of .env", async () => {
    const { code, output } = await shell(settings);
    expect(output).toContain("source .run/env");
    expect(code).toBe(0);
    const log = () => readFileSync(join(checkout.path, ".run/log/generator.log"), "utf8");
    await until(() => log().includes('"batchSize":100,"intervalMs":1000'));
  });

  it("reach it with psql, and once more without a change", async () => {
    const [up, source, psql] = plain.split("\n");
    const sql = "select 'event_summary is ' || status from pgtrickle.pgt_stream_tables;\n";
    const { code, output } = await shell([up, source, psql].join("\n"), { input: sql });
    expect(output).toMatch(/event_summary is (ACTIVE|INITIALIZING)/);
    expect(code).toBe(0);
  });

  it("give a plain DuckDB what it needs to attach the lake", async () => {
    const program = `
      const { DuckDBInstance } = await import("@duckdb/node-api");
      const connection = await (await DuckDBInstance.create()).connect();
      await connection.run(process.env.DUCKLAKE_ATTACH);
      const reader = await connection.runAndReadAll("from lake.events at (version => 1) select count(*)");
      console.log("DuckDB counts " + reader.getRows()[0][0]);`;
    const { output } = await shell(
      `source .run/env\nnode --input-type=module --eval ${JSON.stringify(program).replaceAll("\\n", " ")}`,
    );
    expect(output).toContain("DuckDB counts 0");
  });

  it("show the logs of each process", async () => {
    const { output } = await shell("make logs", { enough: "generator.log" });
    expect(output).toContain("generator.log");
  });

  it("remove it without trace", async () => {
    const { code } = await shell("make down");
    expect(code).toBe(0);
    const { output } = await shell(
      `ls -A .run 2>/dev/null || true; psql "postgresql://postgres:postgres@localhost:${port}/timetravel_demo" 2>&1 || true`,
    );
    expect(output).toMatch(/refused/);
  });
});
