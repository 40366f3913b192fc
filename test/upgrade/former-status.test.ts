/** What today's operator reads in the status of an object of version 0.1.0, and what it decides. */
import { describe, expect, it, test } from "vitest";
import type { StreamTableRewindStatus } from "../../operator/api/status.ts";
import { decide } from "../../operator/core/decide.ts";
import { isFormer, renewed } from "../../operator/core/former-status.ts";
import type { Observed } from "../../operator/core/observed.ts";
import { planHash } from "../../operator/core/plan-hash.ts";
import { makeObserved } from "../support/make-observed.ts";
import { makeWorld, modelHold, observeModel } from "../support/model-world.ts";
import { type RecordedName, recorded, recordedNames, recordedSpec, recordedStatus } from "./recorded.ts";

/** In the two steps in which it is written. */
const today = (status: StreamTableRewindStatus) => renewed(renewed(status));

it.each(recordedNames)(
  "the former names of the one that is %s stay until the API server has kept the new ones",
  (name) => {
    const before = recordedStatus(name);
    const beside = renewed(before);
    expect(beside.tables).toMatchObject(before.tables ?? []);
    expect(beside.tables).toMatchObject(today(before).tables ?? []);
  },
);

it("what a table does not have under its former name it does not get", () => {
  const former = { tables: [{ name: "public.a", heldBefore: ["person"] }] };
  expect(today(former).tables).toEqual([{ name: "public.a", holdersBefore: ["person"] }]);
});

describe("the snapshots of the rows", () => {
  it.each([
    ["finished", { before: 4, after: 3, now: 5 }],
    ["held", { before: 9, after: 8, now: 8 }],
    ["running", { before: 13, after: 12, now: 12 }],
    ["waiting", { before: 13, after: undefined, now: 13 }],
  ] as const)("of the one that is %s have their own names", (name, { before, after, now }) => {
    const { tables, tableSummary } = today(recordedStatus(name));
    expect(tableSummary).toBe("public.event_summary");
    expect(tables).toHaveLength(1);
    expect(tables?.[0]).toMatchObject({ contentsSnapshotIdBefore: before, contentsSnapshotId: now, holdersBefore: [] });
    expect(tables?.[0]?.contentsSnapshotIdAfter).toBe(after);
  });
});

it.each(recordedNames)("everything else of the one that is %s stays as it was", (name) => {
  const before = recordedStatus(name);
  const after = today(before);
  expect([isFormer(before), isFormer(after)]).toEqual([true, false]);
  const { tables: _, tableSummary: __, ...rest } = after;
  const { tables: ___, ...restBefore } = before;
  expect(rest).toEqual(restBefore);
  const renamed = /^(frontier|heldBefore|contentsSnapshotId|holdersBefore)/;
  const others = (tables: typeof after.tables) =>
    tables?.map((table) => Object.fromEntries(Object.entries(table).filter(([key]) => !renamed.test(key))));
  expect(others(after.tables)).toEqual(others(before.tables));
  expect(renewed(after)).toBe(after);
});

it.each(["running", "waiting"] as const)("an approval of the plan of the one that is %s is good", (name) => {
  const { plan } = recordedStatus(name);
  expect(plan && planHash(plan, recordedSpec(name))).toBe(plan?.hash);
});

describe("what follows", () => {
  const observed = (name: RecordedName, overrides: Partial<Observed> = {}): Observed => {
    const { generation = 1, finalizers = [] } = recorded(name).metadata;
    const object = { generation, hasFinalizer: finalizers.length > 0, hasFormerStatus: true };
    const status = renewed(recordedStatus(name));
    return makeObserved({ spec: recordedSpec(name), status, world: { kind: "unasked" }, ...overrides, object });
  };

  test("the finished one is written under the new names, once, and nothing else is done", () => {
    const o = observed("finished");
    expect(decide(o)).toMatchObject({ action: { kind: "none" }, announce: "before", status: o.status, events: [] });
    // Also while the API server drops the new names.
    expect(decide({ ...o, object: { ...o.object, hasFinalizer: true } }).action).toEqual({ kind: "removeFinalizer" });
    const written = { ...o, status: today(o.status), object: { ...o.object, hasFormerStatus: false } };
    expect(decide(written)).toMatchObject({ action: { kind: "none" }, announce: "never", events: [] });
  });

  test("the held one stays Failed and held, and is told so under the new names", () => {
    const decision = decide(observed("held"));
    expect(decision).toMatchObject({ action: { kind: "none" }, announce: "before", phase: "Failed", events: [] });
    expect(decision.status.tables).toMatchObject([{ held: true, contentsSnapshotIdAfter: 8 }]);
  });

  const paused = { operation: { token: 1 }, claimedByUs: true, holders: [modelHold] };
  const done = (name: "Pause" | "Rewind" | "Repair") => ({ name, outcome: "Done" as const, attempt: 1 });
  const rewound = makeWorld({ ...paused, snapshotId: 12, steps: [done("Pause"), done("Rewind"), done("Repair")] });

  test("the running one still waits for its person, and then replays", () => {
    const o = observed("running", { world: observeModel(rewound), memory: { token: "1" } });
    expect(decide(o)).toMatchObject({ action: { kind: "none" }, phase: "AwaitingResume" });
    const resume = { policy: "Automatic", replay: "Folded" } as const;
    const spec = { ...recordedSpec("running"), resume };
    expect(decide({ ...o, spec })).toMatchObject({ action: { kind: "replay" }, phase: "Replaying" });
  });

  test("the running one keeps what it has when its database is away at that moment", () => {
    const failure = { reason: "DatabaseUnreachable", message: "away", terminal: false } as const;
    const { phase, status } = decide(observed("running", { world: { kind: "unreachable", failure } }));
    expect(phase).toBe("AwaitingResume");
    expect(status.tables).toMatchObject([{ contentsSnapshotIdBefore: 13, contentsSnapshotIdAfter: 12, held: true }]);
  });
});
