// What holds in every state and after every move: the numbered invariants of SPEC.md.

import { expect } from "vitest";
import { type ModelWorld, modelHold, modelLeftHold, modelTarget } from "../../../test/support/model-world.ts";
import { isTerminal, type StreamTableRewindStatus } from "../../api/status.ts";
import type { Action } from "../decision.ts";

import {
  keyOf,
  type Move,
  ordered,
  personsHold,
  planOf,
  type Scenario,
  type State,
  specOf,
  step,
  waited,
} from "./model-states.ts";

const callsTheEngine = ["plan", "rewind", "repair", "replay"];
const touches = ["addFinalizer", "claim", "pause", ...callsTheEngine.slice(1)];

function assertOrders(scenario: Scenario, before: State, action: Action): void {
  const { approval, dryRun, resume } = specOf(scenario, before);
  if (action.kind === "rewind" && approval.mode === "Manual") {
    expect(planOf(scenario, before).hash, "I13: what runs is what was approved").toBe(approval.planHash);
  }
  if (approval.mode === "Manual" && !approval.hold && touches.includes(action.kind)) {
    expect(approval.planHash, "I13: nothing is touched before approval").toBeDefined();
  }
  if (dryRun) expect(touches, "I14: a dry run touches nothing").not.toContain(action.kind);
  if (action.kind === "replay") expect(resume.policy, "I15: replayed when a person says so").toBe("Automatic");
}

export function assertMove(scenario: Scenario, before: State, move: Move): void {
  const { action, state } = move;
  if (action !== undefined) assertOrders(scenario, before, action);
  if (action && callsTheEngine.includes(action.kind) && state.memory.token !== undefined) {
    expect(before.world.holders, "I1: paused before anything talks to the engine").toContain(modelHold);
  }
  if (isTerminal(before.status.phase))
    expect(state.status.phase, "I4: terminal phases never change").toBe(before.status.phase);
  if (before.status.failure && state.status.phase !== undefined) {
    expect(state.status.failure?.reason, "I7: a verdict stays").toBe(before.status.failure.reason);
  }
}

function isRewound(world: ModelWorld): boolean {
  return world.steps.some(({ name, outcome }) => name === "Rewind" && outcome === "Done");
}

function isUnsuccessful({ phase }: StreamTableRewindStatus): boolean {
  return phase === "Failed" || phase === "Aborted";
}

function assertHolding(scenario: Scenario, { world, hasFinalizer }: State): void {
  const holds = world.claimedByUs || world.holders.includes(modelHold);
  if (holds) expect(hasFinalizer, "I2: whoever holds has the finalizer").toBe(true);
  expect(world.repairCommits, "I3: at most one lake commit").toBeLessThanOrEqual(1);
  if (scenario.world.holders.includes(personsHold)) {
    expect(world.holders, "I8: a person's hold stays").toContain(personsHold);
  }
}

function assertBeforeTheRewind(scenario: Scenario, { world, status }: State): void {
  if (isRewound(world)) return;
  expect(world.snapshotId, "I6: nothing moves").toBe(scenario.world.snapshotId);
  expect(world.repairCommits, "I6: nothing is repaired").toBe(0);
  if (isUnsuccessful(status)) expect(world.holders, "I6: everything is undone").not.toContain(modelHold);
}

/** Rewound, and nobody has taken it over. */
function mayStay(world: ModelWorld): boolean {
  return isRewound(world) && world.operation?.outcome !== "Orphaned";
}

/** A deleted object that had failed takes its lock again, to put back what it held. */
function assertTerminal(scenario: Scenario, { world, status, deleting }: State): void {
  if (!isTerminal(status.phase) || deleting) return;
  const held = world.holders.includes(modelHold);
  expect(world.claimedByUs && !world.operation?.outcome, "I5: the terminal status comes last").toBe(false);
  if (scenario.spec.failurePolicy === "Resume") expect(held, "I11: failurePolicy Resume holds nothing").toBe(false);
  else if (isUnsuccessful(status)) expect(held, "I11: failurePolicy Hold holds what was rewound").toBe(mayStay(world));
  if (status.phase === "Succeeded") {
    expect(status.failure, "I7: no success after a verdict").toBeUndefined();
    expect(held, "succeeded holds nothing").toBe(false);
    expect(world.snapshotId).toBeGreaterThanOrEqual(modelTarget);
    const isDoneBefore = scenario.world.alreadyDone !== undefined;
    expect(world.repairCommits).toBe(scenario.spec.repair && !isDoneBefore ? 1 : 0);
    const isLeft = status.reason === "LeftPaused";
    expect(world.holders.includes(modelLeftHold), "I15: left paused if so ordered").toBe(isLeft);
  } else if (held) {
    expect(status.conditions?.find(({ type }) => type === "Stalled")?.status, "I10: held is Stalled").toBe("True");
    expect(status.tables?.[0]?.held, "I10: and says so").toBe(true);
  }
}

export function assertState(scenario: Scenario, state: State): void {
  assertHolding(scenario, state);
  assertBeforeTheRewind(scenario, state);
  assertTerminal(scenario, state);
}

function isOver(state: State): boolean {
  if (state.deleting) return state.gone || !state.hasFinalizer;
  if (!isTerminal(state.status.phase)) return false;
  return !state.hasFinalizer || (state.status.tables?.some((table) => table.held) ?? false);
}

/** Whoever is waited for comes. */
function answered(state: State): State {
  const { phase, plan } = state.status;
  if (phase === "AwaitingApproval" && plan) return ordered(state, { approved: plan.hash });
  if (phase === "AwaitingResume" && state.orders.policy === undefined) return ordered(state, { policy: "Automatic" });
  return state;
}

/** From here on nothing goes wrong any more. */
export function assertConverges(scenario: Scenario, from: State): void {
  let state: State = { ...from, isDatabaseUp: true, faultsLeft: 0, world: { ...from.world, claimedByOther: false } };
  for (let pass = 0; pass < 40; pass += 1) {
    state = answered(state);
    if (isOver(state)) {
      expect(step(scenario, state).good.name, "over means no further action").toBe("none");
      return;
    }
    state = step(scenario, { ...state, status: waited(state.status) }).good.state;
  }
  expect.fail(`does not end: ${keyOf(state)}`);
}
