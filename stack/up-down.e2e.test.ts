import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { freePort, isPortFree } from "./ports.ts";
import { livingGroups } from "./process-table.ts";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "main.ts");
let runDir = "";
let port = 0;

beforeAll(async () => {
  runDir = join(await mkdtemp(join(tmpdir(), "strw-up-")), "run");
  port = await freePort();
});
afterAll(async () => {
  await stack("down");
  rmSync(join(runDir, ".."), { recursive: true, force: true });
});

async function stack(command: "up" | "down"): Promise<string> {
  const env = { ...process.env, STRW_RUN_DIR: runDir, POSTGRES_PORT: String(port), INTERVAL_MS: "200" };
  const { stdout } = await run(process.execPath, [MAIN, command], { env });
  return stdout;
}

/** The value of a variable in a shell that has sourced the stack's file. */
function sourced(name: string): string {
  const script = `. "$0" && printf %s "$${name}"`;
  return execFileSync("/bin/sh", ["-c", script, join(runDir, "env")], { encoding: "utf8" });
}

interface Recorded {
  readonly pid: number;
  readonly startTime: string;
}

function recorded(): Recorded {
  return JSON.parse(readFileSync(join(runDir, "stack.json"), "utf8")) as Recorded;
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: sourced("DATABASE_URL") });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("1. make up starts the stack and says how to reach it", async () => {
  const text = await stack("up");
  expect(text).toContain("The stack is up.");
  expect(text).toContain(`postgresql://postgres:postgres@localhost:${port}/timetravel_demo`);
});

test("2. the generator writes and the stream table follows by itself", async () => {
  const summary = "select sum(event_count)::int as n from public.event_summary";
  await vi.waitUntil(async () => Number((await query(summary))[0]?.["n"]) > 0, { timeout: 50_000, interval: 200 });
  const [table] = await query("select status from pgtrickle.pgt_stream_tables where table_name = 'event_summary'");
  expect(table).toEqual({ status: "ACTIVE" });
});

test("3. the file to source lets a plain DuckDB read the lake, and only read", async () => {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(sourced("DUCKLAKE_ATTACH"));
  const rows = await connection.runAndReadAll("select count(*) > 0 from lake.events");
  expect(rows.getRowsJson()).toEqual([[true]]);
  await expect(connection.run("delete from lake.events")).rejects.toThrow(/read-only/);
  connection.closeSync();
});

test("4. kubectl finds the custom resource and the Secret, with the operator's own database user", async () => {
  const kubectl = (...args: string[]) => {
    const path = `${process.env["PATH"]}:${sourced("PATH")}`;
    return run("kubectl", args, { env: { ...process.env, PATH: path, KUBECONFIG: sourced("KUBECONFIG") } });
  };
  await kubectl("get", "streamtablerewinds");
  const { stdout } = await kubectl("get", "secret", "timetravel-db", "-o", "jsonpath={.data.uri}");
  expect(new URL(Buffer.from(stdout, "base64").toString()).username).toBe("timetravel_operator");
  expect(statSync(join(runDir, "env")).mode & 0o077).toBe(0);
});

test("5. a second make up changes nothing and says so", async () => {
  const before = recorded();
  expect(await stack("up")).toContain("The stack runs already; nothing was changed.");
  expect(recorded()).toEqual(before);
});

test("6. make down removes it without trace", async () => {
  const { pid } = recorded();
  expect(await stack("down")).toContain("The stack is stopped and removed.");
  expect(existsSync(runDir)).toBe(false);
  expect(await isPortFree(port)).toBe(true);
  expect(livingGroups().has(pid)).toBe(false);
  expect(await stack("down")).toContain("No stack is running.");
});
