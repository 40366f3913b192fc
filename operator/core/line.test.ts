import { describe, expect, it } from "vitest";
import { makeObserved, makePlanOf, makeSpec, startedAt } from "../../test/support/make-observed.ts";
import { makeFailure, makeWorld, observeModel } from "../../test/support/model-world.ts";
import { Line } from "./line.ts";
import type { Observed } from "./observed.ts";

/** @param age seconds; @param table full name. */
function rewind(name: string, age: number, overrides: Partial<Observed> = {}, table?: string): Observed {
  const base = makeObserved({ object: { name, uid: name, createdAt: startedAt - age * 1000 } });
  const world = observeModel(makeWorld());
  const tables = world.tables.map((fact) => ({ ...fact, ...(table !== undefined && { name: table }) }));
  return { ...base, world: { ...world, tables }, ...overrides };
}

describe("the line of rewinds that want the same table", () => {
  it("has the oldest in front, whoever came first", () => {
    const line = new Line();
    expect(line.update("default/young", rewind("young", 1))).toBeUndefined();
    expect(line.update("default/old", rewind("old", 9))).toBeUndefined();
    expect(line.update("default/middle", rewind("middle", 5))).toEqual({ namespace: "default", name: "old" });
    expect(line.update("default/young", rewind("young", 1))).toEqual({ namespace: "default", name: "old" });
    expect(line.waitingFor(observeModel(makeWorld()))).toEqual(["default/young", "default/old", "default/middle"]);
  });

  it("orders two of one second by uid", () => {
    const line = new Line();
    line.update("default/b", rewind("b", 1));
    expect(line.update("default/a", rewind("a", 1))).toBeUndefined();
    expect(line.update("default/b", rewind("b", 1))).toMatchObject({ name: "a" });
  });

  it("knows tables by their full name and their database", () => {
    const line = new Line();
    line.update("default/old", rewind("old", 9));
    expect(line.update("default/other", rewind("other", 1, {}, "public.other"))).toBeUndefined();
    const elsewhere = { ...observeModel(makeWorld()), database: "elsewhere" };
    expect(line.update("default/away", rewind("away", 1, { world: elsewhere }))).toBeUndefined();
    expect(line.waitingFor(elsewhere)).toEqual(["default/away"]);
  });

  it("is left by whoever no longer wants the claim, and by whoever cannot be asked", () => {
    const leaving: Record<string, Partial<Observed>> = {
      claimed: { world: observeModel(makeWorld({ operation: { token: 1 }, claimedByUs: true })) },
      unreachable: { world: { kind: "unreachable", failure: makeFailure("DatabaseUnreachable", false) } },
      finished: { status: { phase: "Succeeded" } },
      aborted: { spec: makeSpec({ abort: true }) },
      "being deleted": { object: { ...rewind("old", 9).object, deletingSince: startedAt } },
      "waiting for approval": { spec: makeSpec({ approval: { mode: "Manual" } }) },
      "a dry run": { spec: makeSpec({ dryRun: true }) },
    };
    for (const [why, changes] of Object.entries(leaving)) {
      const line = new Line();
      line.update("default/old", rewind("old", 9));
      line.update("default/old", rewind("old", 9, changes));
      expect(line.update("default/young", rewind("young", 1)), why).toBeUndefined();
    }
    const line = new Line();
    line.update("default/old", rewind("old", 9));
    line.leave("default/old");
    expect(line.update("default/young", rewind("young", 1))).toBeUndefined();
  });

  it("has no approved rewind in it that cannot be planned: without an engine it would keep the others from pausing", () => {
    const unapproved = makeSpec({ approval: { mode: "Manual" } });
    const plan = makePlanOf(unapproved);
    const spec = makeSpec({ approval: { mode: "Manual", planHash: plan.hash } });
    const failure = makeFailure("LakeUnreachable", false);
    const status = { phase: "Queued", plan } as const;
    const line = new Line();
    line.update("default/old", rewind("old", 9, { spec, status }));
    expect(line.update("default/young", rewind("young", 1))).toMatchObject({ name: "old" });
    line.update("default/old", rewind("old", 9, { spec, status, memory: { lastFailure: { step: "Plan", failure } } }));
    expect(line.update("default/young", rewind("young", 1))).toBeUndefined();
  });

  it("keeps the place of one that waits for approval with its tables held", () => {
    const line = new Line();
    line.update("default/old", rewind("old", 9, { spec: makeSpec({ approval: { mode: "Manual", hold: true } }) }));
    expect(line.update("default/young", rewind("young", 1))).toMatchObject({ name: "old" });
  });
});
