/** Over 300 lines: one table. The transition table of SPEC.md, and single decisions, each named by what it promises. */
import { describe, expect, it } from "vitest";
import { makeObserved, makePlan, makeSpec, type ObservedOverrides } from "../../test/support/make-observed.ts";
import {
  type ModelStep,
  type ModelWorld,
  makeFailure,
  makeWorld,
  modelHold,
  observeModel,
  takeOver,
} from "../../test/support/model-world.ts";
import type { Phase } from "../api/status.ts";
import { decide, needsWorld } from "./decide.ts";
import type { ActionKind } from "./decision.ts";
import type { LoggedStep, Observed, World } from "./observed.ts";

const step = (name: LoggedStep, outcome: ModelStep["outcome"] = "Done"): ModelStep => ({ name, outcome, attempt: 1 });
const noConnection: World = { kind: "unreachable", failure: makeFailure("DatabaseUnreachable", false) };

/** How far the operation log is. */
const journals = {
  "nothing yet": makeWorld(),
  claimed: makeWorld({ operation: { token: 1 }, claimedByUs: true }),
  paused: makeWorld({ operation: { token: 1 }, claimedByUs: true, holders: [modelHold], steps: [step("Pause")] }),
  rewound: makeWorld({
    ...{ operation: { token: 1 }, claimedByUs: true, holders: [modelHold], snapshotId: 42 },
    steps: [step("Pause"), step("Rewind")],
  }),
  repaired: makeWorld({
    ...{ operation: { token: 1 }, claimedByUs: true, holders: [modelHold], snapshotId: 42, repairCommits: 1 },
    steps: [step("Pause"), step("Rewind"), step("Repair")],
  }),
  replayed: makeWorld({
    ...{ operation: { token: 1 }, claimedByUs: true, holders: [modelHold], snapshotId: 58, repairCommits: 1 },
    steps: [step("Pause"), step("Rewind"), step("Repair"), step("Replay")],
  }),
  succeeded: makeWorld({ operation: { token: 1, outcome: "Succeeded" }, snapshotId: 58, repairCommits: 1 }),
  "failed and undone": makeWorld({ operation: { token: 1, outcome: "Failed" }, steps: [step("Pause")] }),
  "failed and held": makeWorld({
    ...{ operation: { token: 1, outcome: "Failed" }, holders: [modelHold], snapshotId: 42 },
    steps: [step("Pause"), step("Rewind")],
  }),
} as const;

type Journal = keyof typeof journals;
type Event =
  | "goes on"
  | "fails for good"
  | "fails for now"
  | "is deleted"
  | "loses the database"
  | "restarts"
  | "is aborted";
type Want = readonly [action: ActionKind, phase: Phase];

function given(journal: Journal, event: Event): Observed {
  const world = journals[journal];
  const isNew = journal === "nothing yet";
  const base: ObservedOverrides = {
    world: observeModel(world),
    object: { hasFinalizer: !isNew },
    status: isNew ? {} : { phase: "Pausing", plan: makePlan() },
    memory: isNew ? {} : { token: "1" },
  };
  const overrides: Record<Event, ObservedOverrides> = {
    "goes on": {},
    "fails for good": {
      memory: { ...base.memory, lastFailure: { step: "Plan", failure: makeFailure("QueryRefused", true) } },
    },
    "fails for now": {
      memory: { ...base.memory, lastFailure: { step: "Connect", failure: makeFailure("TransientError", false) } },
    },
    "is deleted": { object: { ...base.object, deletingSince: Date.parse("2026-11-22T12:00:09Z") } },
    "loses the database": { world: noConnection },
    restarts: { memory: {} },
    "is aborted": { spec: makeSpec({ abort: true }) },
  };
  return makeObserved({ ...base, ...overrides[event] });
}

