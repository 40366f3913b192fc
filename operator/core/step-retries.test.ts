import { describe, expect, it } from "vitest";
import { makeObserved, makePlan, makePlanOf, makeSpec } from "../../test/support/make-observed.ts";
import { makeFailure, makeWorld, modelHold, observeModel } from "../../test/support/model-world.ts";
import type { Retry } from "../api/status.ts";
import { backoffMs } from "./backoff.ts";
import { decide } from "./decide.ts";
import { effectiveRetry, waitBeforeMs } from "./step-retries.ts";

const failure = makeFailure("TransientError", false);

function makeRetry(overrides: Partial<Retry> = {}): Retry {
  return {
    ...{ step: "Rewind", count: 2, reason: "TransientError", message: "made up" },
    lastFailureTime: "2026-11-22T12:00:00.000Z",
    nextAttemptTime: "2026-11-22T12:00:30.000Z",
    ...overrides,
  };
}

describe("backoffMs", () => {
  it("grows by three up to a minute", () => {
    expect([1, 2, 3, 4, 5, 6, 99].map((count) => backoffMs(count, 0.5))).toEqual([
      1_000, 3_000, 9_000, 27_000, 60_000, 60_000, 60_000,
    ]);
  });

  it("stays within ten per cent of that", () => {
    expect(backoffMs(1, 0)).toBe(900);
    expect(backoffMs(1, 0.999)).toBeLessThanOrEqual(1_100);
  });
});

describe("effectiveRetry", () => {
  it("counts a failure of the last action", () => {
    const observed = makeObserved({ memory: { lastFailure: { step: "Rewind", failure } } });
    expect(effectiveRetry(observed)).toMatchObject({ step: "Rewind", count: 1 });
  });

  it("counts on where the same step failed before", () => {
    const observed = makeObserved({
      status: { retry: makeRetry() },
      memory: { lastFailure: { step: "Rewind", failure } },
    });
    expect(effectiveRetry(observed)?.count).toBe(3);
  });

  it("starts anew with another step", () => {
    const observed = makeObserved({
      status: { retry: makeRetry() },
      memory: { lastFailure: { step: "Replay", failure } },
    });
    expect(effectiveRetry(observed)).toMatchObject({ step: "Replay", count: 1 });
  });

  it("does not count a pass that was woken before its time", () => {
    const world = { kind: "unreachable", failure } as const;
    const retry = makeRetry({ step: "Connect" });
    expect(effectiveRetry(makeObserved({ world, status: { retry } }))).toBe(retry);
    const later = makeObserved({ world, status: { retry }, now: Date.parse("2026-11-22T12:00:31Z") });
    expect(effectiveRetry(later)?.count).toBe(3);
  });

  it("makes a step wait for its time and no other", () => {
    const observed = makeObserved({ status: { retry: makeRetry() } });
    expect(waitBeforeMs(observed, "Rewind")).toBe(20_000);
    expect(waitBeforeMs(observed, "Replay")).toBe(0);
  });
});

describe("what cannot be undone yet", () => {
  const held = { object: { hasFinalizer: true }, status: { phase: "Rewinding" } } as const;

  it("because the spec is not understood any more is looked at when that changes, not all the time", () => {
    const { status, requeueAfterMs } = decide(
      makeObserved({ ...held, spec: { invalid: "spec.target: wrong" }, world: { kind: "unasked" } }),
    );
    expect(status.conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");
    expect(requeueAfterMs).toBeUndefined();
  });

  it("because the database went away with the action is not asked for in a circle", () => {
    const world = { kind: "unreachable", failure } as const;
    const memory = { token: "1", lastFailure: { step: "Rewind", failure } } as const;
    for (const abort of [false, true]) {
      const { requeueAfterMs } = decide(makeObserved({ ...held, world, memory, spec: makeSpec({ abort }) }));
      expect(requeueAfterMs).toBeGreaterThan(500);
    }
  });
});

describe("a leader whose clock is an hour behind that of the one before it", () => {
  const now = Date.parse("2026-11-22T11:00:00.000Z");

  it("does not wait an hour for the next attempt", () => {
    expect(waitBeforeMs(makeObserved({ now, status: { retry: makeRetry() } }), "Rewind")).toBe(0);
    const world = { kind: "unreachable", failure } as const;
    const lost = decide(makeObserved({ now, world, status: { retry: makeRetry({ step: "Connect" }) } }));
    expect(lost).toMatchObject({ requeueAfterMs: 9_000, status: { retry: { count: 3 } } });
  });

  it("does not show an old plan for an hour", () => {
    const spec = makeSpec({ approval: { mode: "Manual" } });
    const status = { phase: "AwaitingApproval", plan: makePlanOf(spec) } as const;
    expect(decide(makeObserved({ now, spec, status })).action.kind).toBe("plan");
  });
});

describe("decide with failures", () => {
  const paused = makeWorld({
    ...{ operation: { token: 1 }, claimedByUs: true, holders: [modelHold] },
    steps: [{ name: "Pause", outcome: "Done", attempt: 1 }],
  });
  const base = { world: observeModel(paused), object: { hasFinalizer: true } };
  const memory = { token: "1", plan: makePlan() };

  it("waits after a failure, keeps the phase and says why", () => {
    const decision = decide(makeObserved({ ...base, memory: { ...memory, lastFailure: { step: "Rewind", failure } } }));
    expect(decision).toMatchObject({
      ...{ action: { kind: "none" }, phase: "Rewinding", reason: "TransientError", requeueAfterMs: 1_000 },
      status: { retry: { step: "Rewind", count: 1 } },
    });
  });

  it("waits as well when the tables must be claimed anew first", () => {
    const lost = { plan: makePlan(), lastFailure: { step: "Rewind", failure } } as const;
    expect(decide(makeObserved({ ...base, memory: lost }))).toMatchObject({
      ...{ action: { kind: "none" }, requeueAfterMs: 1_000, status: { retry: { step: "Rewind", count: 1 } } },
    });
  });

  it("keeps the count while it tries again", () => {
    const retry = makeRetry({ nextAttemptTime: "2026-11-22T12:00:05.000Z" });
    const decision = decide(makeObserved({ ...base, memory, status: { retry } }));
    expect(decision).toMatchObject({ action: { kind: "rewind" }, status: { retry: { count: 2 } } });
  });

  it("fails beyond the backoff limit, and says after how many", () => {
    const decision = decide(
      makeObserved({
        ...{ ...base, spec: makeSpec({ backoffLimit: 2 }), status: { retry: makeRetry() } },
        memory: { ...memory, lastFailure: { step: "Rewind", failure } },
      }),
    );
    expect(decision).toMatchObject({ action: { kind: "release" }, reason: "BackoffLimitExceeded" });
    expect(decision.message).toMatch(/Rewind failed 3 times \(backoffLimit 2\)/);
  });

  it("never gives up on the database while tables may be paused", () => {
    const world = { kind: "unreachable", failure } as const;
    const retry = makeRetry({ step: "Connect", count: 50 });
    const decision = decide(
      makeObserved({ world, object: { hasFinalizer: true }, status: { phase: "Rewinding", retry } }),
    );
    expect(decision).toMatchObject({ action: { kind: "none" }, phase: "Rewinding" });
    expect(decision.status.conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");
  });
});
