// docs/from-the-demo.md: every SQL block on it is run in its order, and what the page says of the results has to hold.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackProcess } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { fencedBlocks } from "../docs/markdown.ts";
import { useTrickle } from "../support/trickle.ts";
import { until } from "../support/until.ts";
import { EXAMPLE_SETUP, PlayedDocument, type Rows } from "./played-document.ts";

const CYCLE = { timeout: 50_000, interval: 100 };
const page = fencedBlocks(readFileSync(new URL("../../docs/from-the-demo.md", import.meta.url), "utf8"));
const blocks = page.filter((block) => block.language.startsWith("sql"));

function blockWith(words: string): string {
  const found = blocks.find((block) => block.text.includes(words));
  if (found === undefined) {
    throw new Error(`the page has no block with ${words}`);
  }
  return found.text;
}

describe("the page for those who come from the demo", () => {
  const trickle = useTrickle({ setupFile: EXAMPLE_SETUP });
  const tested = new Set<string>();
  let scheduler: StackProcess;
  let demo: PlayedDocument;
  let goodRows: Rows;

  const run = async (words: string): Promise<Rows> => {
    const text = blockWith(words);
    tested.add(text);
    return (await demo.sql(text))[0]?.rows ?? [];
  };

  beforeAll(async () => {
    demo = new PlayedDocument(trickle(), "demo.sql");
    const logFile = join(trickle().dataPath, "../log/scheduler.log");
    scheduler = await startScheduler({ databaseUrl: trickle().url, logFile });
    await demo.writeUntilSnapshot(42);
    await until(async () => (await demo.rows("good snapshot"))[0]?.join() === "42,3");
    goodRows = await demo.rows("summary");
    await demo.play("bug");
    await until(async () => (await demo.rows("summary"))[0]?.[0] === "CORRUPTED_EVENT");
  });

  afterAll(async () => {
    await scheduler?.stop();
  });

  it("reads the past in DuckDB with AT (VERSION => N), since AT (SNAPSHOT N) does not exist", async () => {
    const text = blockWith("AT (VERSION => 42)");
    tested.add(text);
    const duckdb = await trickle().duckdb();
    const rows = await duckdb.rows(text);
    expect(rows.map((row) => Object.values(row).map(String)).sort()).toEqual(goodRows);
    await expect(duckdb.rows(text.replace("VERSION => 42", "SNAPSHOT 42"))).rejects.toThrow();
  });

  it("reads a stream table's past in PostgreSQL", async () => {
    expect([...(await run("pgtrickle.at("))].sort()).toEqual(goodRows);
  });

  it("shows how the past differs from now", async () => {
    const rows = await run("pgtrickle.diff(");
    expect(rows.map((row) => row.slice(1))).toContainEqual(["CORRUPTED_EVENT", "1000", "999999000"]);
  });

  it("has last_consumed_snapshot_id and contents_snapshot to read", async () => {
    const [row] = await run("last_consumed_snapshot_id");
    const head = String(await demo.head());
    expect(row).toEqual([head, head, `{"sources": {"ducklake:lake.events": {"snapshot_id": ${head}}}}`]);
    const write = demo.sql("update pgtrickle.pgt_stream_tables set last_consumed_snapshot_id = 42");
    await expect(write).rejects.toThrow(/frontier/);
  });

  it("shows what the refreshes did, whether the table is right, and what comes next", async () => {
    const history = await run("pgtrickle.refresh_history");
    expect(history[0]?.slice(1, 3)).toEqual(["Scheduled", "Succeeded"]);
    expect((await run("pgtrickle.verify("))[0]?.slice(2)).toEqual(["4", "[]", "[]"]);
    expect((await run("pgtrickle.explain(")).map(([item]) => item)).toContain("strategy Full");
  });

  it("rewinds in one statement, after a pause", async () => {
    await run("pause_scheduler");
    await run("pgtrickle.rewind(");
    expect(await demo.rows("summary")).toEqual(goodRows);
  });

  it("steps one snapshot at a time", async () => {
    await demo.sql("SELECT * FROM pgtrickle.step('event_summary', 1)");
    expect(await demo.rows("summary")).toEqual(await demo.truthAt(43));
  });

  it("resumes at the newest snapshot", async () => {
    await demo.play("rewind frontier");
    await run("resume_scheduler");
    await expect.poll(() => demo.rows("summary"), CYCLE).toEqual(await demo.truthAt(await demo.head()));
  });

  it("has statements for the troubleshooting table, which work as they stand", async () => {
    const text = readFileSync(new URL("../../docs/from-the-demo.md", import.meta.url), "utf8");
    const statements = [...text.matchAll(/`(SELECT [^`]+)`/g)].map((match) => match[1] ?? "");
    expect(statements.length).toBeGreaterThan(3);
    for (const statement of statements.filter((sql) => !sql.includes("step("))) {
      expect((await demo.sql(statement))[0]?.rows.length, statement).toBeGreaterThan(0);
    }
  });

  it("has no other SQL block", () => {
    expect(blocks.map((block) => block.text).filter((text) => !tested.has(text))).toEqual([]);
  });
});
