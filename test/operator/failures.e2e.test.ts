/** What fails while it runs: before the rewind's commit everything is undone, after it the failure policy decides. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { TABLE } from "../support/damage.ts";
import { condition, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const corrupted: Rows = { CORRUPTED_EVENT: [20, -20], ...good };

/** The same text in status, conditions and Event. */
async function isTold(object: RewindObject, reason: string, says: RegExp): Promise<void> {
  const { message = "" } = statusOf(object);
  expect(statusOf(object)).toMatchObject({ phase: "Failed", reason, failure: { reason } });
  expect(message).toMatch(says);
  expect(condition(object, "Ready")).toMatchObject({ status: "False", reason, message });
  expect(condition(object, "Stalled")).toMatchObject({ status: "True", reason, message });
  const told = await until(async () => (await stage().events(object)).find((event) => event.type === "Warning"));
  expect(told).toEqual({ type: "Warning", reason, note: message });
}

describe("before the rewind is committed: everything is undone", () => {
  test.each([
    { name: "is false", sql: "select false", says: /"impossible" gave false.*Everything was undone/ },
    { name: "is NULL", sql: "select null::boolean", says: /"impossible" gave NULL.*Everything was undone/ },
    { name: "cannot be evaluated", sql: "select no_such_column", says: /no_such_column.*Everything was undone/ },
  ])("an assertion that $name", async ({ sql, says }) => {
    const incident = await stage().damage();
    const before = await stage().table();
    const spec: Spec = { verification: { assertions: [{ name: "impossible", sql }], at: ["Rewind"] } };
    const object = await stage().ended(await stage().apply(incident.good, spec));
    await isTold(object, "AssertionFailed", says);
    expect(await stage().table()).toEqual(before);
    expect(statusOf(object).tables).toMatchObject([{ held: false, contentsSnapshotIdBefore: incident.bad }]);
    expect(statusOf(object).steps?.find(({ name }) => name === "Rewind")).toMatchObject({ state: "Failed" });
    expect(condition(object, "Rewound")?.status).toBe("False");
    expect(condition(object, "Resumed")?.status).toBe("True");
    expect(await stage().repairCommits(object)).toEqual([]);
  });
});

interface Failing {
  readonly name: string;
  readonly reason: string;
  readonly says: RegExp;
  readonly spec: Spec;
}

const failing: readonly Failing[] = [
  {
    name: "an assertion that is false at the replay",
    ...{ reason: "AssertionFailed", says: /"no-corrupted" gave false/ },
    // Nothing is repaired, so the damage would come back.
    spec: { repair: undefined },
  },
  {
    name: "a repair of a table that there is not",
    ...{ reason: "RepairFailed", says: /lake\.evnts/ },
    spec: { repair: { sql: ["delete from lake.evnts"] } },
  },
  {
    name: "a repair whose second statement is wrong",
    ...{ reason: "RepairFailed", says: /division by zero/ },
    spec: { repair: { sql: ["update lake.events set value = value + 1", "select 1 / 0"] } },
  },
];

describe("after the rewind is committed", () => {
  test.each(failing)("$name, failurePolicy Hold: good rows, paused", async ({ reason, says, spec }) => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, { ...spec, failurePolicy: "Hold" }));
    await isTold(object, reason, says);
    expect(statusOf(object).message).toContain(`stays paused with the rows of snapshot ${incident.good}`);
    const holds = [`rewind:${stage().namespace}/${object.metadata.name}`];
    expect(await stage().table()).toEqual({ rows: good, snapshot: incident.good, status: "PAUSED", holds });
    expect(statusOf(object).tables).toMatchObject([{ held: true, contentsSnapshotId: incident.good }]);
    expect(condition(object, "Rewound")?.status).toBe("True");
    expect(condition(object, "Verified")?.status).toBe("True");
    expect(condition(object, "Resumed")).toMatchObject({ status: "False", reason: "Held" });
    expect(await stage().truthAt(await stage().head())).toEqual(corrupted);
    expect(await stage().repairCommits(object)).toEqual([]);
  });

  test.each(failing)("$name, failurePolicy Resume: refreshing goes on", async ({ reason, says, spec }) => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, { ...spec, failurePolicy: "Resume" }));
    await isTold(object, reason, says);
    expect(statusOf(object).message).toMatch(/refreshing goes on \(failurePolicy Resume\)/);
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, holds: [] });
    expect(statusOf(object).tables).toMatchObject([{ held: false }]);
    expect(condition(object, "Resumed")?.status).toBe("True");
    await stage().pool.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
    expect((await stage().table()).rows).toEqual(corrupted);
  });
});

describe("a table that a failed rewind holds", () => {
  const fails: Spec = { repair: { sql: ["delete from lake.evnts"] } };

  test("is taken over by the next rewind", async () => {
    const incident = await stage().damage();
    await stage().ended(await stage().apply(incident.good, fails));
    const next = await stage().ended(await stage().apply(incident.good));
    expect(statusOf(next).phase).toBe("Succeeded");
    expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  });

  test("is let go by resume_scheduler, as the message says", async () => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, fails));
    const statement = /select pgtrickle\.resume_scheduler\(array\['[^)]*\)/.exec(statusOf(object).message ?? "")?.[0];
    await stage().pool.query(statement ?? "");
    expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  });

  test("is let go when the object is deleted", async () => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, fails));
    await stage().rewinds.delete(object);
    await stage().gone(object);
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, holds: [] });
  });

  test("keeps its object's finalizer until then", async () => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, fails));
    expect(object.metadata.finalizers).toEqual(["pgtrickle.dev/rewind"]);
  });
});
