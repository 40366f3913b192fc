/** What people order in the spec: approval, hold, dry run, abort, resume, ttl; and the same object applied again. */
import { describe, expect, it } from "vitest";
import {
  makeObserved,
  makePlan,
  makePlanOf,
  makeSpec,
  type ObservedOverrides,
} from "../../test/support/make-observed.ts";
import { type ModelStep, makeFailure, makeWorld, modelHold, observeModel } from "../../test/support/model-world.ts";
import type { StreamTableRewindSpecInput } from "../api/spec.ts";
import type { StreamTableRewindStatus } from "../api/status.ts";
import { decide } from "./decide.ts";
import type { Observed, ObservedWorld } from "./observed.ts";

const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);
const step = (name: ModelStep["name"]): ModelStep => ({ name, outcome: "Done", attempt: 1 });
const open = { operation: { token: 1 }, lockedByUs: true, holders: [modelHold] };
const paused = makeWorld({ ...open, steps: [step("Pause")] });
const repaired = makeWorld({
  ...{ ...open, snapshotId: 42, repairCommits: 1 },
  steps: [step("Pause"), step("Rewind"), step("Repair")],
});
const condition = (status: StreamTableRewindStatus, type: string) => status.conditions?.find((c) => c.type === type);

const earlier = { uid: "earlier", finishedAt: "2026-11-22T11:00:00.000Z" };

type Approval = NonNullable<StreamTableRewindSpecInput["approval"]>;
const manual = (approval: Approval = {}) => makeSpec({ approval: { mode: "Manual", ...approval } });
const plan = makePlanOf(manual(), { plannedAt: "2026-11-22T12:00:00.000Z", rowsChanged: 5, commitsUndoneCount: 15 });

/** Planned, and waiting with nothing touched. */
function waiting(approval: Approval = {}, overrides: ObservedOverrides = {}): Observed {
  const status = { phase: "AwaitingApproval", reason: "AwaitingApproval", plan, ...overrides.status } as const;
  return makeObserved({ spec: manual(approval), ...overrides, status });
}

