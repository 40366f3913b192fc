/**
 * Every way through the machine: breadth first over (journal × object × memory), with a crash before and after each
 * effect, lost answers, failures, a second leader, deletion, a dead database and a missed deadline. The numbered
 * invariants of SPEC.md hold in every state, and from every state a fault-free suffix ends the operation.
 */
import { describe, expect, it } from "vitest";
import { makeObserved, makePlanOf, makeSpec, startedAt } from "../../test/support/make-observed.ts";
import {
  applyAction,
  commitInLake,
  failStep,
  type ModelWorld,
  makeFailure,
  makeWorld,
  modelHold,
  modelLeftHold,
  modelTable,
  modelTarget,
  observeModel,
  takeOver,
} from "../../test/support/model-world.ts";
import type { StreamTableRewindSpec } from "../api/spec.ts";
import { isTerminal, type StreamTableRewindStatus } from "../api/status.ts";
import { decide } from "./decide.ts";
import { type Action, type Decision, stepOfAction } from "./decision.ts";
import type { Observed, Step } from "./observed.ts";

interface State {
  readonly world: ModelWorld;
  readonly isDatabaseUp: boolean;
  readonly status: StreamTableRewindStatus;
  readonly hasFinalizer: boolean;
  readonly deleting: boolean;
  readonly gone: boolean;
  readonly late: boolean;
  readonly memory: Observed["memory"];
  /** What people have changed in the spec. */
  readonly orders: Orders;
  readonly faultsLeft: number;
}

interface Orders {
  readonly approved?: string;
  readonly abort?: boolean;
  readonly policy?: "Automatic" | "Never";
}

interface Scenario {
  readonly spec: StreamTableRewindSpec;
  readonly world: ModelWorld;
}

const personsHold = "a person";

function initial({ world }: Scenario, faultsLeft: number): State {
  return {
    world,
    isDatabaseUp: true,
    status: {},
    hasFinalizer: false,
    deleting: false,
    gone: false,
    late: false,
    memory: {},
    orders: {},
    faultsLeft,
  };
}

/** The spec as people have left it by now. */
function specOf({ spec }: Scenario, { orders }: State): StreamTableRewindSpec {
  const { approved, abort = spec.abort, policy = spec.resume.policy } = orders;
  const approval = { ...spec.approval, ...(approved !== undefined && { planHash: approved }) };
  return { ...spec, approval, abort, resume: { ...spec.resume, policy } };
}

/** pgtrickle.plan_rewind(): what the hash covers is in `definition`. */
function planOf(scenario: Scenario, state: State) {
  const { snapshotId: from, definition: definitionHash } = state.world;
  const tables = [{ name: modelTable, from, to: modelTarget, definitionHash }];
  return makePlanOf(specOf(scenario, state), { systemIdentifier: "7000", timeline: 1, tables });
}

const deadlineMs = 3_600_000;

function observe(scenario: Scenario, state: State): Observed {
  const now = startedAt + (state.late ? deadlineMs + 1 : 10_000);
  return makeObserved({
    now,
    spec: specOf(scenario, state),
    status: state.status,
    memory: state.memory,
    object: { hasFinalizer: state.hasFinalizer, deletingSince: state.deleting ? now - 1_000 : undefined },
    world: state.isDatabaseUp
      ? observeModel(state.world)
      : { kind: "unreachable", failure: makeFailure("DatabaseUnreachable", false) },
  });
}

/** Waiting is over: what was to be tried later may be tried now. Counts beyond the limit make no difference. */
function waited(status: StreamTableRewindStatus): StreamTableRewindStatus {
  const { retry } = status;
  if (retry === undefined) return status;
  return {
    ...status,
    retry: { ...retry, count: Math.min(3, retry.count), nextAttemptTime: "1970-01-01T00:00:00.000Z" },
  };
}

/** Only whether a token is the current one matters, not which it is. */
function normalised(state: State): State {
  const { operation } = state.world;
  const { token } = state.memory;
  if (operation === undefined) return state;
  const memory =
    token === undefined ? state.memory : { ...state.memory, token: token === String(operation.token) ? "1" : "0" };
  return { ...state, memory, world: { ...state.world, operation: { ...operation, token: 1 } } };
}

/** Times tell states apart that behave alike. */
function keyOf(state: State): string {
  return JSON.stringify(state, (name, value: unknown) =>
    /Time$|At$|^message$|^detail$|^conditions$|^since$|^seconds$/.test(name) ? undefined : value,
  );
}

function afterAction(scenario: Scenario, state: State, action: Action): State {
  if (action.kind === "none") return state;
  if (action.kind === "addFinalizer") return { ...state, hasFinalizer: true };
  if (action.kind === "removeFinalizer") return { ...state, hasFinalizer: false, gone: state.deleting };
  if (action.kind === "plan") return { ...state, memory: { ...state.memory, plan: planOf(scenario, state) } };
  const effect = applyAction(state.world, action);
  if ("refused" in effect) return { ...state, memory: { ...state.memory, token: undefined } };
  if (action.kind !== "claim") return { ...state, world: effect.world };
  return { ...state, world: effect.world, memory: { token: tokenOf(effect.world) } };
}

function tokenOf(world: ModelWorld): string | undefined {
  return world.lockedByUs && world.operation ? String(world.operation.token) : undefined;
}

interface Move {
  readonly name: string;
  readonly state: State;
  readonly action?: Action;
}

const forgotten: Observed["memory"] = {};

