/**
 * Rewinds that go on when the operator is replaced by today's: their statuses have the names of version 0.1.0, as recorded.ts has
 * them, over a database whose journal knows them.
 */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindStatus } from "../../operator/api/status.ts";
import { isFormer } from "../../operator/core/former-status.ts";
import { present } from "../../operator/core/mirror.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { condition, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { recordedStatus } from "./recorded.ts";

const stage = useOperatorStage();

/** The tables under the names that the former operator had for them. */
function formerTables({ tables = [] }: StreamTableRewindStatus): unknown {
  return tables.map((table) => {
    const { contentsSnapshotIdBefore, contentsSnapshotId, holdersBefore, contentsSnapshotIdAfter: _, ...rest } = table;
    const former = { frontierBefore: contentsSnapshotIdBefore, frontierAfter: contentsSnapshotId };
    return present({ ...rest, ...former, heldBefore: holdersBefore });
  });
}

/** Replaces the operator while the object looks as the former one left it. @returns it as it was before */
async function replaceOperator(name: string): Promise<RewindObject> {
  await stage().operator.stop();
  const object = await stage().rewinds.get(stage().namespace, name);
  const status = { tables: formerTables(statusOf(object)), tableSummary: null };
  const former = await stage().rewinds.patchStatus(object, status);
  if (!isFormer(statusOf(former))) throw new Error("the API server has dropped the former names");
  await stage().startOperator();
  return object;
}

const isRenewed = (object: RewindObject) => !isFormer(statusOf(object));

describe("a finished rewind", () => {
  test("keeps its whole record", async () => {
    const { good } = await stage().damage();
    const { metadata } = await stage().ended(await stage().apply(good));
    const before = await replaceOperator(metadata.name);
    const after = await stage().reaches(before, isRenewed);
    expect(after.status).toEqual(before.status);
    expect(statusOf(after).tables?.[0]).toMatchObject({ contentsSnapshotIdAfter: good });
    // The recorded one has the same fields, so that this is the real thing.
    const fields = Object.keys((formerTables(statusOf(before)) as object[])[0] ?? {}).sort();
    expect(fields).toEqual(Object.keys(recordedStatus("finished").tables?.[0] ?? {}).sort());
  });
});

describe("a rewind that waits with its table rewound and repaired", () => {
  test("is resumed and ends well, its repair made once", async () => {
    const { good } = await stage().damage();
    const applied = await stage().apply(good, {
      approval: { mode: "Manual", hold: true },
      resume: { policy: "Manual" },
    });
    const { plan } = statusOf(await stage().reachesPhase(applied, "AwaitingApproval"));
    await stage().change(applied, { approval: { planHash: plan?.hash ?? "" } });
    const { metadata } = await stage().reachesPhase(applied, "AwaitingResume");
    const before = await replaceOperator(metadata.name);
    expect(statusOf(await stage().reaches(before, isRenewed))).toMatchObject({ phase: "AwaitingResume" });
    await stage().change(before, { resume: { policy: "Automatic" } });
    const after = await stage().ended(before);
    expect(statusOf(after)).toMatchObject({
      ...{ phase: "Succeeded", reason: "Succeeded" },
      tables: [{ contentsSnapshotIdAfter: good, held: false, holdersBefore: [] }],
    });
    expect(await stage().repairCommits(after)).toHaveLength(1);
    expect((await stage().table()).rows).toEqual(await stage().truthAt(await stage().head()));
  });
});

describe("a rewind that waits for its approval, its table paused", () => {
  test("goes on by the plan that was shown before", async () => {
    const { good } = await stage().damage();
    const applied = await stage().apply(good, { approval: { mode: "Manual", hold: true } });
    const { metadata } = await stage().reachesPhase(applied, "AwaitingApproval");
    const before = await replaceOperator(metadata.name);
    await stage().change(before, { approval: { planHash: statusOf(before).plan?.hash ?? "" } });
    expect(statusOf(await stage().ended(before))).toMatchObject({ phase: "Succeeded" });
  });
});

describe("a rewind that failed and holds its table", () => {
  test("holds it still, and lets go when it is deleted", async () => {
    const { good } = await stage().damage();
    const { metadata } = await stage().ended(await stage().apply(good, { repair: { sql: ["select 1 / 0"] } }));
    const before = await replaceOperator(metadata.name);
    const held = await stage().reaches(before, isRenewed);
    expect(held.status).toEqual(before.status);
    expect((await stage().table()).holds).toEqual([stage().holdOf(held)]);
    expect(condition(held, "Stalled")?.status).toBe("True");
    await stage().api.delete(
      `/apis/pgtrickle.dev/v1alpha1/namespaces/${stage().namespace}/streamtablerewinds/${metadata.name}`,
    );
    await stage().gone(held);
    expect((await stage().table()).holds).toEqual([]);
  });
});
