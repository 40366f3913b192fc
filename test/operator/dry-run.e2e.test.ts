/** dryRun: the plan and nothing else, whoever holds the table; what it shows is what a rewind would do. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import { condition, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const dry: Spec = { dryRun: true };

test("it is planned, and nothing is touched", async () => {
  const incident = await stage().damage();
  const before = await stage().table();
  const object = await stage().ended(await stage().apply(incident.good, dry));
  const { message } = statusOf(object);
  expect(statusOf(object)).toMatchObject({
    ...{ phase: "Planned", reason: "Planned", observedGeneration: 1, completionTime: expect.any(String) },
    plan: {
      ...{ target: incident.good, head: incident.bad, commitsUndoneCount: 1, rowsChanged: 1 },
      commitsUndone: [{ snapshotId: incident.bad }],
      tables: [{ name: "public.event_summary", from: incident.bad, to: incident.good, strategy: expect.any(String) }],
    },
  });
  const [row] = statusOf(object).plan?.tables[0]?.sample ?? [];
  expect([row?.change, row?.row]).toEqual(["-", expect.stringContaining("CORRUPTED_EVENT")]);
  for (const [type, status] of Object.entries({ Ready: "True", Reconciling: "False", Stalled: "False" })) {
    expect(condition(object, type)).toMatchObject({ status, reason: "Planned", message, observedGeneration: 1 });
  }
  expect(condition(object, "Planned")?.status).toBe("True");
  for (const type of ["Approved", "Rewound"]) expect(condition(object, type)?.status, type).toBe("False");
  expect(object.metadata.finalizers).toBeUndefined();
  expect(await stage().table()).toEqual(before);
  expect([await stage().claimOwners(), await stage().outcome(object)]).toEqual([[], undefined]);
  const told = await until(async () => (await stage().events(object)).find(({ reason }) => reason === "Planned"));
  expect(told).toMatchObject({ type: "Normal", note: message });
});

test("its hash approves the same content for real", async () => {
  const incident = await stage().damage();
  const { plan } = statusOf(await stage().ended(await stage().apply(incident.good, dry)));
  const approval = { mode: "Manual" as const, planHash: plan?.hash ?? "" };
  const object = await stage().ended(await stage().apply(incident.good, { approval }));
  expect(statusOf(object)).toMatchObject({ phase: "Succeeded", plan: { hash: plan?.hash } });
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});

test("approval is not asked for, and a manual resume is not waited for", async () => {
  const { good: target } = await stage().damage();
  const before = await stage().table();
  const spec: Spec = { ...dry, approval: { mode: "Manual", hold: true }, resume: { policy: "Manual" } };
  expect(statusOf(await stage().ended(await stage().apply(target, spec))).phase).toBe("Planned");
  expect(await stage().table()).toEqual(before);
});

describe("it queues behind nobody", () => {
  test("also while a rewind holds the table", async () => {
    const { good: target } = await stage().damage();
    const holder = await stage().apply(target, { approval: { mode: "Manual", hold: true } });
    await stage().reachesPhase(holder, "AwaitingApproval");
    const held = await stage().table();
    expect(statusOf(await stage().ended(await stage().apply(target, dry))).phase).toBe("Planned");
    expect(await stage().table()).toEqual(held);
    await stage().rewinds.delete(holder);
    await stage().gone(holder);
  });
});

test("applied anew after a rewind of the same name, it is planned anew", async () => {
  const { good: target } = await stage().damage();
  const first = await stage().ended(await stage().apply(target));
  await stage().rewinds.delete(first);
  await stage().gone(first);
  const again = await stage().ended(await stage().apply(target, dry, first.metadata.name));
  expect(statusOf(again)).toMatchObject({ phase: "Planned", reason: "Planned", plan: { target } });
});

test("what could not be begun is refused by it too", async () => {
  await stage().damage();
  const object = await stage().ended(await stage().apply(1_000_000, dry));
  expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "SnapshotInFuture" });
});
