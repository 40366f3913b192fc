import { describe, expect, it, test } from "vitest";
import { makePlan, makeSpec } from "../../test/support/make-observed.ts";
import { modelTable } from "../../test/support/model-world.ts";
import { canonicalJson, operationKey, planHash } from "./plan-hash.ts";

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

describe("canonicalJson", () => {
  it("does not depend on the order of keys", () => {
    expect(canonicalJson({ b: 1, a: { d: [1, "x"], c: null } })).toBe('{"a":{"c":null,"d":[1,"x"]},"b":1}');
  });

  it("treats undefined as absent", () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });
});

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

describe("operationKey", () => {
  it("is the same for the same content and another for another operationId", () => {
    expect(operationKey(makeSpec())).toBe(operationKey(spec));
    expect(operationKey(makeSpec({ operationId: "again" }))).not.toBe(operationKey(spec));
    expect(operationKey(makeSpec({ acceptContradiction: true }))).not.toBe(operationKey(spec));
  });

  it("does not depend on what may change while it runs", () => {
    expect(operationKey(makeSpec({ abort: true, ttlSecondsAfterFinished: 5 }))).toBe(operationKey(spec));
  });
});
