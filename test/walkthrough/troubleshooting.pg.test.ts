// The demo document's troubleshooting table: each symptom is made, and its row's answer has to hold.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGenerator } from "../../stack/generator.ts";
import type { StackProcess } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { useTrickle } from "../support/trickle.ts";
import { EXAMPLE_SETUP, PlayedDocument } from "./played-document.ts";

const CYCLE = { timeout: 50_000, interval: 100 };
const STATUS = "select status from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'";

describe("the demo document's troubleshooting table", () => {
  const trickle = useTrickle({ setupFile: EXAMPLE_SETUP });
  const processes: StackProcess[] = [];
  let demo: PlayedDocument;
  const logFile = (name: string) => join(trickle().dataPath, `../log/${name}.log`);

  beforeAll(async () => {
    demo = new PlayedDocument(trickle(), "demo.sql");
    processes.push(await startScheduler({ databaseUrl: trickle().url, logFile: logFile("scheduler") }));
  });

  afterAll(async () => {
    for (const running of processes) {
      await running.stop();
    }
  });

  it("event_summary is empty: no generator runs; with one it fills", async () => {
    await expect.poll(() => demo.value(STATUS), CYCLE).toBe("ACTIVE");
    expect(await demo.rows("summary")).toEqual([]);
    const generator = await startGenerator({
      databaseUrl: trickle().url,
      intervalMs: 200,
      logFile: logFile("generator"),
    });
    processes.push(generator);
    await expect.poll(async () => (await demo.rows("summary")).length, CYCLE).toBe(3);
    await generator.stop();
  });

  it("pause_scheduler with a typo: it fails, and says which names there are", async () => {
    const typo = demo.sql("SELECT pgtrickle.pause_scheduler(ARRAY['event_sumary'])");
    await expect(typo).rejects.toThrow(/TR001[\s\S]*event_summary/);
    expect(await demo.rows("names")).toEqual([["event_summary"]]);
  });

  it("rewound to a snapshot after the bug: a lower one is the cure, and snapshots() shows which", async () => {
    const before = await demo.head();
    await demo.play("bug");
    const after = await demo.head();
    await demo.play("pause");
    await demo.sql(`select * from pgtrickle.rewind(array['event_summary'], ${after})`);
    expect(await demo.rows("summary")).toEqual(await demo.truthAt(after));
    const added = await demo.value(
      `select rows_added from pgtrickle.snapshots('event_summary') where snapshot_id = ${after}`,
    );
    expect(added).toBe("1000");
    await demo.sql(`select * from pgtrickle.rewind(array['event_summary'], ${before})`);
    expect(await demo.rows("summary")).toEqual(await demo.truthAt(before));
    await demo.play("repair and resume");
  });

  it("FULL takes long on a large table: plan_rewind tells the way and its cost before", async () => {
    const plan = await demo.value(`select pgtrickle.plan_rewind(array['event_summary'], ${await demo.head()})`);
    const [table] = (JSON.parse(plan ?? "{}") as { tables?: Record<string, unknown>[] }).tables ?? [];
    expect(table).toMatchObject({ table: "public.event_summary", strategy: expect.any(String) });
    expect(table?.["estimated_cost_ms"]).toEqual(expect.any(Number));
  });

  it("status ERROR: the lake cannot be reached; it heals by itself when the lake is back", async () => {
    await trickle().lake.kill();
    await expect.poll(() => demo.value(STATUS), CYCLE).toBe("ERROR");
    const lastError = await demo.value(
      "select last_error from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'",
    );
    expect(lastError).not.toBe("");
    await trickle().restartLake();
    await expect.poll(() => demo.value(STATUS), CYCLE).toBe("ACTIVE");
  });
});
