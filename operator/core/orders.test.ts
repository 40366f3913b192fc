/** What people order in the spec: approval, hold, dry run, abort, resume, ttl; and the same object applied again. */
import { describe, expect, it } from "vitest";
import { makeObserved, makePlan, makePlanOf, makeSpec } from "../../test/support/make-observed.ts";
import { makeFailure, makeWorld, observeModel } from "../../test/support/model-world.ts";
import { decide } from "./decide.ts";
import type { ObservedWorld } from "./observed.ts";
import { at, condition, manual, open, paused, plan, repaired, step, waiting } from "./testing/orders.ts";

describe("approval.mode Manual", () => {
  it("plans first, without claim, finalizer or pause", () => {
    expect(decide(makeObserved({ spec: manual() }))).toMatchObject({ action: { kind: "plan" }, phase: "Planning" });
  });

  it("shows the plan, what it undoes and the command that approves it", () => {
    const { action, phase, message, status, events } = decide(makeObserved({ spec: manual(), memory: { plan } }));
    expect([action.kind, phase]).toEqual(["none", "AwaitingApproval"]);
    expect(message).toMatch(/public\.event_summary goes to snapshot 42, undoes 15 commits?, changes 5 rows?/);
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
    const world = observeModel(makeWorld({ claimedByOther: true }));
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
    expect(first.message).toMatch(new RegExp(`planHash abc is of another plan.*Plan ${plan.hash}`));
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

  it("with hold claims and pauses first", () => {
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
    const world = observeModel(makeWorld({ claimedByOther: true }));
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
    const queued = makeObserved({ spec, world: observeModel(makeWorld({ claimedByOther: true })) });
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

  it("is remembered by the operation log, should the status be lost", () => {
    const over = observeModel(makeWorld({ operation: { token: 1, outcome: "Aborted" } }));
    expect(decide(makeObserved({ world: over })).phase).toBe("Aborted");
  });

  it("after the commit of the rewind leaves it to failurePolicy", () => {
    const given = { object: { hasFinalizer: true }, world: observeModel(repaired), memory: { token: "1" } };
    expect(decide(makeObserved({ ...given, spec })).action.kind).toBe("abandon");
    const resume = makeSpec({ abort: true, failurePolicy: "Resume" });
    expect(decide(makeObserved({ ...given, spec: resume })).action).toMatchObject({ kind: "release" });
    const ended = { ...repaired, operation: { token: 1, outcome: "Failed" as const }, claimedByUs: false };
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

  it("lets the operation log hear of it while it waits", () => {
    const world: ObservedWorld = observeModel(repaired);
    const idle = (idleMs: number) => ({ ...world, operation: { tables: [], idleMs } });
    const kind = (idleMs: number) =>
      decide(makeObserved({ ...given, world: idle(idleMs), spec: spec("Manual") })).action.kind;
    expect([kind(24_999), kind(25_000)]).toEqual(["none", "keepAlive"]);
  });
});
