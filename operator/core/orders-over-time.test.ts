/** Orders, deadlines and clocks: what a rewind does while it waits, and after its end. */
import { describe, expect, it } from "vitest";
import { makeObserved, makePlanOf, makeSpec } from "../../test/support/make-observed.ts";
import { makeFailure, makeWorld, observeModel } from "../../test/support/model-world.ts";
import { decide } from "./decide.ts";
import type { ObservedWorld } from "./observed.ts";
import { at, condition, earlier, manual, paused, repaired } from "./testing/orders.ts";

describe("activeDeadlineSeconds", () => {
  it("does not count the time that a person takes", () => {
    const given = { object: { hasFinalizer: true }, memory: { token: "1" }, world: observeModel(repaired) };
    const spec = makeSpec({ activeDeadlineSeconds: 60, resume: { policy: "Manual" } });
    const first = decide(makeObserved({ ...given, spec, now: at("12:00:50") }));
    expect(first.status.waited).toEqual({ since: "2026-11-22T12:00:50.000Z", seconds: 0 });
    const later = decide(makeObserved({ ...given, spec, now: at("13:00:50"), status: first.status }));
    expect(later).toMatchObject({ phase: "AwaitingResume", status: { waited: first.status.waited } });
    const resumed = makeSpec({ activeDeadlineSeconds: 60 });
    const goesOn = decide(makeObserved({ ...given, spec: resumed, now: at("13:00:51"), status: later.status }));
    expect(goesOn).toMatchObject({
      action: { kind: "replay", timeoutMs: 10_000 },
      status: { waited: { seconds: 3601 } },
    });
    const tooLate = makeObserved({ ...given, spec: resumed, now: at("13:01:02"), status: goesOn.status });
    expect(decide(tooLate).reason).toBe("DeadlineExceeded");
  });
});

describe("clocks that differ", () => {
  it("use up no deadline: the time of an operation is counted by the database that it runs in", () => {
    const world: ObservedWorld = observeModel(paused);
    const given = { object: { hasFinalizer: true }, memory: { token: "1" }, now: at("23:00:00") };
    const aged = (ageMs: number) =>
      decide(
        makeObserved({
          ...given,
          world: { ...world, operation: { tables: [], startedAt: "2026-11-22T12:00:00.000Z", ageMs } },
        }),
      );
    expect(aged(3_599_999).reason).not.toBe("DeadlineExceeded");
    expect(aged(3_600_000).reason).toBe("DeadlineExceeded");
  });
});

describe("an outage while a person is waited for", () => {
  const spec = makeSpec({ activeDeadlineSeconds: 60, resume: { policy: "Manual" } });
  const given = { spec, object: { hasFinalizer: true }, memory: { token: "1" } };

  it("counts as waiting as well", () => {
    const first = decide(makeObserved({ ...given, world: observeModel(repaired), now: at("12:00:50") }));
    const failure = makeFailure("DatabaseUnreachable", false);
    const out = decide(
      makeObserved({ ...given, world: { kind: "unreachable", failure }, now: at("12:00:55"), status: first.status }),
    );
    expect(out).toMatchObject({ phase: "AwaitingResume", status: { waited: first.status.waited } });
    const back = makeObserved({ ...given, world: observeModel(repaired), now: at("14:00:00"), status: out.status });
    expect(decide(back)).toMatchObject({ phase: "AwaitingResume", reason: "AwaitingResume" });
  });
});

describe("an operator that tries again with tables held", () => {
  const silent = (world: ObservedWorld): ObservedWorld => ({ ...world, operation: { tables: [], idleMs: 25_000 } });
  const given = { object: { hasFinalizer: true }, memory: { token: "1" }, world: silent(observeModel(paused)) };

  it("lets the operation log hear of it also while no plan can be made", () => {
    const old = makePlanOf(manual({ hold: true }), { plannedAt: "2026-11-22T11:00:00.000Z" });
    const status = { phase: "AwaitingApproval", plan: old } as const;
    expect(decide(makeObserved({ ...given, spec: manual({ hold: true }), status })).action.kind).toBe("keepAlive");
    expect(decide(makeObserved(given)).action.kind).toBe("keepAlive");
  });

  it("counts its failure first", () => {
    const failure = makeFailure("LakeUnreachable", false);
    const failed = makeObserved({ ...given, memory: { token: "1", lastFailure: { step: "Plan", failure } } });
    expect(decide(failed)).toMatchObject({ action: { kind: "none" }, status: { retry: { step: "Plan", count: 1 } } });
  });
});

