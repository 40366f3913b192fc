/**
 * resume_scheduler and a rewind that waits for a person: left alone while its operator lives, taken over when that one was not
 * heard of for two minutes. The silence is played in the operation log, by the superuser that the tests are.
 */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { Phase } from "../../operator/api/status.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { TABLE } from "../support/damage.ts";
import { statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();
const waits: readonly { readonly phase: Phase; readonly spec: Partial<StreamTableRewindSpecInput> }[] = [
  { phase: "AwaitingApproval", spec: { approval: { mode: "Manual", hold: true } } },
  { phase: "AwaitingResume", spec: { resume: { policy: "Manual" } } },
];

async function waiting(phase: Phase, spec: Partial<StreamTableRewindSpecInput>): Promise<RewindObject> {
  const { good } = await stage().damage();
  return stage().reachesPhase(await stage().apply(good, spec), phase);
}

/** As a person in psql would; the notices. */
async function resume(): Promise<string> {
  const told: string[] = [];
  const session = await stage().pool.connect();
  const note = ({ message = "", hint = "" }) => told.push(`${message}. ${hint}`);
  session.on("notice", note);
  try {
    await session.query("select pgtrickle.resume_scheduler(array[$1])", [TABLE]);
  } finally {
    session.off("notice", note);
    session.release();
  }
  return told.join("\n");
}

async function goesSilent({ metadata }: RewindObject): Promise<void> {
  const text = "update pgtrickle_rewind.operations set seen_at = seen_at - interval '3 minutes' where uid = $1";
  await stage().pool.query(text, [metadata.uid]);
}

describe.each(waits)("$phase", ({ phase, spec }) => {
  test("resume_scheduler leaves it its hold while the operator lives, and names it", async () => {
    const object = await waiting(phase, spec);
    const told = await resume();
    for (const part of ["stays paused", object.metadata.name, "was last heard of"]) expect(told).toContain(part);
    expect((await stage().table()).holds).toEqual([stage().holdOf(object)]);
    await stage().rewinds.delete(object);
    await stage().gone(object);
  });

  test("an operator that is gone for good is not waited for; a later one touches nothing", async () => {
    const object = await waiting(phase, spec);
    await stage().operator.kill();
    await goesSilent(object);
    expect(await resume().finally(() => stage().startOperator())).toContain(object.metadata.name);
    const free = await stage().table();
    expect(free.holds).toEqual([]);
    expect([await stage().outcome(object), await stage().claimOwners()]).toEqual(["Orphaned", []]);
    const ended = await stage().ended(object);
    expect(statusOf(ended).phase).not.toBe("Succeeded");
    expect(await stage().table()).toEqual(free);
    await stage().reaches(object, ({ metadata }) => metadata.finalizers === undefined);
  });
});

test("an operator that waits is heard of", async () => {
  const object = await waiting("AwaitingApproval", { approval: { mode: "Manual", hold: true } });
  await goesSilent(object);
  // Any look at the object is enough: here because its spec has changed.
  await stage().change(object, { ttlSecondsAfterFinished: 3600 });
  await until(async () => {
    const { rowCount } = await stage().pool.query(
      "select from pgtrickle_rewind.operations where uid = $1 and seen_at > now() - interval '1 minute'",
      [object.metadata.uid],
    );
    return rowCount === 1;
  });
  expect(await resume()).toContain("stays paused");
  await stage().rewinds.delete(object);
  await stage().gone(object);
});
