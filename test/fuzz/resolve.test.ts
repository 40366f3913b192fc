import { describe, expect, test } from "vitest";
import type { State } from "./model.ts";
import { type Knowledge, resolveWrite } from "./resolve.ts";
import { parseStep } from "./script.ts";
import type { Row } from "./statements.ts";

const row = (id: number, owner: number): [number, Row] => [id, { id, k: "a", v: 1, owner }];
const committed: State = {
  events: new Map([row(1, 1), row(2, 1), row(3, 2)]),
  items: new Map(),
  notes: new Map(),
  logs: new Map(),
};
const own: State = { ...committed, events: new Map([...committed.events, row(4, 1)]) };

function knowledge(): Knowledge {
  let next = 100;
  return { owner: 1, own, committed, newIds: (count) => Array.from({ length: count }, () => next++) };
}

const resolve = (line: string) => resolveWrite(parseStep(line), knowledge());

describe("which rows a step meets", () => {
  test("are the client's own, its open transaction's among them", () => {
    expect(resolve("pg1 1 delete-many events 40 7")).toMatchObject({
      where: { ids: expect.arrayContaining([1, 2, 4]) },
    });
  });

  test("are those of its transaction alone, for what touches new rows", () => {
    expect(resolve("pg1 1 touch-new events 5 3")).toMatchObject({ where: { ids: [4] } });
  });

  test("are everybody's, for a broad statement", () => {
    expect(resolve("pg1 1 update-where events 0 3")).toMatchObject({ where: { k: expect.anything() } });
  });

  test("are some that are there and some that are not, for a merge", () => {
    const statement = resolve("duck 0 merge-into events 6 11");
    const ids = statement?.kind === "merge" ? statement.rows.map(({ id }) => id) : [];
    expect(ids.filter((id) => id < 100).length).toBeGreaterThan(0);
    expect(ids.filter((id) => id >= 100).length).toBeGreaterThan(0);
  });

  test("are none where it owns none: then there is no statement", () => {
    expect(resolve("pg1 0 update-few items 5 3")).toBeUndefined();
  });

  test("are the same each time", () => {
    expect(resolve("pg1 0 insert-many events 50 3")).toEqual(resolve("pg1 0 insert-many events 50 3"));
  });
});