/** No Partial: the compiler refuses a missing cell. */
const transitions: Readonly<Record<Journal, Readonly<Record<Event, Want>>>> = {
  "nothing yet": {
    "goes on": ["addFinalizer", "Planning"],
    "fails for good": ["none", "Failed"],
    "fails for now": ["addFinalizer", "Planning"],
    "is deleted": ["none", "Pending"],
    "loses the database": ["none", "Pending"],
    restarts: ["addFinalizer", "Planning"],
    "is aborted": ["none", "Aborted"],
  },
  claimed: {
    "goes on": ["pause", "Pausing"],
    "fails for good": ["release", "Pausing"],
    "fails for now": ["pause", "Pausing"],
    "is deleted": ["release", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["claim", "Pausing"],
    "is aborted": ["release", "Pausing"],
  },
  paused: {
    "goes on": ["rewind", "Rewinding"],
    "fails for good": ["release", "Pausing"],
    "fails for now": ["rewind", "Rewinding"],
    "is deleted": ["release", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["claim", "Pausing"],
    "is aborted": ["release", "Pausing"],
  },
  rewound: {
    "goes on": ["repair", "Repairing"],
    "fails for good": ["abandon", "Pausing"],
    "fails for now": ["repair", "Repairing"],
    "is deleted": ["release", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["claim", "Pausing"],
    "is aborted": ["abandon", "Pausing"],
  },
  repaired: {
    "goes on": ["replay", "Replaying"],
    "fails for good": ["abandon", "Pausing"],
    "fails for now": ["replay", "Replaying"],
    "is deleted": ["release", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["claim", "Pausing"],
    "is aborted": ["abandon", "Pausing"],
  },
  replayed: {
    "goes on": ["release", "Replaying"],
    "fails for good": ["abandon", "Pausing"],
    "fails for now": ["release", "Replaying"],
    "is deleted": ["release", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["claim", "Pausing"],
    "is aborted": ["release", "Replaying"],
  },
  succeeded: {
    "goes on": ["removeFinalizer", "Succeeded"],
    "fails for good": ["removeFinalizer", "Succeeded"],
    "fails for now": ["removeFinalizer", "Succeeded"],
    "is deleted": ["removeFinalizer", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["removeFinalizer", "Succeeded"],
    "is aborted": ["removeFinalizer", "Succeeded"],
  },
  "failed and undone": {
    "goes on": ["removeFinalizer", "Failed"],
    "fails for good": ["removeFinalizer", "Failed"],
    "fails for now": ["removeFinalizer", "Failed"],
    "is deleted": ["removeFinalizer", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["removeFinalizer", "Failed"],
    "is aborted": ["removeFinalizer", "Aborted"],
  },
  "failed and held": {
    "goes on": ["none", "Failed"],
    "fails for good": ["none", "Failed"],
    "fails for now": ["none", "Failed"],
    "is deleted": ["release", "Pausing"],
    "loses the database": ["none", "Pausing"],
    restarts: ["none", "Failed"],
    "is aborted": ["none", "Aborted"],
  },
};

describe("transition table", () => {
  for (const [journal, row] of Object.entries(transitions) as [Journal, Record<Event, Want>][]) {
    for (const [event, want] of Object.entries(row) as [Event, Want][]) {
      it(`${journal}, ${event}: ${want[0]}`, () => {
        const { action, phase } = decide(given(journal, event));
        expect([action.kind, phase]).toEqual(want);
      });
    }
  }
});

/** As the operation log has it. */
function withRewoundTo(snapshotId: number, model: ModelWorld): World {
  const world = observeModel(model);
  const after = [{ name: "public.event_summary", snapshotId }];
  return { ...world, steps: world.steps.map((fact) => (fact.name === "Rewind" ? { ...fact, after } : fact)) };
}

interface Case {
  readonly given: Observed;
  readonly want: {
    readonly phase?: Phase;
    readonly reason?: string;
    readonly action?: ActionKind;
    readonly says?: RegExp;
  };
}

const cases: Readonly<Record<string, Case>> = {
  "an unknown table fails without touching anything": {
    given: makeObserved({ world: observeModel(makeWorld({ tableFailure: makeFailure("UnknownStreamTable", true) })) }),
    want: { phase: "Failed", reason: "UnknownStreamTable", action: "none", says: /Nothing was changed/ },
  },
  "a snapshot in the future fails without touching anything": {
    given: makeObserved({ world: observeModel(makeWorld({ targetFailure: makeFailure("SnapshotInFuture", true) })) }),
    want: { phase: "Failed", reason: "SnapshotInFuture", action: "none" },
  },
  "a snapshot that expires after the rewind was committed decides nothing any more": {
    given: makeObserved({
      world: observeModel({ ...journals.rewound, targetFailure: makeFailure("SnapshotExpired", true) }),
      ...{ object: { hasFinalizer: true }, status: { target: { snapshotId: 42 } }, memory: { token: "1" } },
    }),
    want: { action: "repair" },
  },
  "and neither when the status was lost: the operation log has the target": {
    given: makeObserved({
      world: withRewoundTo(41, { ...journals.rewound, targetFailure: makeFailure("SnapshotExpired", true) }),
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "repair" },
  },
  "a lake that is not attached yet is waited for": {
    given: makeObserved({ world: observeModel(makeWorld({ targetFailure: makeFailure("LakeUnreachable", false) })) }),
    want: { phase: "Pending", reason: "LakeUnreachable", action: "none" },
  },
  "a missing Secret is waited for during the first thirty seconds": {
    given: makeObserved({
      world: { kind: "unreachable", failure: makeFailure("SecretNotFound", true) },
      object: { createdAt: Date.parse("2026-11-22T12:00:08Z") },
    }),
    want: { phase: "Pending", reason: "SecretNotFound", action: "none" },
  },
  "a missing Secret fails afterwards": {
    given: makeObserved({
      world: { kind: "unreachable", failure: makeFailure("SecretNotFound", true) },
    }),
    want: { phase: "Failed", reason: "SecretNotFound", says: /Nothing was changed/ },
  },
  "what somebody else had paused stays so, and that is said": {
    given: makeObserved({
      object: { hasFinalizer: true },
      world: observeModel({ ...journals.succeeded, holders: ["person"], steps: [step("Replay"), step("Release")] }),
    }),
    want: {
      phase: "Succeeded",
      says: /paused before by somebody else.*resume_scheduler\(array\['public\.event_summary'\]\)/,
    },
  },
  "a rewind without a repair says that the replay brought everything back": {
    given: makeObserved({
      spec: makeSpec({ repair: undefined }),
      world: observeModel({ ...journals.succeeded, steps: [step("Replay"), step("Release")] }),
    }),
    want: { phase: "Succeeded", says: /without a repair, so they show what the source holds/ },
  },
  "a Secret that goes away while tables are paused fails nothing": {
    given: makeObserved({
      world: { kind: "unreachable", failure: makeFailure("SecretNotFound", true) },
      ...{ object: { hasFinalizer: true }, status: { phase: "Rewinding" } },
    }),
    want: { phase: "Rewinding", reason: "SecretNotFound", action: "none", says: /may be paused/ },
  },
  "another rewind is waited for": {
    given: makeObserved({ world: observeModel(makeWorld({ claimedByOther: true })) }),
    want: { phase: "Queued", reason: "WaitingForClaim", action: "none", says: /default\/other/ },
  },
  "without the engine's answer the table is paused first": {
    given: makeObserved({
      object: { hasFinalizer: true },
      world: observeModel(journals.claimed),
      memory: { token: "1" },
    }),
    want: { action: "pause" },
  },
  "a repair that is in the lake already is confirmed, not run": {
    given: makeObserved({
      world: observeModel({ ...journals.rewound, repairCommits: 1 }),
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "confirmRepair", phase: "Repairing" },
  },
  "without a repair the replay follows": {
    given: makeObserved({
      ...{ spec: makeSpec({ repair: undefined }), world: observeModel(journals.rewound) },
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "replay", phase: "Replaying" },
  },
  "a release that was refused once is tried again, and nothing else is made of it": {
    given: makeObserved({
      world: observeModel({
        ...journals.replayed,
        steps: [
          ...journals.replayed.steps,
          { name: "Release", outcome: "Failed", attempt: 1, failure: makeFailure("PermissionDenied", true) },
        ],
      }),
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "release", reason: "Progressing" },
  },
  "an assertion that fails at the rewind undoes everything": {
    given: makeObserved({
      world: observeModel({
        ...journals.paused,
        steps: [
          step("Pause"),
          { name: "Rewind", outcome: "Failed", attempt: 1, failure: makeFailure("AssertionFailed", true) },
        ],
      }),
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "release", reason: "AssertionFailed" },
  },
  "the failed end says that everything was undone": {
    given: makeObserved({
      world: observeModel(journals["failed and undone"]),
      status: { phase: "Rewinding", failure: { reason: "AssertionFailed", message: "no-corrupted is false" } },
    }),
    want: { phase: "Failed", reason: "AssertionFailed", says: /no-corrupted is false\. Everything was undone/ },
  },
  "the held end says what is paused and how to go on": {
    given: makeObserved({
      world: observeModel(journals["failed and held"]),
      status: {
        ...{ phase: "Repairing", target: { snapshotId: 42 } },
        failure: { reason: "RepairFailed", message: "syntax error" },
      },
    }),
    want: {
      ...{ phase: "Failed", reason: "RepairFailed" },
      says: /stays paused.*snapshot 42.*not made: the damage is still in the source.*another StreamTableRewind.*resume_scheduler/,
    },
  },
  "taken over by resume_scheduler it ends, and says what that means": {
    given: makeObserved({
      world: observeModel(takeOver(journals.rewound)),
      ...{ object: { hasFinalizer: true }, status: { phase: "AwaitingResume", target: { snapshotId: 42 } } },
    }),
    want: {
      ...{ phase: "Failed", reason: "Failed", action: "removeFinalizer" },
      says: /ended as Orphaned.*Somebody let go of the tables.*snapshot 42 stays/,
    },
  },
  "and when it was aborted meanwhile it blames no failurePolicy": {
    given: makeObserved({
      world: observeModel(takeOver(journals.paused)),
      ...{ object: { hasFinalizer: true }, spec: makeSpec({ abort: true }) },
    }),
    want: { phase: "Aborted", says: /Somebody let go of the tables.*nothing was moved/ },
  },
  "after the deadline the operation fails": {
    given: makeObserved({
      ...{ now: Date.parse("2026-11-22T13:00:01Z"), world: observeModel(journals.paused) },
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "release", reason: "DeadlineExceeded", says: /3600 s/ },
  },
  "a replayed operation is not failed by its deadline": {
    given: makeObserved({
      ...{ now: Date.parse("2026-11-22T13:00:01Z"), world: observeModel(journals.replayed) },
      ...{ object: { hasFinalizer: true }, memory: { token: "1" } },
    }),
    want: { action: "release", reason: "Progressing" },
  },
  "a deleted object whose database is gone is let go within two minutes": {
    given: makeObserved({
      world: noConnection,
      object: { hasFinalizer: true, deletingSince: Date.parse("2026-11-22T11:58:40Z") },
    }),
    want: { action: "removeFinalizer" },
  },
  "and not before": {
    given: makeObserved({
      world: noConnection,
      object: { hasFinalizer: true, deletingSince: Date.parse("2026-11-22T11:58:41Z") },
    }),
    want: { action: "none", reason: "DatabaseUnreachable" },
  },
};

describe("decide", () => {
  for (const [name, { given: observed, want }] of Object.entries(cases)) {
    it(name, () => {
      const { phase, reason, message, action } = decide(observed);
      const { says = /(?:)/, ...exactly } = want;
      expect({ phase, reason, action: action.kind }).toMatchObject(exactly);
      expect(message).toMatch(says);
    });
  }

  it("shows the target that the tables were rewound to, whatever a time means by now", () => {
    const given = { object: { hasFinalizer: true }, memory: { token: "1" } };
    const { status } = decide(makeObserved({ ...given, world: withRewoundTo(41, journals.rewound) }));
    expect(status.target).toEqual({ snapshotId: 41 });
  });

  it("frees the claim of a rewind that does not exist any more", () => {
    const world = observeModel(makeWorld({ claimedByOther: true }));
    const owner = { uid: "other", namespace: "default", name: "other", cluster: "cluster", gone: true };
    const tables = world.tables.map((table) => ({ ...table, claimedBy: owner }));
    const { action, events, eventsAfter } = decide(makeObserved({ world: { ...world, tables } }));
    expect(action).toMatchObject({ kind: "freeOrphan", uid: "other" });
    expect(events).toEqual([]);
    const note = expect.stringContaining("public.event_summary was freed from the rewind default/other");
    expect(eventsAfter).toEqual([{ type: "Normal", reason: "OrphanFreed", action: "FreeOrphan", note }]);
  });

  it("asserts only at the steps that verification.at names", () => {
    const spec = makeSpec({ verification: { assertions: [{ name: "a", sql: "select true" }], at: ["Replay"] } });
    const memory = { token: "1", plan: makePlan() };
    const rewind = decide(
      makeObserved({ spec, memory, object: { hasFinalizer: true }, world: observeModel(journals.paused) }),
    );
    expect(rewind.action).toMatchObject({ kind: "rewind", assertions: [] });
    const replay = decide(
      makeObserved({ spec, memory, object: { hasFinalizer: true }, world: observeModel(journals.repaired) }),
    );
    expect(replay.action).toMatchObject({ kind: "replay", assertions: [{ name: "a" }] });
  });

  it("gives a long step the rest of the deadline", () => {
    const memory = { token: "1", plan: makePlan() };
    const { action } = decide(
      makeObserved({ memory, object: { hasFinalizer: true }, world: observeModel(journals.paused) }),
    );
    expect(action).toMatchObject({ kind: "rewind", timeoutMs: 3_590_000 });
  });

  it("does not ask the database about what is finished", () => {
    const held = [{ name: "public.event_summary", held: true }];
    expect(needsWorld({ phase: "Failed" }, false)).toBe(false);
    expect(needsWorld({ phase: "Failed" }, true)).toBe(true);
    expect(needsWorld({ phase: "Failed", tables: held }, false)).toBe(true);
    expect(needsWorld({ phase: "Queued" }, false)).toBe(true);
    expect(needsWorld({}, false)).toBe(true);
  });

  it("notices when somebody else has ended the hold of a failed rewind", () => {
    const status = {
      observedGeneration: 1,
      phase: "Failed",
      reason: "RepairFailed",
      tables: [{ name: "public.event_summary", held: true }],
    } as const;
    const given = (world: ReturnType<typeof makeWorld>) =>
      decide(
        makeObserved({
          status: { ...status, tables: [...status.tables] },
          object: { hasFinalizer: true },
          world: observeModel(world),
        }),
      );
    expect(given(journals["failed and held"])).toMatchObject({ action: { kind: "none" }, requeueAfterMs: 30_000 });
    expect(given(journals["failed and undone"])).toMatchObject({
      ...{ action: { kind: "removeFinalizer" }, phase: "Failed", reason: "RepairFailed" },
      status: { tables: [{ held: false }] },
    });
  });

  it("is ready as kstatus wants it: Ready, or Stalled, or Reconciling, never two of them", () => {
    for (const journal of Object.keys(transitions) as Journal[]) {
      const { status } = decide(given(journal, "goes on"));
      const holds = status.conditions?.filter(
        ({ type, status: value }) => value === "True" && ["Ready", "Reconciling", "Stalled"].includes(type),
      );
      expect(holds?.length, journal).toBe(1);
    }
  });

  it("keeps lastTransitionTime while a condition stays as it is", () => {
    const first = decide(makeObserved());
    const second = decide(makeObserved({ now: Date.parse("2026-11-22T12:30:00Z"), status: first.status }));
    expect(second.status.conditions?.map((c) => c.lastTransitionTime)).toEqual(
      first.status.conditions?.map((c) => c.lastTransitionTime),
    );
  });
});