describe("approval.mode Manual", () => {
  it("plans first, without lock, finalizer or pause", () => {
    expect(decide(makeObserved({ spec: manual() }))).toMatchObject({ action: { kind: "plan" }, phase: "Planning" });
  });

  it("shows the plan, what it undoes and the command that approves it", () => {
    const { action, phase, message, status, events } = decide(makeObserved({ spec: manual(), memory: { plan } }));
    expect([action.kind, phase]).toEqual(["none", "AwaitingApproval"]);
    expect(message).toMatch(/public\.event_summary goes to snapshot 42, undoes 15 commit\(s\), changes 5 row\(s\)/);
    expect(message).toContain(
      `kubectl patch strw incident -n default --type merge -p '{"spec":{"approval":{"planHash":"${plan.hash}"}}}'`,
    );
    expect(condition(status, "Planned")).toMatchObject({ status: "True" });
    expect(condition(status, "Approved")).toMatchObject({ status: "False", reason: "AwaitingApproval" });
    expect(condition(status, "Reconciling")).toMatchObject({ status: "True" });
    expect(events).toMatchObject([{ reason: "AwaitingApproval" }]);
  });

  it("says all of it in an event as well, however many tables there are", () => {
    const tables = Array.from({ length: 16 }, (_, index) => ({
      name: `warehouse.summary_of_one_kind_of_event_${index}`,
    }));
    const given = waiting({ planHash: "0".repeat(64) }, { memory: { plan: makePlanOf(manual(), { tables }) } });
    const [event] = decide(given).events;
    expect(Buffer.byteLength(event?.note ?? "")).toBeLessThan(1024);
    expect(event?.note).toMatch(/_0, .*_1, .*_2 and 13 more go to snapshot 42.*kubectl patch .*\}\}\}'$/);
  });

  it("plans anew at once in another database, and not in a circle where the status has no place for its name", () => {
    const { database: _, ...pruned } = plan;
    const shown = waiting({}, { status: { plan: pruned }, now: at("12:00:10") });
    expect(decide(shown).action.kind).toBe("none");
    const elsewhere = { ...observeModel(makeWorld()), database: "elsewhere" };
    expect(decide({ ...waiting({}, { now: at("12:00:10") }), world: elsewhere }).action.kind).toBe("plan");
  });

  it("keeps the shown plan up to date without saying so each time", () => {
    expect(decide(waiting({}, { now: at("12:00:29") }))).toMatchObject({ action: { kind: "none" } });
    const later = decide(waiting({}, { now: at("12:00:30") }));
    expect(later).toMatchObject({ action: { kind: "plan" }, announce: "never", phase: "AwaitingApproval" });
  });

  it("plans anew when what a person may still change has changed", () => {
    const observed = { ...waiting(), spec: makeSpec({ approval: { mode: "Manual" }, resume: { policy: "Never" } }) };
    expect(decide(observed).action.kind).toBe("plan");
  });

  it("goes on with the hash of the plan, also ten minutes later", () => {
    const approved = { planHash: plan.hash };
    expect(decide(waiting(approved, { now: at("12:00:04") })).action.kind).toBe("addFinalizer");
    expect(decide(waiting(approved)).action.kind).toBe("plan");
    const later = waiting(approved, { now: at("12:10:00"), object: { hasFinalizer: true } });
    expect(decide(later).action.kind).toBe("plan");
    const moved = makePlanOf(manual(), { tables: plan.tables.map((table) => ({ ...table, from: 99 })), head: 99 });
    expect(decide({ ...later, memory: { plan: moved } }).action.kind).toBe("claim");
  });

  it("asks for no further plan while another rewind is in front: the last look comes when it is its turn", () => {
    const approved = waiting({ planHash: plan.hash }, { now: at("12:10:00") });
    const world = observeModel(makeWorld({ lockedByOther: true }));
    const ahead = { namespace: "default", name: "older" };
    for (const blocked of [
      { ...approved, world },
      { ...approved, ahead },
    ]) {
      expect(decide(blocked)).toMatchObject({ action: { kind: "none" }, phase: "Queued" });
    }
    expect(decide(approved).action.kind).toBe("plan");
  });

  it("refuses another hash, names both, and tells it once", () => {
    const first = decide(waiting({ planHash: "abc" }));
    expect(first).toMatchObject({ action: { kind: "none" }, phase: "AwaitingApproval", reason: "PlanStale" });
    expect(first.message).toMatch(new RegExp(`planHash abc is not this plan's.*Plan ${plan.hash}`));
    expect(condition(first.status, "Approved")).toMatchObject({ status: "False", reason: "PlanStale" });
    expect(first.events).toMatchObject([{ type: "Warning", reason: "PlanStale" }]);
    expect(decide(waiting({ planHash: "abc" }, { status: first.status })).events).toEqual([]);
  });

  it("looks once more when the tables are paused, and asks again if that plan is another", () => {
    const given = { object: { hasFinalizer: true }, world: observeModel(paused), memory: { token: "1" } };
    const approved = waiting({ planHash: plan.hash }, given);
    expect(decide(approved).action.kind).toBe("plan");
    expect(decide({ ...approved, memory: { token: "1", plan } })).toMatchObject({
      ...{ action: { kind: "rewind" }, phase: "Rewinding" },
    });
    const changed = makePlanOf(manual(), { tables: [{ name: "public.event_summary", definitionHash: "other" }] });
    const asked = decide({ ...approved, memory: { token: "1", plan: changed } });
    expect(asked).toMatchObject({ action: { kind: "none" }, reason: "PlanStale" });
    expect(asked.message).toMatch(/The tables are paused meanwhile/);
  });

  it("asks again when a table has fallen behind the target", () => {
    const behind = makePlanOf(manual(), { tables: [{ name: "public.event_summary", from: 40, to: 42 }] });
    expect(decide(waiting({ planHash: plan.hash }, { memory: { plan: behind } }))).toMatchObject({
      reason: "PlanStale",
    });
  });

  it("with hold locks and pauses first", () => {
    const spec = manual({ hold: true });
    expect(decide(makeObserved({ spec })).action.kind).toBe("addFinalizer");
    const claimed = makeObserved({ spec, object: { hasFinalizer: true }, world: observeModel(makeWorld(open)) });
    expect(decide({ ...claimed, memory: { token: "1" } }).action.kind).toBe("pause");
    const shown = makePlanOf(spec);
    const held = decide({ ...claimed, world: observeModel(paused), memory: { token: "1", plan: shown } });
    expect(held).toMatchObject({ action: { kind: "none" }, phase: "AwaitingApproval" });
    expect(held.status.tables).toMatchObject([{ held: true }]);
  });

  it("is not failed by an outage or a Secret that is being replaced", () => {
    for (const reason of ["DatabaseUnreachable", "SecretNotFound"] as const) {
      const failure = makeFailure(reason, reason === "SecretNotFound");
      const retry = { step: "Connect", count: 50, reason, message: "x", lastFailureTime: "", nextAttemptTime: "" };
      const observed = waiting({}, { world: { kind: "unreachable", failure }, status: { retry } });
      expect(decide(observed), reason).toMatchObject({ phase: "AwaitingApproval", reason, action: { kind: "none" } });
    }
  });
});

describe("dryRun", () => {
  it("plans, shows the plan and is ready", () => {
    const spec = makeSpec({ dryRun: true, approval: { mode: "Manual", hold: true } });
    expect(decide(makeObserved({ spec })).action.kind).toBe("plan");
    const { action, phase, message, status } = decide(makeObserved({ spec, memory: { plan: makePlan() } }));
    expect([action.kind, phase]).toEqual(["none", "Planned"]);
    expect(message).toMatch(/dry run: .*Nothing was changed/);
    expect(condition(status, "Ready")).toMatchObject({ status: "True", reason: "Planned" });
    expect(condition(status, "Approved")).toMatchObject({ status: "False", reason: "DryRun" });
    expect(status).toMatchObject({ plan: { target: 42 }, completionTime: expect.any(String) });
  });

  it("also while another rewind has the table", () => {
    const world = observeModel(makeWorld({ lockedByOther: true }));
    expect(decide(makeObserved({ spec: makeSpec({ dryRun: true }), world })).action.kind).toBe("plan");
  });
});

