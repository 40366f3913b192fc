/** Containment first: a damaged table is paused whatever the lake engine does, and the operation goes on when it is back. */
import { describe, expect, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import { closeGate, passesGate } from "../support/gate.ts";
import { condition, deleteCorrupted, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();

async function isPaused(incident: { readonly bad: number }, object: RewindObject): Promise<void> {
  const hold = `rewind:${stage().namespace}/${object.metadata.name}`;
  const table = await until(async () => {
    const now = await stage().table();
    return now.holds.includes(hold) && now;
  });
  expect(table).toMatchObject({ status: "PAUSED", snapshot: incident.bad });
}

async function succeeds(object: RewindObject): Promise<void> {
  const ended = await stage().ended(object);
  expect(statusOf(ended)).toMatchObject({ phase: "Succeeded" });
  expect(await stage().table()).toMatchObject({ rows: { click: [30, 1500], purchase: [10, 5000] }, holds: [] });
  expect(await stage().repairCommits(object)).toHaveLength(1);
}

describe("the table is paused while the engine", () => {
  test("is frozen, watchdog and all; the operation goes on when it thaws", async () => {
    const incident = await stage().damage();
    const { lake } = stage().database;
    const pids = [lake.pid, lake.enginePid()];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const object = await stage().apply(incident.good);
      await isPaused(incident, object);
      for (const pid of pids) process.kill(pid, "SIGCONT");
      await succeeds(object);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
  });

  test("is dead; the object says what it waits for, and the operation goes on when there is one", async () => {
    const incident = await stage().damage();
    await stage().database.lake.kill();
    const object = await stage().apply(incident.good);
    try {
      await isPaused(incident, object);
      const waiting = await stage().reaches(object, (live) => statusOf(live).retry !== undefined);
      expect(statusOf(waiting).retry).toMatchObject({ reason: "LakeUnreachable" });
      expect(condition(waiting, "Reconciling")).toMatchObject({ status: "True", reason: "LakeUnreachable" });
      await until(async () => (await stage().events(object)).some(({ reason }) => reason === "LakeUnreachable"));
    } finally {
      await stage().database.restartLake();
    }
    await succeeds(object);
  });

  test("dies in the middle of the repair, between the statement and the commit", async () => {
    const incident = await stage().damage();
    const gate = await closeGate(stage().pool);
    const object = await stage().apply(incident.good, { repair: { sql: [deleteCorrupted, passesGate] } });
    await gate.reached();
    process.kill(stage().database.lake.enginePid(), "SIGKILL");
    await gate.open();
    await succeeds(object);
  });
});
