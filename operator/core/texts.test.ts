/** A status that the API server refuses is never written: nobody would be told, and what is written first would never be done. */
import { describe, expect, it } from "vitest";
import { makeObserved, makePlan } from "../../test/support/make-observed.ts";
import { makeFailure, makeWorld, modelHold, observeModel } from "../../test/support/model-world.ts";
import { statusSchema } from "../api/status.ts";
import { decide } from "./decide.ts";
import type { Failure, Observed } from "./observed.ts";

/** What a `raise` in a repair, or a row in a detail, may make of a message. */
const long = (failure: Failure): Failure => ({ ...failure, message: `${"x".repeat(100_000)} end` });
const forNow = long(makeFailure("TransientError", false));
const forGood = long(makeFailure("AssertionFailed", true));

const paused = makeWorld({
  ...{ operation: { token: 1 }, claimedByUs: true, holders: [modelHold] },
  steps: [{ name: "Pause", outcome: "Done", attempt: 1 }],
});
const base = { world: observeModel(paused), object: { hasFinalizer: true }, memory: { token: "1", plan: makePlan() } };
const failing = (failure: Failure): Observed =>
  makeObserved({ ...base, memory: { ...base.memory, lastFailure: { step: "Rewind", failure } } });

const cases: Readonly<Record<string, Observed>> = {
  "tried again": failing(forNow),
  "that ends the operation": failing(forGood),
  "of the operation log": makeObserved({
    ...base,
    world: observeModel({
      ...paused,
      steps: [...paused.steps, { name: "Rewind", outcome: "Failed", attempt: 1, failure: forNow }],
    }),
  }),
  "of the connection": makeObserved({ ...base, world: { kind: "unreachable", failure: forNow } }),
  "of a connection refused for good": makeObserved({ world: { kind: "unreachable", failure: forGood } }),
  "of a table": makeObserved({ world: observeModel({ ...makeWorld(), tableFailure: forGood }) }),
  "of the target": makeObserved({ world: observeModel({ ...makeWorld(), targetFailure: forNow }) }),
  "of a spec": makeObserved({ spec: { invalid: forGood.message }, world: { kind: "unasked" } }),
  "that the operation log has as its reason": makeObserved({
    world: { ...observeModel(paused), operation: { tables: [], outcome: "Failed", reason: forGood.message } },
  }),
};

describe("a message of a hundred thousand characters", () => {
  for (const [name, observed] of Object.entries(cases)) {
    it(`${name} leaves a status that can be stored`, () => {
      const { status } = decide(observed);
      expect(statusSchema.safeParse(status).error?.issues).toBeUndefined();
    });
  }

  it("does not push out what the end means for the tables", () => {
    const { message } = decide(makeObserved({ world: observeModel({ ...makeWorld(), tableFailure: forGood }) }));
    expect(message).toMatch(/Nothing was changed\.$/);
  });
});

describe("the end of an operation tells", () => {
  const rewound = (snapshotId: number, holders: string[], outcome: "Failed" | "Orphaned") =>
    observeModel({
      ...{ ...paused, snapshotId, holders, operation: { token: 1, outcome }, claimedByUs: false },
      steps: [...paused.steps, { name: "Rewind", outcome: "Done", attempt: 1 }],
    });
  const given = { target: { snapshotId: 42 }, failure: { reason: "DeadlineExceeded", message: "too late" } };

  it("which rows are shown, also in the middle of a replay", () => {
    const world = rewound(45, [modelHold], "Failed");
    expect(decide(makeObserved({ world, status: given })).message).toMatch(/stays paused with the rows of snapshot 45/);
  });

  it("what is still paused after somebody has made an orphan of it", () => {
    const world = rewound(42, ["person"], "Orphaned");
    expect(decide(makeObserved({ world })).message).toMatch(
      /public\.event_summary is still paused.*select pgtrickle\.resume_scheduler\(array\['public\.event_summary'\]\)/,
    );
  });
});
