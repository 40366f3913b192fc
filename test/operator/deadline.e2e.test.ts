/** activeDeadlineSeconds: what the operation takes counts; what it waits for others does not. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { closeGate, passesGate } from "../support/gate.ts";
import { condition, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const seconds = 3;
const short: Spec = { activeDeadlineSeconds: seconds };

/** Nothing but the time itself is waited for here. */
async function deadlinePasses(object: RewindObject): Promise<void> {
  const { startTime } = statusOf((await stage().live(object)) ?? object);
  const startMs = startTime === undefined ? Date.now() : Date.parse(startTime);
  await until(() => Date.now() > startMs + (seconds + 1) * 1_000);
}

async function succeeds(object: RewindObject): Promise<void> {
  expect(statusOf(await stage().ended(object))).toMatchObject({ phase: "Succeeded" });
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
}

test("a rewind that takes too long is broken off and undone", async () => {
  const { good: target } = await stage().damage();
  const before = await stage().table();
  const gate = await closeGate(stage().pool);
  const verification = { assertions: [{ name: "gate", sql: passesGate }], at: ["Rewind" as const] };
  const object = await stage().ended(await stage().apply(target, { ...short, verification }));
  expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
  expect(condition(object, "Stalled")).toMatchObject({ status: "True", reason: "DeadlineExceeded" });
  expect(await stage().table()).toEqual(before);
  await gate.open();
});

describe("does not count", () => {
  test("the wait for an approval with hold, also over a restart", async () => {
    const { good: target } = await stage().damage();
    const object = await stage().apply(target, { ...short, approval: { mode: "Manual", hold: true } });
    const { plan } = statusOf(await stage().reachesPhase(object, "AwaitingApproval"));
    await stage().operator.stop();
    await deadlinePasses(object);
    await stage().startOperator();
    await stage().change(object, { approval: { planHash: plan?.hash ?? "" } });
    await succeeds(object);
  });

  test("the wait for a resume", async () => {
    const { good: target } = await stage().damage();
    const object = await stage().apply(target, { ...short, resume: { policy: "Manual" } });
    await stage().reachesPhase(object, "AwaitingResume");
    await deadlinePasses(object);
    await stage().change(object, { resume: { policy: "Automatic" } });
    await succeeds(object);
  });

  test("the wait in the queue", async () => {
    const { good: target } = await stage().damage();
    const holder = await stage().apply(target, { approval: { mode: "Manual", hold: true } });
    await stage().reachesPhase(holder, "AwaitingApproval");
    const object = await stage().reachesPhase(await stage().apply(target, short), "Queued");
    await deadlinePasses(object);
    await stage().rewinds.delete(holder);
    await succeeds(object);
  });
});