describe("abort", () => {
  const spec = makeSpec({ abort: true });

  it("ends what only waits, at once", () => {
    const { phase, reason, message, status, events } = decide(waiting({}, { spec }));
    expect([phase, reason]).toEqual(["Aborted", "Aborted"]);
    expect(message).toMatch(/aborted \(spec\.abort\)\. Nothing was changed/);
    expect(condition(status, "Stalled")).toMatchObject({ status: "True" });
    expect(events).toMatchObject([{ reason: "Aborted", type: "Warning" }]);
    const queued = makeObserved({ spec, world: observeModel(makeWorld({ lockedByOther: true })) });
    expect(decide(queued).phase).toBe("Aborted");
  });

  it("undoes a pause, and says so at the end", () => {
    const observed = makeObserved({ spec, object: { hasFinalizer: true }, world: observeModel(paused) });
    expect(decide({ ...observed, memory: { token: "1" } }).action).toMatchObject({
      kind: "release",
      outcome: "Aborted",
    });
    const over = observeModel(makeWorld({ operation: { token: 1, outcome: "Aborted" }, steps: [step("Pause")] }));
    expect(decide({ ...observed, world: over })).toMatchObject({
      ...{ phase: "Aborted", message: expect.stringMatching(/Everything was undone/) },
    });
  });

  it("is remembered by the journal, should the status be lost", () => {
    const over = observeModel(makeWorld({ operation: { token: 1, outcome: "Aborted" } }));
    expect(decide(makeObserved({ world: over })).phase).toBe("Aborted");
  });

  it("after the commit of the rewind leaves it to failurePolicy", () => {
    const given = { object: { hasFinalizer: true }, world: observeModel(repaired), memory: { token: "1" } };
    expect(decide(makeObserved({ ...given, spec })).action.kind).toBe("abandon");
    const resume = makeSpec({ abort: true, failurePolicy: "Resume" });
    expect(decide(makeObserved({ ...given, spec: resume })).action).toMatchObject({ kind: "release" });
    const ended = { ...repaired, operation: { token: 1, outcome: "Failed" as const }, lockedByUs: false };
    const { phase, message } = decide(
      makeObserved({ spec, world: observeModel(ended), status: { target: { snapshotId: 42 } } }),
    );
    expect(phase).toBe("Aborted");
    expect(message).toMatch(/stays paused with the rows of snapshot 42 \(failurePolicy Hold\)/);
  });
});

describe("resume.policy", () => {
  const given = { object: { hasFinalizer: true }, world: observeModel(repaired), memory: { token: "1" } };
  const spec = (policy: "Manual" | "Never") => makeSpec({ resume: { policy } });

  it("Manual waits, paused, and says for what", () => {
    const { action, phase, message, status } = decide(makeObserved({ ...given, spec: spec("Manual") }));
    expect([action.kind, phase]).toEqual(["none", "AwaitingResume"]);
    expect(message).toMatch(
      /rows of snapshot 42, paused until spec\.resume\.policy is set to Automatic.*Never.*kubectl patch strw incident/,
    );
    expect(condition(status, "Resumed")).toMatchObject({ status: "False", reason: "Held" });
  });

  it("Never leaves them paused for a person, and is done", () => {
    const { action } = decide(makeObserved({ ...given, spec: spec("Never") }));
    expect(action).toMatchObject({ kind: "release", outcome: "Succeeded", leavePaused: true });
    const left = { ...repaired, operation: { token: 1, outcome: "Succeeded" as const }, holders: ["person"] };
    const { phase, reason, message, status } = decide(makeObserved({ spec: spec("Never"), world: observeModel(left) }));
    expect([phase, reason]).toEqual(["Succeeded", "LeftPaused"]);
    expect(message).toContain("select pgtrickle.resume_scheduler(array['public.event_summary'])");
    expect(condition(status, "Ready")).toMatchObject({ status: "True" });
    expect(condition(status, "Resumed")).toMatchObject({ status: "False", reason: "LeftPaused" });
  });

  it("lets the journal hear of it while it waits", () => {
    const world: ObservedWorld = observeModel(repaired);
    const idle = (idleMs: number) => ({ ...world, operation: { tables: [], idleMs } });
    const kind = (idleMs: number) =>
      decide(makeObserved({ ...given, world: idle(idleMs), spec: spec("Manual") })).action.kind;
    expect([kind(24_999), kind(25_000)]).toEqual(["none", "keepAlive"]);
  });
});

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

  it("lets the journal hear of it also while no plan can be made", () => {
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
    expect([action.kind, phase, reason]).toEqual(["none", "Queued", "WaitingForLock"]);
    expect(message).toContain("default/older is older and comes first");
  });
});
