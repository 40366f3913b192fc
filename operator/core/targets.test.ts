import { describe, expect, it } from "vitest";
import { makeObserved, makeSpec } from "../../test/support/make-observed.ts";
import { makeWorld, modelTable, observeModel } from "../../test/support/model-world.ts";
import { decide } from "./decide.ts";
import type { ObservedWorld } from "./observed.ts";

/** Both names lead to the same table. */
function seenTwice(spellings: readonly string[]): ObservedWorld {
  const world = observeModel(makeWorld());
  if (world.kind !== "observed") throw new Error("the model is observed");
  const [table] = world.tables;
  if (table === undefined) throw new Error("the model has a table");
  return { ...world, tables: spellings.map((requested) => ({ ...table, requested, name: modelTable })) };
}

describe("one table in two spellings", () => {
  it("is refused at once, with both", () => {
    const streamTables = ["event_summary", modelTable];
    const { action, phase, reason, message } = decide(
      makeObserved({ spec: makeSpec({ streamTables }), world: seenTwice(streamTables) }),
    );
    expect({ action: action.kind, phase, reason }).toEqual({ action: "none", phase: "Failed", reason: "InvalidSpec" });
    expect(message).toContain(
      "streamTables names public.event_summary twice, as event_summary and as public.event_summary: leave one of them out. Nothing was changed",
    );
  });

  it("in one spelling is what is asked for", () => {
    expect(decide(makeObserved({ world: seenTwice([modelTable]) })).phase).not.toBe("Failed");
  });
});

describe("a target that is a time to come", () => {
  it("is waited for and looked at again", () => {
    const failure = { reason: "SnapshotInFuture", message: "the time … has not come yet", terminal: false } as const;
    const world: ObservedWorld = { ...seenTwice([modelTable]), target: { failure } };
    const { action, phase, reason, message, requeueAfterMs } = decide(makeObserved({ world }));
    expect({ action: action.kind, phase, reason }).toEqual({
      action: "none",
      phase: "Pending",
      reason: "SnapshotInFuture",
    });
    expect(message).toBe("the time … has not come yet. It is asked for every 2 s");
    expect(requeueAfterMs).toBeLessThanOrEqual(2_000);
  });
});