function failed(state: State, step: Step, terminal: boolean): State {
  const failure = makeFailure(terminal ? "AssertionFailed" : "TransientError", terminal);
  const isJournaled = step === "Rewind" || step === "Repair" || step === "Replay";
  const world = isJournaled ? failStep(state.world, step, failure) : state.world;
  return { ...state, world, memory: { ...state.memory, lastFailure: { step, failure } } };
}

function announced(state: State, decision: Decision): State {
  const { lastFailure: _, ...memory } = state.memory;
  return { ...state, memory, status: decision.announce === "never" ? state.status : waited(decision.status) };
}

/** What may go wrong with an action, each one fault. */
function faultsOf(scenario: Scenario, state: State, written: State, { action, announce }: Decision): Move[] {
  const faults: Move[] = [
    { name: "crash before the status write", state: { ...state, memory: forgotten } },
    { name: `crash before ${action.kind}`, state: { ...written, memory: forgotten } },
  ];
  if (action.kind === "none") return faults;
  const after = afterAction(scenario, written, action);
  faults.push({ name: `crash after ${action.kind}`, action, state: { ...after, memory: forgotten } });
  if (announce === "beside") {
    const unwritten = { ...after, status: state.status, memory: forgotten };
    faults.push({ name: `crash after ${action.kind}, before the status write beside it`, action, state: unwritten });
  }
  const step = stepOfAction[action.kind];
  if (step === undefined || step === "Finalizer") return faults;
  const now = failed(written, step, false);
  const { token: _, ...memory } = now.memory;
  faults.push({ name: `${action.kind} fails for now`, state: now });
  faults.push({ name: `${action.kind} loses the connection`, state: { ...now, memory } });
  if (step === "Rewind" || step === "Repair" || step === "Replay") {
    faults.push({ name: `${action.kind} fails for good`, state: failed(written, step, true) });
  }
  if (action.kind === "repair" && written.world.repairCommits === 0 && "world" in applyAction(written.world, action)) {
    const world = commitInLake(written.world);
    faults.push({
      name: "crash between the lake's commit and PostgreSQL's",
      action,
      state: { ...written, world, memory: forgotten },
    });
    const step = failed({ ...written, world }, "Repair", false);
    faults.push({ name: "the answer of the repair is lost", action, state: step });
  }
  return faults;
}

function ordered(state: State, orders: Orders): State {
  return { ...state, orders: { ...state.orders, ...orders } };
}

/** What people may write into the spec at any time. */
function newOrders({ spec }: Scenario, state: State): Move[] {
  const moves: Move[] = [];
  const shown = state.status.plan?.hash;
  if (spec.approval.mode === "Manual" && shown !== undefined && state.orders.approved !== shown) {
    moves.push({ name: "the shown plan is approved", state: ordered(state, { approved: shown }) });
  }
  if (!state.orders.abort) moves.push({ name: "abort", state: ordered(state, { abort: true }) });
  if (spec.resume.policy === "Manual" && state.orders.policy === undefined) {
    moves.push({ name: "resume", state: ordered(state, { policy: "Automatic" }) });
    moves.push({ name: "never resume", state: ordered(state, { policy: "Never" }) });
  }
  return moves;
}

/** What other people and machines may do at any time. */
function surprises(scenario: Scenario, state: State): Move[] {
  const moves: Move[] = newOrders(scenario, state);
  if (state.world.definition === "as approved" && !state.world.lockedByUs) {
    moves.push({ name: "the definition changes", state: { ...state, world: { ...state.world, definition: "other" } } });
  }
  if (!state.deleting) moves.push({ name: "the object is deleted", state: { ...state, deleting: true } });
  if (!state.late) moves.push({ name: "the deadline passes", state: { ...state, late: true } });
  moves.push({ name: "the database goes away", state: { ...state, isDatabaseUp: false } });
  if (state.status.phase !== undefined && !isTerminal(state.status.phase)) {
    moves.push({ name: "the status is wiped", state: { ...state, status: {} } });
  }
  if (state.world.operation && state.world.operation.outcome === undefined) {
    const operation = { token: state.world.operation.token + 1 };
    moves.push({ name: "a second leader claims", state: { ...state, world: { ...state.world, operation } } });
    moves.push({ name: "resume_scheduler takes it over", state: { ...state, world: takeOver(state.world) } });
  }
  return moves;
}

function step(
  scenario: Scenario,
  state: State,
): { readonly good: Move; readonly bad: readonly Move[]; decision: Decision } {
  const decision = decide(observe(scenario, state));
  const written = announced(state, decision);
  const { action } = decision;
  const good: Move = { name: action.kind, action, state: afterAction(scenario, written, action) };
  const bad =
    state.faultsLeft === 0 ? [] : [...faultsOf(scenario, state, written, decision), ...surprises(scenario, state)];
  return {
    good,
    bad: bad.map((move) => ({ ...move, state: { ...move.state, faultsLeft: state.faultsLeft - 1 } })),
    decision,
  };
}

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

function assertMove(scenario: Scenario, before: State, move: Move): void {
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
  const holds = world.lockedByUs || world.holders.includes(modelHold);
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
  expect(world.lockedByUs && !world.operation?.outcome, "I5: the terminal status comes last").toBe(false);
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

function assertState(scenario: Scenario, state: State): void {
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
function assertConverges(scenario: Scenario, from: State): void {
  let state: State = { ...from, isDatabaseUp: true, faultsLeft: 0, world: { ...from.world, lockedByOther: false } };
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
  "behind another rewind": { spec: makeSpec({ backoffLimit: 0 }), world: makeWorld({ lockedByOther: true }) },
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
