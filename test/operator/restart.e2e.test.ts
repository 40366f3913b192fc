/** The operation log decides: an operator that finds an empty status in the middle of an operation rebuilds it and goes on. */
import { expect, test } from "vitest";
import { closeGate, passesGate } from "../support/gate.ts";
import { condition, deleteCorrupted, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };

test("killed in the middle of the repair and its status wiped", async () => {
  const incident = await stage().damage();
  const gate = await closeGate(stage().pool);
  const object = await stage().apply(incident.good, { repair: { sql: [deleteCorrupted, passesGate] } });
  await gate.reached();
  await stage().operator.kill();
  await stage().wipeStatus(object);
  await stage().startOperator();
  await gate.open();

  const ended = await stage().ended(object);
  expect(statusOf(ended)).toMatchObject({
    ...{ phase: "Succeeded", observedGeneration: 1, target: { snapshotId: incident.good } },
    tables: [{ contentsSnapshotIdBefore: incident.bad, rowCount: 2, held: false, holdersBefore: [] }],
    ...{ startTime: expect.any(String), replay: { lag: 0 } },
  });
  expect(statusOf(ended).steps?.map(({ name, state }) => `${name} ${state}`)).toEqual(
    ["Pause", "Rewind", "Repair", "Replay", "Release"].map((step) => `${step} Done`),
  );
  for (const type of ["Ready", "Rewound", "Verified", "Resumed"]) expect(condition(ended, type)?.status).toBe("True");
  // The plan cannot be made again once the rows are those of the target.
  expect(statusOf(ended).plan).toBeUndefined();
  expect(await stage().repairCommits(object)).toHaveLength(1);
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});
