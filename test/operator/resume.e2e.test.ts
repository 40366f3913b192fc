/** resume.policy: who lets the table go after the rewind, and when; until then it stands at the snapshot, paused. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { type Damage, TABLE } from "../support/damage.ts";
import { condition, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { insertEvents } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const manual: Spec = { resume: { policy: "Manual" } };
const never: Spec = { resume: { policy: "Never" } };

async function awaiting(spec: Spec = manual): Promise<{ incident: Damage; object: RewindObject }> {
  const incident = await stage().damage();
  const object = await stage().reachesPhase(await stage().apply(incident.good, spec), "AwaitingResume");
  return { incident, object };
}

async function succeeds(object: RewindObject, rows: Rows): Promise<void> {
  const ended = await stage().ended(object);
  expect(statusOf(ended)).toMatchObject({ phase: "Succeeded", reason: "Succeeded", tables: [{ held: false }] });
  expect(condition(ended, "Resumed")?.status).toBe("True");
  expect(await stage().table()).toMatchObject({ rows, snapshot: await stage().head(), holds: [] });
  expect(await stage().repairCommits(object)).toHaveLength(1);
}

async function isLeftPaused(object: RewindObject, { good: snapshot }: Damage): Promise<void> {
  const ended = await stage().ended(object);
  expect(statusOf(ended)).toMatchObject({ phase: "Succeeded", reason: "LeftPaused", tables: [{ held: false }] });
  expect(statusOf(ended).message).toContain("resume_scheduler");
  for (const [type, status] of Object.entries({ Ready: "True", Reconciling: "False", Stalled: "False" })) {
    expect(condition(ended, type)?.status, type).toBe(status);
  }
  expect(condition(ended, "Resumed")).toMatchObject({ status: "False", reason: "LeftPaused" });
  expect(await stage().table()).toEqual({ rows: good, snapshot, status: "PAUSED", holds: ["person"] });
  expect([await stage().claimOwners(), await stage().outcome(object)]).toEqual([[], "Succeeded"]);
  await stage().reaches(object, ({ metadata }) => metadata.finalizers === undefined);
}

describe("Manual", () => {
  test("waits at the good snapshot, repaired and paused, and says how to go on", async () => {
    const { incident, object } = await awaiting();
    expect(await stage().table()).toEqual({
      ...{ rows: good, snapshot: incident.good, status: "PAUSED", holds: [stage().holdOf(object)] },
    });
    expect(await stage().repairCommits(object)).toHaveLength(1);
    expect(await stage().claimOwners()).toEqual([object.metadata.uid]);
    expect(statusOf(object)).toMatchObject({ reason: "AwaitingResume", tables: [{ held: true }] });
    expect(statusOf(object).message).toMatch(/resume.*policy.*Automatic/);
    for (const [type, status] of Object.entries({ Ready: "False", Reconciling: "True", Stalled: "False" })) {
      expect(condition(object, type)?.status, type).toBe(status);
    }
    expect(condition(object, "Rewound")?.status).toBe("True");
    expect(condition(object, "Resumed")?.status).toBe("False");
    await until(async () => (await stage().events(object)).some(({ reason }) => reason === "AwaitingResume"));
    await stage().change(object, { resume: { policy: "Automatic" } });
    await succeeds(object, good);
  });

  test("set to Automatic it replays what was committed meanwhile, and lets go", async () => {
    const { object } = await awaiting();
    for (const count of [2, 3]) await insertEvents(stage().pool, "view", count);
    await stage().change(object, { resume: { policy: "Automatic" } });
    await succeeds(object, { ...good, view: [5, 250] });
  });

  test("set to Never it ends there", async () => {
    const { incident, object } = await awaiting();
    await stage().change(object, { resume: { policy: "Never" } });
    await isLeftPaused(object, incident);
  });

  test("without a repair it waits as well", async () => {
    const { object } = await awaiting({ ...manual, repair: undefined, verification: { assertions: [] } });
    await stage().change(object, { resume: { policy: "Automatic" } });
    expect(statusOf(await stage().ended(object)).phase).toBe("Succeeded");
    expect(await stage().table()).toMatchObject({ rows: { CORRUPTED_EVENT: [20, -20], ...good }, holds: [] });
  });

  test("deleted meanwhile, the table is let go where it stands", async () => {
    const { incident, object } = await awaiting();
    await stage().rewinds.delete(object);
    await stage().gone(object);
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, holds: [] });
    expect(await stage().claimOwners()).toEqual([]);
  });

  test("nothing is done twice when the operator is started again and the status is lost", async () => {
    const { object } = await awaiting();
    await stage().operator.kill();
    await stage().wipeStatus(object);
    await stage().startOperator();
    const again = await stage().reachesPhase(object, "AwaitingResume");
    expect(statusOf(again).steps?.map(({ name, state, attempts }) => [name, state, attempts])).toEqual(
      ["Pause", "Rewind", "Repair"].map((step) => [step, "Done", 1]),
    );
    await stage().change(object, { resume: { policy: "Automatic" } });
    await succeeds(object, good);
  });
});

describe("Never", () => {
  test("ends at the snapshot, paused by a person's hold; resume_scheduler lets refreshing go on", async () => {
    const incident = await stage().damage();
    const object = await stage().apply(incident.good, never);
    await isLeftPaused(object, incident);
    expect(await stage().repairCommits(object)).toHaveLength(1);
    await stage().pool.query("select pgtrickle.resume_scheduler(array[$1])", [TABLE]);
    await stage().pool.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: await stage().head(), holds: [] });
  });

  test("the next rewind of the table leaves it paused too", async () => {
    const incident = await stage().damage();
    await isLeftPaused(await stage().apply(incident.good, never), incident);
    const next = await stage().ended(await stage().apply(incident.good));
    expect(statusOf(next)).toMatchObject({ phase: "Succeeded", tables: [{ holdersBefore: ["person"], held: false }] });
    expect(await stage().table()).toMatchObject({ rows: good, status: "PAUSED", holds: ["person"] });
  });

  test("deleting the object afterwards does not let the table go", async () => {
    const incident = await stage().damage();
    const object = await stage().apply(incident.good, never);
    await isLeftPaused(object, incident);
    await stage().rewinds.delete(object);
    await stage().gone(object);
    expect(await stage().table()).toMatchObject({ status: "PAUSED", holds: ["person"] });
  });
});
