import { describe, expect, it, test } from "vitest";
import { fullPlan, fullSpec, otherPlan, otherSpec } from "../../test/support/full-examples.ts";
import { isExcluded, type Leaf, leavesOf, withLeaf } from "../../test/support/leaves.ts";
import { makePlan, makeSpec } from "../../test/support/make-observed.ts";
import { modelTable } from "../../test/support/model-world.ts";
import { specSchema } from "../api/spec.ts";
import { statusSchema } from "../api/status.ts";
import { notOfThePlan, notOfThePlannedSpec, planHash } from "./plan-hash.ts";

const table = {
  ...{ name: modelTable, from: 57, to: 42, rowsChanged: 1, definitionHash: "d" },
  sources: [{ table: "lake.events", tableId: 1, schemaVersion: 1 }],
};
const contradiction = {
  recorded: { rowCount: 105, fingerprint: "105-a", refreshId: 3, at: "2026-11-22T11:00:00.000Z" },
  lake: { rowCount: 135, fingerprint: "135-b" },
};
const plan = makePlan({
  systemIdentifier: "7",
  database: "staging",
  timeline: 1,
  tables: [table],
  head: 57,
  rowsChanged: 1,
});
const spec = makeSpec();
const hash = planHash(plan, spec);

describe("planHash", () => {
  it.each([
    ["the moving frontier", planHash(makePlan({ ...plan, tables: [{ ...table, from: 99 }] }), spec)],
    [
      "head, counts and time",
      planHash(makePlan({ ...plan, head: 99, rowsChanged: 7, plannedAt: "2027-01-01T00:00:00Z" }), spec),
    ],
    [
      "the way that costs suggest today",
      planHash(makePlan({ ...plan, tables: [{ ...table, strategy: "Journal" }] }), spec),
    ],
    [
      "what contradicts, if nobody accepts it",
      planHash(makePlan({ ...plan, tables: [{ ...table, contradiction }] }), spec),
    ],
    ["what happens on failure", planHash(plan, makeSpec({ failurePolicy: "Resume" }))],
  ])("does not depend on %s", (_, other) => {
    expect(other).toBe(hash);
  });

  it.each([
    ["the target", planHash(makePlan({ ...plan, target: 41 }), spec)],
    ["the database", planHash(makePlan({ ...plan, systemIdentifier: "8" }), spec)],
    ["which one of the server's", planHash(makePlan({ ...plan, database: "production" }), spec)],
    ["its timeline", planHash(makePlan({ ...plan, timeline: 2 }), spec)],
    ["a definition", planHash(makePlan({ ...plan, tables: [{ ...table, definitionHash: "e" }] }), spec)],
    [
      "a source's identity",
      planHash(
        makePlan({
          ...plan,
          tables: [{ ...table, sources: [{ table: "lake.events", tableId: 2, schemaVersion: 1 }] }],
        }),
        spec,
      ),
    ],
    ["the repair", planHash(plan, makeSpec({ repair: { sql: ["delete from lake.events"] } }))],
    ["the assertions", planHash(plan, makeSpec({ verification: { assertions: [] } }))],
    ["where they are asserted", planHash(plan, makeSpec({ verification: { ...spec.verification, at: ["Replay"] } }))],
    ["the strategy", planHash(plan, makeSpec({ strategy: "Full" }))],
    ["the replay", planHash(plan, makeSpec({ resume: { replay: "Stepwise" } }))],
    ["whether the lake's word is accepted", planHash(plan, makeSpec({ acceptContradiction: true }))],
  ])("depends on %s", (_, other) => {
    expect(other).not.toBe(hash);
  });
});

test("what is accepted is what was shown: a contradiction that comes or changes is another plan", () => {
  const accepting = makeSpec({ acceptContradiction: true });
  const other = { ...contradiction, lake: { rowCount: 136, fingerprint: "136-c" } };
  const hashes = [undefined, contradiction, other].map((found) =>
    planHash(makePlan({ ...plan, tables: [{ ...table, ...(found && { contradiction: found }) }] }), accepting),
  );
  expect(new Set(hashes).size).toBe(3);
});

const coverageOf = (leaves: readonly Leaf[], excluded: readonly string[]) =>
  leaves.map((leaf) => ({ path: leaf.path, isCovered: !isExcluded(leaf, excluded) }));

describe("planHash covers every field of the plan and of spec but those that are named", () => {
  const whole = planHash(fullPlan, fullSpec);
  const ofPlan = leavesOf(statusSchema.shape.plan);
  const ofSpec = leavesOf(specSchema);

  it.each(coverageOf(ofPlan, Object.keys(notOfThePlan)))("plan.$path: $isCovered", ({ path, isCovered }) => {
    expect(planHash(withLeaf(fullPlan, otherPlan, path), fullSpec) === whole).toBe(!isCovered);
  });

  it.each(coverageOf(ofSpec, Object.keys(notOfThePlannedSpec)))("spec.$path: $isCovered", ({ path, isCovered }) => {
    expect(planHash(fullPlan, withLeaf(fullSpec, otherSpec, path)) === whole).toBe(!isCovered);
  });

  it.each([
    ["plan", ofPlan, notOfThePlan],
    ["spec", ofSpec, notOfThePlannedSpec],
  ])("names no field of %s that does not exist", (_, leaves, exclusions) => {
    const unknown = Object.keys(exclusions).filter((path) => !leaves.some((leaf) => isExcluded(leaf, [path])));
    expect(unknown).toEqual([]);
  });
});

test("a table that has fallen behind the target is another plan", () => {
  const behind = planHash(makePlan({ ...plan, tables: [{ ...table, from: 41 }] }), spec);
  expect(behind).not.toBe(hash);
});

// An approval that was given before an update of the operator is good after it.
describe("of what there was in version 0.1.0 it is what that made of it", () => {
  const smallest = { database: { secretRef: { name: "db" } }, streamTables: ["a"], target: { snapshotId: 42 } };

  test("of the smallest spec and plan", () => {
    const small = { target: 42, tables: [{ name: modelTable, from: 57, to: 42 }] };
    expect(planHash(small, specSchema.parse(smallest))).toBe(
      "41b9e1fffd03a358bb9e84ba93a7babd7be1426264c154cd51971635fe4cfc09",
    );
  });

  test("of a full one", () => {
    const given = specSchema.parse({
      ...{ ...smallest, operationId: "inc-1", strategy: "Full", failurePolicy: "Resume" },
      approval: { mode: "Manual", hold: true },
      verification: { assertions: [{ name: "no-corrupted", sql: "select true" }], at: ["Replay", "Rewind"] },
      repair: { sql: ["delete from lake.events"] },
      resume: { policy: "Never", replay: "Stepwise" },
    });
    const {
      hash: _,
      plannedAt: __,
      ...planned
    } = makePlan({
      ...{ systemIdentifier: "7", timeline: 1, head: 57, oldest: 0, commitsUndoneCount: 3, rowsChanged: 1 },
      tables: [
        {
          ...{ name: "public.b", from: 41, to: 42, definitionHash: "d", strategy: "Full" },
          sources: [{ table: "lake.events", tableId: 1, schemaVersion: 2 }],
        },
        { name: "public.a", from: 57, to: 42, definitionHash: "e", rowsChanged: 1, sources: [] },
      ],
    });
    expect(planHash(planned, given)).toBe("4e64da16bf5f54706d837b4d54a6849182c7e041b77dc0f8598349b78751fa49");
  });
});
