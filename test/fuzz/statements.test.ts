import { describe, expect, test } from "vitest";
import { duckdbText, effectOf, postgresText, type Row, type Statement } from "./statements.ts";

const row = (id: number, k: string | null, v: number | null, owner = 0): Row => ({ id, k, v, owner });
const rows = new Map(
  [row(1, "a", 1), row(2, "a", null), row(3, null, 3, 1), row(4, "a", 9)].map((each) => [each.id, each]),
);

const cases: readonly {
  name: string;
  statement: Statement;
  count: number;
  changes: readonly (readonly [number, Row | null])[];
}[] = [
  {
    name: "an insertion brings its rows",
    statement: { kind: "insert", table: "events", rows: [row(5, null, null)] },
    count: 1,
    changes: [[5, row(5, null, null)]],
  },
  {
    name: "a deletion by ids meets those that are there",
    statement: { kind: "delete", table: "events", where: { ids: [1, 7] }, isRowByRow: false },
    count: 1,
    changes: [[1, null]],
  },
  {
    name: "a comparison with NULL meets nothing",
    statement: { kind: "delete", table: "events", where: { k: "a", below: 5 }, isRowByRow: false },
    count: 1,
    changes: [[1, null]],
  },
  {
    name: "NULL plus a number is NULL, and the row counts as changed",
    statement: { kind: "update", table: "events", where: { ids: [1, 2] }, change: { add: 4 }, isRowByRow: true },
    count: 2,
    changes: [
      [1, row(1, "a", 5)],
      [2, row(2, "a", null)],
    ],
  },
  {
    name: "an update from other rows adds to those that it finds",
    statement: { kind: "updateFrom", table: "events", ids: [3, 8], add: 2 },
    count: 1,
    changes: [[3, row(3, null, 5, 1)]],
  },
  {
    name: "a merge changes what is there, whose owner stays, and inserts the rest",
    statement: { kind: "merge", table: "events", rows: [row(3, "b", 0, 2), row(9, "c", 1, 2)] },
    count: 2,
    changes: [
      [3, row(3, "b", 0, 1)],
      [9, row(9, "c", 1, 2)],
    ],
  },
  {
    name: "a count changes nothing",
    statement: { kind: "count", table: "events", where: { k: null, below: 5 } },
    count: 1,
    changes: [],
  },
];

describe("what a statement does to rows", () => {
  test.each(cases)("$name", ({ statement, count, changes }) => {
    const effect = effectOf(statement, rows);
    expect(effect.count).toBe(count);
    expect([...effect.changes]).toEqual(changes);
  });
});

describe("a statement's text", () => {
  test("names the lake's table as its client knows it", () => {
    const statement: Statement = { kind: "insert", table: "items", rows: [row(1, "a", null)] };
    expect(duckdbText(statement)).toBe("insert into lake.main.items (id, k, v, owner) values (1, 'a', null, 0)");
    expect(postgresText(statement)).toBe("insert into lake.items (id, k, v, owner) values (1, 'a', null, 0)");
  });

  test("has a condition that is not shipped where rows are to be changed one by one", () => {
    const statement: Statement = { kind: "delete", table: "events", where: { ids: [1, 2] }, isRowByRow: true };
    expect(postgresText(statement)).toBe("delete from lake.events where id in (1, 2) and random() < 2");
  });
});
