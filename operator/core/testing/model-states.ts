// The states of the model, and every move that leads from one to the next.
import { makeObserved, makePlanOf, startedAt } from "../../../test/support/make-observed.ts";
import {
  applyAction,
  commitInLake,
  failStep,
  type ModelWorld,
  makeFailure,
  modelTable,
  modelTarget,
  observeModel,
  takeOver,
} from "../../../test/support/model-world.ts";
import type { StreamTableRewindSpec } from "../../api/spec.ts";
import { isTerminal, type StreamTableRewindStatus } from "../../api/status.ts";
import { decide } from "../decide.ts";
import { type Action, type Decision, stepOfAction } from "../decision.ts";
import type { Observed, Step } from "../observed.ts";

export interface State {
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

export interface Scenario {
  readonly spec: StreamTableRewindSpec;
  readonly world: ModelWorld;
}

export const personsHold = "a person";

export function initial({ world }: Scenario, faultsLeft: number): State {
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
export function specOf({ spec }: Scenario, { orders }: State): StreamTableRewindSpec {
  const { approved, abort = spec.abort, policy = spec.resume.policy } = orders;
  const approval = { ...spec.approval, ...(approved !== undefined && { planHash: approved }) };
  return { ...spec, approval, abort, resume: { ...spec.resume, policy } };
}

/** pgtrickle.plan_rewind(): what the hash covers is in `definition`. */
export function planOf(scenario: Scenario, state: State) {
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
export function waited(status: StreamTableRewindStatus): StreamTableRewindStatus {
  const { retry } = status;
  if (retry === undefined) return status;
  return {
    ...status,
    retry: { ...retry, count: Math.min(3, retry.count), nextAttemptTime: "1970-01-01T00:00:00.000Z" },
  };
}

/** Only whether a token is the current one matters, not which it is. */
export function normalised(state: State): State {
  const { operation } = state.world;
  const { token } = state.memory;
  if (operation === undefined) return state;
  const memory =
    token === undefined ? state.memory : { ...state.memory, token: token === String(operation.token) ? "1" : "0" };
  return { ...state, memory, world: { ...state.world, operation: { ...operation, token: 1 } } };
}

/** Times tell states apart that behave alike. */
export function keyOf(state: State): string {
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
  return world.claimedByUs && world.operation ? String(world.operation.token) : undefined;
}

export interface Move {
  readonly name: string;
  readonly state: State;
  readonly action?: Action;
}

const forgotten: Observed["memory"] = {};

export function failed(state: State, step: Step, terminal: boolean): State {
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

export function ordered(state: State, orders: Orders): State {
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
  if (state.world.definition === "as approved" && !state.world.claimedByUs) {
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

export function step(
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
