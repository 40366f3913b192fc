/** A table that a scrub heals while the object waits: told once, with what was found, and shown in the status. */
import { expect, it } from "vitest";
import { makeObserved, makeSpec, startedAt } from "../../test/support/make-observed.ts";
import { makeWorld, modelTable, observeModel } from "../../test/support/model-world.ts";
import type { StreamTableRewindStatus } from "../api/status.ts";
import { decide } from "./decide.ts";
import type { Observed, TableFact } from "./observed.ts";

const at = new Date(startedAt).toISOString();
const found = "drift: 3 rows at snapshot 57, the query gives 4; 1 missing, 0 unexpected";

function waiting(healed: TableFact["healed"], status: StreamTableRewindStatus = {}): Observed {
  const world = observeModel(makeWorld({ claimedByOther: true }));
  const tables = world.tables.map((table) => ({ ...table, healed }));
  return makeObserved({ spec: makeSpec(), status, world: { ...world, tables } });
}

const drift = (o: Observed) => decide(o).events.filter(({ reason }) => reason === "DriftHealed");

it("is a warning that names the table and says what was wrong", () => {
  const o = waiting({ at, found });
  expect(drift(o)).toEqual([
    {
      ...{ type: "Warning", reason: "DriftHealed", action: "Scrub" },
      note: `${modelTable} was not its query and was healed by a scrub at ${at}: ${found}`,
    },
  ]);
  expect(decide(o).status.tables).toMatchObject([{ name: modelTable, lastDriftAt: at }]);
});

it("is told once, and again when it happens again", () => {
  const { status } = decide(waiting({ at, found }));
  expect(drift(waiting({ at, found }, status))).toEqual([]);
  const later = new Date(startedAt + 5_000).toISOString();
  expect(drift(waiting({ at: later, found }, status))).toHaveLength(1);
});

it("is none of an object that was made afterwards", () => {
  const before = waiting({ at: new Date(startedAt - 3_600_000).toISOString(), found });
  expect(drift(before)).toEqual([]);
  expect(decide(before).status.tables?.[0]).not.toHaveProperty("lastDriftAt");
  expect(drift(waiting(undefined))).toEqual([]);
});
