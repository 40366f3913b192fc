/** An approved rewind that fails for now waits for its time, as any other does: it is not planned again and again meanwhile. */
import { expect, test } from "vitest";
import { readLog } from "../../stack/processes.ts";
import { TABLE } from "../support/damage.ts";
import { type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };

function planCount(): number {
  const lines = readLog(stage().operator).split("\n");
  return lines.filter((line) => line.includes('"action":"plan"') && line.includes("action performed")).length;
}

test("it fails three times in a row, and goes through once nothing is in its way", async () => {
  const incident = await stage().damage();
  const object = await stage().apply(incident.good, { approval: { mode: "Manual", hold: true } });
  const { plan } = statusOf(await stage().reachesPhase(object, "AwaitingApproval"));
  const blocker = await stage().pool.connect();
  try {
    // Readers and so the plan are let through, the rewind is not.
    await blocker.query(`begin; lock table ${TABLE} in share mode`);
    await stage().change(object, { approval: { planHash: plan?.hash ?? "" } });
    await stage().reaches(object, (live) => (statusOf(live).retry?.count ?? 0) >= 3);
  } finally {
    await blocker.query("rollback");
    blocker.release();
  }
  expect(statusOf(await stage().ended(object)).phase).toBe("Succeeded");
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  // The first, and one before each of the attempts; with room for a pass that was woken in between.
  expect(planCount()).toBeLessThan(12);
});
