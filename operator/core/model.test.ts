/**
 * Every way through the machine: breadth first over (journal × object × memory), with a crash before and after each
 * effect, lost answers, failures, a second leader, deletion, a dead database and a missed deadline. The numbered
 * invariants of SPEC.md hold in every state, and from every state a fault-free suffix ends the operation.
 */
import { describe, expect, it } from "vitest";
import { makeSpec } from "../../test/support/make-observed.ts";
import { makeFailure, makeWorld } from "../../test/support/model-world.ts";
import { assertConverges, assertMove, assertState } from "./testing/model-invariants.ts";
import { initial, keyOf, normalised, personsHold, type Scenario, type State, step } from "./testing/model-states.ts";

function explore(scenario: Scenario, faults: number): number {
  const start = initial(scenario, faults);
  const seen = new Map<string, State>([[keyOf(start), start]]);
  const queue: State[] = [start];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const { good, bad } = step(scenario, state);
    expect(seen.size, "the machine has few states").toBeLessThan(50_000);
    for (const found of [good, ...bad]) {
      const move = { ...found, state: normalised(found.state) };
      assertMove(scenario, state, move);
      assertState(scenario, move.state);
      const key = keyOf(move.state);
      if (seen.has(key)) continue;
      seen.set(key, move.state);
      queue.push(move.state);
      assertConverges(scenario, move.state);
    }
  }
  return seen.size;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "with a repair, held on failure": { spec: makeSpec({ backoffLimit: 1 }), world: makeWorld() },
  "with a repair, resumed on failure": {
    spec: makeSpec({ backoffLimit: 1, failurePolicy: "Resume" }),
    world: makeWorld(),
  },
  "on a table that a person had paused": {
    spec: makeSpec({ backoffLimit: 0 }),
    world: makeWorld({ holders: [personsHold] }),
  },
  "behind another rewind": { spec: makeSpec({ backoffLimit: 0 }), world: makeWorld({ claimedByOther: true }) },
  "approved by a person": {
    spec: makeSpec({ backoffLimit: 0, approval: { mode: "Manual" } }),
    world: makeWorld(),
  },
  "held until a person approves": {
    spec: makeSpec({ backoffLimit: 0, approval: { mode: "Manual", hold: true } }),
    world: makeWorld(),
  },
  "resumed by a person": {
    spec: makeSpec({ backoffLimit: 0, resume: { policy: "Manual" } }),
    world: makeWorld(),
  },
  "left paused": { spec: makeSpec({ backoffLimit: 0, resume: { policy: "Never" } }), world: makeWorld() },
  "a dry run": { spec: makeSpec({ dryRun: true }), world: makeWorld() },
  "done before": {
    spec: makeSpec(),
    world: makeWorld({ alreadyDone: { uid: "earlier", finishedAt: "2026-11-22T11:00:00.000Z" } }),
  },
  "of an unknown table": {
    spec: makeSpec(),
    world: makeWorld({ tableFailure: makeFailure("UnknownStreamTable", true) }),
  },
  "to an expired snapshot": {
    spec: makeSpec(),
    world: makeWorld({ targetFailure: makeFailure("SnapshotExpired", true) }),
  },
};

describe("the machine keeps its invariants and ends, whatever happens to a rewind", () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it(`${name}: two faults anywhere`, { timeout: 60_000 }, () => {
      expect(explore(scenario, 2)).toBeGreaterThan(20);
    });
  }
});
