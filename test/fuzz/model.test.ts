import { describe, expect, test } from "vitest";
import { type Changes, changesOf, differenceOf, judge, Model, ownState, type Told } from "./model.ts";
import type { Row, Statement } from "./statements.ts";

const row = (id: number, k: string | null, v: number | null, owner = 0): Row => ({ id, k, v, owner });
const insert = (...rows: Row[]): Statement => ({ kind: "insert", table: "events", rows });
const deleteIds = (...ids: number[]): Statement => ({
  kind: "delete",
  table: "events",
  where: { ids },
  isRowByRow: false,
});
const deleteKind = (k: string, below: number): Statement => ({
  kind: "delete",
  table: "events",
  where: { k, below },
  isRowByRow: false,
});

/** A model with one commit for each list of statements. */
function modelOf(...commits: Statement[][]): Model {
  const model = new Model();
  for (const statements of commits) {
    for (const statement of statements) model.commit(changesOf(statement, model.current));
  }
  return model;
}

const told = (statement: Statement, count: number): Told => ({ statement, count });
const ids = (model: Model, sequence = model.sequence) => [...model.at(sequence).events.keys()];

function changesFor(verdict: ReturnType<typeof judge>): Changes {
  if (verdict.kind !== "determined") throw new Error(`not determined: ${verdict.kind}`);
  return verdict.changes;
}

const touched = (verdict: ReturnType<typeof judge>) => [...(changesFor(verdict).get("events") ?? new Map()).keys()];

describe("the model's history", () => {
  test("each commit leaves the states before it as they were", () => {
    const model = modelOf([insert(row(1, "a", 1))], [insert(row(2, "a", 2))], [deleteIds(1)]);
    expect([0, 1, 2, 3].map((sequence) => ids(model, sequence))).toEqual([[], [1], [1, 2], [2]]);
  });

  test("a snapshot keeps the rows that it had when it was seen first", () => {
    const model = modelOf([insert(row(1, "a", 1))]);
    model.recordSnapshot(7);
    model.commit(changesOf(deleteIds(1), model.current));
    model.recordSnapshot(7);
    model.recordSnapshot(8);
    expect([6, 7, 8].map((snapshot) => model.sequenceAt(snapshot))).toEqual([undefined, 1, 2]);
  });
});

describe("what a transaction did, from what its client was told", () => {
  test("its statements see each other's rows", () => {
    const model = modelOf([insert(row(1, "a", 1))]);
    const update: Statement = {
      kind: "update",
      table: "events",
      where: { ids: [2] },
      change: { add: 5 },
      isRowByRow: false,
    };
    const verdict = judge([told(insert(row(2, "b", 1)), 1), told(update, 1), told(deleteIds(1), 1)], [model.current]);
    model.commit(changesFor(verdict));
    expect([...model.current.events.values()]).toEqual([row(2, "b", 6)]);
  });

  test("a view whose counts are not the told ones is none that it had", () => {
    const model = modelOf([insert(row(1, "a", 1))], [insert(row(2, "a", 1))]);
    const views = model.between(1);
    expect(touched(judge([told(deleteKind("a", 5), 1)], views))).toEqual([1]);
    expect(touched(judge([told(deleteKind("a", 5), 2)], views))).toEqual([1, 2]);
  });

  test("views with the same counts and other rows leave it open", () => {
    const model = modelOf([insert(row(1, "a", 1))], [deleteIds(1)], [insert(row(2, "a", 1))]);
    expect(judge([told(deleteKind("a", 5), 1)], model.between(1)).kind).toBe("ambiguous");
    expect(judge([told(deleteKind("a", 5), 1)], model.between(1, 2)).kind).toBe("determined");
  });

  test("counts that no view gives are a contradiction", () => {
    const model = modelOf([insert(row(1, "a", 1))]);
    expect(judge([told(deleteIds(1), 2)], [model.current])).toEqual({ kind: "contradicted", expected: [[1]] });
  });

  test("a row that it inserts and deletes was never there for others", () => {
    const model = new Model();
    model.commit(changesFor(judge([told(insert(row(1, "a", 1)), 1), told(deleteIds(1), 1)], [model.current])));
    expect(ids(model)).toEqual([]);
  });

  test("it sees its own rows before others do", () => {
    const model = modelOf([insert(row(1, "a", 1))]);
    const own = ownState([told(insert(row(2, "a", 1)), 1)], model.current);
    expect([...own.events.keys()]).toEqual([1, 2]);
    expect(ids(model)).toEqual([1]);
  });
});

describe("a scan of the lake against the model", () => {
  const want = new Map([1, 2, 3].map((id) => [id, row(id, null, id)]));

  test("the same rows in any order are no difference", () => {
    expect(differenceOf(want, [row(3, null, 3), row(1, null, 1), row(2, null, 2)])).toBeUndefined();
  });

  test("missing, extra, changed and doubled rows are told apart", () => {
    const got = [row(1, null, 1), row(1, null, 1), row(2, "a", 2), row(4, "b", null)];
    expect(differenceOf(want, got)).toEqual({
      missing: ["(3, null, 3, 0)"],
      extra: ["(4, b, null, 0)"],
      changed: ["(2, a, 2, 0)"],
      doubled: ["(1, null, 1, 0)"],
    });
  });
});
