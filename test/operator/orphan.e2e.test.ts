/**
 * An object that is deleted together with its Secret: nobody is left who could put its table back. It goes within two minutes,
 * and blocks nobody. The waiting is real; other rewinds are served meanwhile.
 */
import { beforeAll, expect, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import { closeGate, passesGate } from "../support/gate.ts";
import { deleteCorrupted, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
let orphan: RewindObject;
let target: number;

/** Its operator dies in the middle of its repair, so the lock and the hold are still there. */
beforeAll(async () => {
  target = (await stage().damage()).good;
  const gate = await closeGate(stage().pool);
  const spec = { database: { secretRef: { name: "leaves" } }, repair: { sql: [deleteCorrupted, passesGate] } };
  await stage().secret("leaves", { uri: stage().database.url });
  orphan = await stage().apply(target, spec);
  await gate.reached();
  await stage().operator.kill();
  await gate.open();
  await stage().deleteSecret("leaves");
  await stage().rewinds.delete(orphan);
  await stage().startOperator();
});

test("it says why it is still there, and holds its table meanwhile", async () => {
  const waiting = await stage().reaches(orphan, (live) => statusOf(live).reason === "SecretNotFound");
  expect(statusOf(waiting).message).toMatch(/being deleted, cannot put back yet: there is no Secret .*\/leaves/);
  expect(await stage().table()).toMatchObject({ rows: good, snapshot: target, status: "PAUSED" });
});

test("another rewind of the table queues behind it, and takes over when it has gone", async () => {
  const next = await stage().apply(target);
  await stage().reaches(next, (live) => statusOf(live).phase === "Queued");
  await stage().gone(orphan);
  const told = await until(async () => (await stage().events(orphan)).find(({ reason }) => reason === "HoldOrphaned"));
  expect(told).toMatchObject({ type: "Warning", note: expect.stringContaining("takes the hold over") });
  expect(statusOf(await stage().ended(next)).phase).toBe("Succeeded");
  const freed = await until(async () => (await stage().events(next)).find(({ reason }) => reason === "OrphanFreed"));
  expect(freed).toMatchObject({ type: "Normal", note: expect.stringContaining("was freed from the rewind") });
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});
