/** Objects whose rewind stands where people can give orders. */
import { makeObserved, makePlanOf, makeSpec, type ObservedOverrides } from "../../../test/support/make-observed.ts";
import { type ModelStep, makeWorld, modelHold } from "../../../test/support/model-world.ts";
import type { StreamTableRewindSpecInput } from "../../api/spec.ts";
import type { StreamTableRewindStatus } from "../../api/status.ts";
import type { Observed } from "../observed.ts";

export const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);
export const step = (name: ModelStep["name"]): ModelStep => ({ name, outcome: "Done", attempt: 1 });
export const open = { operation: { token: 1 }, claimedByUs: true, holders: [modelHold] };
export const paused = makeWorld({ ...open, steps: [step("Pause")] });
export const repaired = makeWorld({
  ...{ ...open, snapshotId: 42, repairCommits: 1 },
  steps: [step("Pause"), step("Rewind"), step("Repair")],
});
export const condition = (status: StreamTableRewindStatus, type: string) =>
  status.conditions?.find((c) => c.type === type);

export const earlier = { uid: "earlier", finishedAt: "2026-11-22T11:00:00.000Z" };

type Approval = NonNullable<StreamTableRewindSpecInput["approval"]>;
export const manual = (approval: Approval = {}) => makeSpec({ approval: { mode: "Manual", ...approval } });
export const plan = makePlanOf(manual(), {
  plannedAt: "2026-11-22T12:00:00.000Z",
  rowsChanged: 5,
  commitsUndoneCount: 15,
});

/** Planned, and waiting with nothing touched. */
export function waiting(approval: Approval = {}, overrides: ObservedOverrides = {}): Observed {
  const status = { phase: "AwaitingApproval", reason: "AwaitingApproval", plan, ...overrides.status } as const;
  return makeObserved({ spec: manual(approval), ...overrides, status });
}
