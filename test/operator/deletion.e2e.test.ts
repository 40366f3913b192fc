/** An object that is deleted puts back what it found, at whatever step it is, and leaves what a person had set. */
import { describe, expect, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import { TABLE } from "../support/damage.ts";
import { closeGate, passesGate } from "../support/gate.ts";
import { deleteCorrupted, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };

async function deleted(object: RewindObject): Promise<void> {
  await stage().rewinds.delete(object);
  await stage().gone(object);
}

describe("deleted before the rewind is committed: undone", () => {
  test("paused, with a dead engine: the table is as it was before the engine is back", async () => {
    const incident = await stage().damage();
    const before = await stage().table();
    await stage().database.lake.kill();
    try {
      // By the undo journal it could be rewound without an engine.
      const object = await stage().apply(incident.good, { strategy: "Full" });
      await stage().reaches(object, (live) => statusOf(live).retry !== undefined);
      expect((await stage().table()).status).toBe("PAUSED");
      await deleted(object);
      expect(await stage().table()).toEqual(before);
      expect(await stage().outcome(object)).toBe("Aborted");
    } finally {
      await stage().database.restartLake();
    }
  });

  test("in the middle of the rewind: its transaction is ended, and readers never saw it", async () => {
    const incident = await stage().damage();
    const before = await stage().table();
    const gate = await closeGate(stage().pool);
    const verification = { assertions: [{ name: "gate", sql: passesGate }], at: ["Rewind" as const] };
    const object = await stage().apply(incident.good, { verification });
    await gate.reached();
    await deleted(object);
    await gate.open();
    expect(await stage().table()).toEqual(before);
    expect(await stage().outcome(object)).toBe("Aborted");
  });
});

test("deleted in the middle of the repair: the rewind stays, nothing is in the lake, the table is let go", async () => {
  const incident = await stage().damage();
  const gate = await closeGate(stage().pool);
  const object = await stage().apply(incident.good, { repair: { sql: [deleteCorrupted, passesGate] } });
  await gate.reached();
  await deleted(object);
  await gate.open();
  expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, holds: [] });
  expect(await stage().repairCommits(object)).toEqual([]);
  expect(await stage().outcome(object)).toBe("Aborted");
  // Nobody has repaired the source, so the next refresh brings the damage back.
  await stage().pool.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
  expect(await stage().table()).toMatchObject({ rows: { CORRUPTED_EVENT: [20, -20], ...good } });
});

test("deleted in the middle of the replay: the rewind and the repair stay, the table is let go", async () => {
  const incident = await stage().damage();
  const gate = await closeGate(stage().pool);
  const verification = { assertions: [{ name: "gate", sql: passesGate }], at: ["Replay" as const] };
  const object = await stage().apply(incident.good, { verification });
  await gate.reached();
  await deleted(object);
  await gate.open();
  expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, holds: [] });
  expect(await stage().repairCommits(object)).toHaveLength(1);
  expect(await stage().outcome(object)).toBe("Aborted");
});

describe("a table that a person had paused", () => {
  test("stays paused after the rewind", async () => {
    const incident = await stage().damage();
    await stage().pool.query("select pgtrickle.pause_scheduler(array[$1])", [TABLE]);
    const object = await stage().ended(await stage().apply(incident.good));
    expect(statusOf(object)).toMatchObject({
      phase: "Succeeded",
      tables: [{ holdersBefore: ["person"], held: false }],
    });
    expect(await stage().table()).toMatchObject({ rows: good, status: "PAUSED", holds: ["person"] });
  });

  test("stays paused after a rewind that was undone", async () => {
    const incident = await stage().damage();
    await stage().pool.query("select pgtrickle.pause_scheduler(array[$1])", [TABLE]);
    const before = await stage().table();
    const verification = { assertions: [{ name: "impossible", sql: "select false" }] };
    await stage().ended(await stage().apply(incident.good, { verification }));
    expect(await stage().table()).toEqual(before);
  });
});