describe("a change of the spec after the end", () => {
  it("is seen, though nothing follows from it: tools would wait for that", () => {
    const { status } = decide(makeObserved({ world: observeModel(makeWorld({ alreadyDone: earlier })) }));
    const changed = makeObserved({ object: { generation: 2 }, spec: makeSpec({ abort: true }), status });
    const seen = decide(changed);
    expect(seen).toMatchObject({ action: { kind: "none" }, announce: "before", events: [] });
    expect(seen.status).toMatchObject({ phase: "Succeeded", observedGeneration: 2 });
    expect(seen.status.conditions?.every(({ observedGeneration }) => observedGeneration === 2)).toBe(true);
    expect(decide({ ...changed, status: seen.status }).announce).toBe("never");
  });
});

describe("ttlSecondsAfterFinished", () => {
  const spec = makeSpec({ ttlSecondsAfterFinished: 60 });
  const status = { observedGeneration: 1, phase: "Succeeded", completionTime: "2026-11-22T12:00:00.000Z" } as const;

  it("deletes the object when its time has come, not before", () => {
    const early = decide(makeObserved({ spec, status, now: at("12:00:59") }));
    expect(early).toMatchObject({ action: { kind: "none" }, requeueAfterMs: 1_000 });
    expect(decide(makeObserved({ spec, status, now: at("12:01:00") })).action.kind).toBe("deleteObject");
  });

  it("never deletes what still holds tables: that would let go of them", () => {
    const held = { ...status, phase: "Failed" as const, tables: [{ name: "public.event_summary", held: true }] };
    const world = observeModel({ ...paused, operation: { token: 1, outcome: "Failed" } });
    expect(decide(makeObserved({ spec, status: held, world, now: at("23:00:00") })).action.kind).toBe("none");
  });

  it("begins when a hold that a failure has left is let go", () => {
    const held = { ...status, phase: "Failed" as const, tables: [{ name: "public.event_summary", held: true }] };
    const world = observeModel(makeWorld({ operation: { token: 1, outcome: "Failed" } }));
    const letGo = decide(makeObserved({ spec, status: held, world, now: at("14:00:00") }));
    const after = (now: number) => decide(makeObserved({ spec, status: letGo.status, world, now })).action.kind;
    expect([after(at("14:00:59")), after(at("14:01:00"))]).toEqual(["none", "deleteObject"]);
  });

  it("is off when it is null or left out", () => {
    for (const ttlSecondsAfterFinished of [null, undefined]) {
      const off = makeSpec({ ttlSecondsAfterFinished });
      expect(decide(makeObserved({ spec: off, status, now: at("23:00:00") })).action.kind).toBe("none");
    }
  });
});

describe("the same object applied again", () => {
  const world = observeModel(makeWorld({ alreadyDone: earlier }));

  it("is done already: nothing is touched, and the way to run it again is named", () => {
    const { action, phase, reason, message, status } = decide(makeObserved({ world }));
    expect([action.kind, phase, reason]).toEqual(["none", "Succeeded", "AlreadyDone"]);
    expect(message).toMatch(
      /uid earlier\) until 2026-11-22T11:00:00\.000Z.*assertions were not checked.*another name.*another spec\.operationId/,
    );
    expect(condition(status, "Ready")).toMatchObject({ status: "True", reason: "AlreadyDone" });
  });

  it("even if its snapshot has expired since", () => {
    const failure = makeFailure("SnapshotExpired", true);
    expect(decide(makeObserved({ world: { ...world, target: { failure } } })).reason).toBe("AlreadyDone");
  });

  it("is no excuse for a dry run", () => {
    expect(decide(makeObserved({ world, spec: makeSpec({ dryRun: true }) })).action.kind).toBe("plan");
  });
});

describe("the queue", () => {
  it("lets an older rewind go first", () => {
    const { action, phase, reason, message } = decide(makeObserved({ ahead: { namespace: "default", name: "older" } }));
    expect([action.kind, phase, reason]).toEqual(["none", "Queued", "WaitingForClaim"]);
    expect(message).toContain("default/older is older and comes first");
  });
});
