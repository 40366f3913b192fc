/** Rewinds played through the operator's own decisions, without a cluster: every status that it would write on the way. */
import type { StreamTableRewindSpec, StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import { isTerminal, type Phase, type StreamTableRewindStatus } from "../../operator/api/status.ts";
import { decide } from "../../operator/core/decide.ts";
import type { Action } from "../../operator/core/decision.ts";
import type { LoggedStep, Observed } from "../../operator/core/observed.ts";
import { makeObserved, makePlanOf, makeSpec } from "../support/make-observed.ts";
import {
  applyAction,
  failStep,
  type ModelWorld,
  makeFailure,
  makeWorld,
  modelTable,
  modelTarget,
  observeModel,
} from "../support/model-world.ts";
import { makeRewindObject, type Rewind } from "./rewind-statuses.ts";

type Orders = Partial<Pick<StreamTableRewindSpec, "abort" | "resume" | "approval" | "ttlSecondsAfterFinished">>;

/** What a person writes into the spec when the object has come to a phase; once. */
interface Order {
  readonly at: Phase;
  readonly write: (state: State) => Orders;
}

export interface Play {
  readonly name: string;
  readonly spec?: Partial<StreamTableRewindSpecInput>;
  readonly world?: Partial<ModelWorld>;
  readonly orders?: readonly Order[];
  /** Fails for good. */
  readonly breaks?: LoggedStep;
  readonly unreachable?: "DatabaseUnreachable" | "SecretNotFound";
  readonly ends: Phase;
}

export interface State {
  readonly spec: StreamTableRewindSpec;
  readonly generation: number;
  readonly status: StreamTableRewindStatus;
  readonly world: ModelWorld;
  readonly hasFinalizer: boolean;
  readonly memory: Observed["memory"];
}

const approve =
  (hash?: string): Order["write"] =>
  ({ spec, status }) => ({ approval: { ...spec.approval, planHash: hash ?? status.plan?.hash ?? "" } });
const policy =
  (to: "Automatic" | "Never"): Order["write"] =>
  ({ spec }) => ({ resume: { ...spec.resume, policy: to } });
const abort: Order["write"] = () => ({ abort: true });

const manual = { mode: "Manual" } as const;
const doneBefore = { uid: "another", finishedAt: "2026-11-22T11:00:00Z", target: modelTarget };

export const plays: readonly Play[] = [
  { name: "all by itself", ends: "Succeeded" },
  { name: "behind another", world: { claimedByOther: true }, ends: "Queued" },
  { name: "a dry run", spec: { dryRun: true }, ends: "Planned" },
  { name: "done before", world: { alreadyDone: doneBefore }, ends: "Succeeded" },
  { name: "not approved", spec: { approval: manual }, ends: "AwaitingApproval" },
  {
    ...{ name: "approved", spec: { approval: manual }, ends: "Succeeded" },
    orders: [{ at: "AwaitingApproval", write: approve() }],
  },
  {
    ...{ name: "held, then approved", spec: { approval: { ...manual, hold: true } }, ends: "Succeeded" },
    orders: [{ at: "AwaitingApproval", write: approve() }],
  },
  {
    ...{ name: "approved by another hash", spec: { approval: manual }, ends: "AwaitingApproval" },
    orders: [{ at: "AwaitingApproval", write: approve("another") }],
  },
  {
    ...{ name: "held, then aborted", spec: { approval: { ...manual, hold: true } }, ends: "Aborted" },
    orders: [{ at: "AwaitingApproval", write: abort }],
  },
  { name: "not resumed", spec: { resume: { policy: "Manual" } }, ends: "AwaitingResume" },
  {
    ...{ name: "resumed", spec: { resume: { policy: "Manual" } }, ends: "Succeeded" },
    orders: [{ at: "AwaitingResume", write: policy("Automatic") }],
  },
  { name: "left paused", spec: { resume: { policy: "Never" } }, ends: "Succeeded" },
  {
    ...{ name: "aborted and held", spec: { resume: { policy: "Manual" } }, ends: "Aborted" },
    orders: [{ at: "AwaitingResume", write: abort }],
  },
  {
    name: "changed after its end",
    orders: [{ at: "Succeeded", write: () => ({ ttlSecondsAfterFinished: 60 }) }],
    ends: "Succeeded",
  },
  { name: "a rewind that fails", breaks: "Rewind", ends: "Failed" },
  { name: "a repair that fails, held", breaks: "Repair", ends: "Failed" },
  { name: "a replay that fails, resumed", breaks: "Replay", spec: { failurePolicy: "Resume" }, ends: "Failed" },
  { name: "a database that is away", unreachable: "DatabaseUnreachable", ends: "Pending" },
  { name: "a Secret that is not there", unreachable: "SecretNotFound", ends: "Failed" },
];

function observe(play: Play, state: State): Observed {
  const { spec, status, memory, generation, hasFinalizer, world } = state;
  const failure = play.unreachable && makeFailure(play.unreachable, play.unreachable === "SecretNotFound");
  return makeObserved({
    ...{ spec, status, memory, object: { generation, hasFinalizer } },
    world: failure === undefined ? observeModel(world) : { kind: "unreachable", failure },
  });
}

function planned({ spec, world }: State) {
  const tables = [{ name: modelTable, from: world.snapshotId, to: modelTarget, definitionHash: world.definition }];
  return makePlanOf(spec, { systemIdentifier: "7000", timeline: 1, tables });
}

const journaled: Readonly<Record<string, LoggedStep>> = { rewind: "Rewind", repair: "Repair", replay: "Replay" };

function perform(play: Play, state: State, action: Action): State {
  if (action.kind === "addFinalizer") return { ...state, hasFinalizer: true };
  if (action.kind === "removeFinalizer") return { ...state, hasFinalizer: false };
  if (action.kind === "plan") return { ...state, memory: { ...state.memory, plan: planned(state) } };
  const broken = journaled[action.kind];
  if (broken !== undefined && broken === play.breaks) {
    return { ...state, world: failStep(state.world, broken, makeFailure("AssertionFailed", true)) };
  }
  const effect = applyAction(state.world, action);
  if ("refused" in effect) throw new Error(`${play.name}: ${action.kind} is refused: ${effect.refused}`);
  const { world } = effect;
  const token = action.kind === "claim" && world.claimedByUs ? String(world.operation?.token) : state.memory.token;
  return { ...state, world, memory: { ...state.memory, ...(token !== undefined && { token }) } };
}

function objectOf({ spec, generation, status }: State): Rewind {
  return makeRewindObject({ metadata: { generation }, spec, ...(Object.keys(status).length > 0 && { status }) });
}

/** Something for a person to do: the object waits, or has ended. */
function isDue(order: Order | undefined, { status }: State, action: Action): order is Order {
  return order !== undefined && order.at === status.phase && (action.kind === "none" || isTerminal(order.at));
}

function ordered(state: State, order: Order): State {
  const { plan: _, ...memory } = state.memory;
  return { ...state, spec: { ...state.spec, ...order.write(state) }, memory, generation: state.generation + 1 };
}

const PASSES = 40;

/** Every object that somebody could have read, in their order, until nothing happens any more. */
export function played(play: Play): readonly Rewind[] {
  const seen: Rewind[] = [];
  const orders = [...(play.orders ?? [])];
  let state: State = {
    ...{ spec: makeSpec(play.spec), generation: 1, status: {}, hasFinalizer: false, memory: {} },
    world: makeWorld(play.world),
  };
  for (let pass = 0; pass < PASSES; pass += 1) {
    const { action, announce, status } = decide(observe(play, state));
    if (announce !== "never") state = { ...state, status };
    seen.push(objectOf(state));
    const [order] = orders;
    if (isDue(order, state, action)) {
      orders.shift();
      state = ordered(state, order);
      seen.push(objectOf(state));
      continue;
    }
    if (action.kind === "none") return seen;
    state = perform(play, state, action);
  }
  throw new Error(`${play.name} does not come to rest`);
}
