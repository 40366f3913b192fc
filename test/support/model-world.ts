/**
 * pg_trickle's journal, one stream table and the lake as plain data, with the promises of schema pgtrickle_rewind:
 * effects commit with their journal row, only the current token may do anything, the lake commits a repair at most once.
 * Stands in for the database in tests of the operator's decisions; test/database proves that the real one behaves so.
 */
import type { Reason } from "../../operator/api/reasons.ts";
import type { Action } from "../../operator/core/decision.ts";
import type {
  DoneBefore,
  Failure,
  LoggedStep,
  ObservedWorld,
  StepFact,
  TableState,
} from "../../operator/core/observed.ts";

export interface ModelStep {
  readonly name: LoggedStep;
  readonly attempt: number;
  readonly outcome: "Running" | "Done" | "Failed";
  readonly failure?: Failure | undefined;
  readonly before?: readonly TableState[] | undefined;
}

export interface ModelWorld {
  readonly operation?: { readonly token: number; readonly outcome?: "Succeeded" | "Failed" | "Aborted" | "Orphaned" };
  readonly steps: readonly ModelStep[];
  readonly snapshotId: number;
  readonly holders: readonly string[];
  readonly claimedByUs: boolean;
  /** Another rewind has the lock. */
  readonly claimedByOther: boolean;
  readonly head: number;
  readonly repairCommits: number;
  /** What the plan hash covers of the world. */
  readonly definition: string;
  readonly alreadyDone?: DoneBefore | undefined;
  readonly tableFailure?: Failure | undefined;
  readonly targetFailure?: Failure | undefined;
}

export const modelTable = "public.event_summary";
export const modelHold = "rewind:default/incident";
export const modelTarget = 42;
export const modelStartedAt = "2026-11-22T12:00:00.000Z";

export function makeWorld(overrides: Partial<ModelWorld> = {}): ModelWorld {
  return {
    steps: [],
    snapshotId: 57,
    holders: [],
    claimedByUs: false,
    claimedByOther: false,
    head: 57,
    repairCommits: 0,
    definition: "as approved",
    ...overrides,
  };
}

/** The call was refused because of its token, or done before. */
export type Refused = "fenced" | "done already";
export type Effect = { readonly world: ModelWorld } | { readonly refused: Refused };

function stepOf(world: ModelWorld, name: LoggedStep): ModelStep | undefined {
  return world.steps.find((step) => step.name === name);
}

function isDone(world: ModelWorld, name: LoggedStep): boolean {
  return stepOf(world, name)?.outcome === "Done";
}

function withStep(world: ModelWorld, step: Omit<ModelStep, "attempt">): ModelWorld {
  // Attempts are not counted: they would tell states apart that behave alike.
  return { ...world, steps: [...world.steps.filter(({ name }) => name !== step.name), { ...step, attempt: 1 }] };
}

function done(world: ModelWorld, name: LoggedStep, before?: readonly TableState[]): ModelWorld {
  return withStep(world, { name, outcome: "Done", before });
}

function end(world: ModelWorld, outcome: "Succeeded" | "Failed" | "Aborted"): ModelWorld {
  const token = world.operation?.token ?? 0;
  return { ...world, operation: { token, outcome }, claimedByUs: false };
}

function withoutHold(world: ModelWorld): ModelWorld {
  return { ...world, holders: world.holders.filter((holder) => holder !== modelHold) };
}

/** The hold that resume.policy Never leaves behind. */
export const modelLeftHold = "person";

function release(world: ModelWorld, leavePaused: boolean): ModelWorld {
  const released = withoutHold(done(world, "Release"));
  return leavePaused ? { ...released, holders: [...released.holders, modelLeftHold] } : released;
}

/** pgtrickle.resume_scheduler(), when nobody has heard of the operator for two minutes. */
export function takeOver(world: ModelWorld): ModelWorld {
  const token = (world.operation?.token ?? 0) + 1;
  return { ...withoutHold(world), operation: { token, outcome: "Orphaned" }, claimedByUs: false };
}

function claim(world: ModelWorld): Effect {
  const outcome = world.operation?.outcome;
  if (world.claimedByOther || (outcome !== undefined && outcome !== "Failed")) return { world };
  const token = Math.min(9, (world.operation?.token ?? 0) + 1);
  return { world: { ...world, operation: { token }, claimedByUs: true } };
}

function pause(world: ModelWorld): ModelWorld {
  const found = stepOf(world, "Pause")?.before ?? [
    { name: modelTable, snapshotId: world.snapshotId, status: "ACTIVE", holders: world.holders },
  ];
  const others = world.holders.filter((holder) => !holder.startsWith("rewind:"));
  return done({ ...world, holders: [...others, modelHold] }, "Pause", found);
}

/** The two commits of a repair: the lake's first. */
export function commitInLake(world: ModelWorld): ModelWorld {
  const running = withStep(world, { name: "Repair", outcome: "Running" });
  return { ...running, repairCommits: world.repairCommits + 1, head: world.head + 1 };
}

function repair(world: ModelWorld): Effect {
  if (world.repairCommits > 0 || isDone(world, "Repair")) return { refused: "done already" };
  return { world: done(commitInLake(world), "Repair") };
}

/** @param token the token that the action carries, as a number; undefined for actions that need none. */
export function applyAction(world: ModelWorld, action: Action): Effect {
  if ("token" in action) {
    const current = world.operation;
    if (current === undefined || current.outcome !== undefined || String(current.token) !== action.token) {
      return { refused: "fenced" };
    }
  }
  switch (action.kind) {
    case "claim":
      return claim(world);
    case "freeOrphan":
      return { world: { ...world, claimedByOther: false } };
    case "pause":
      return { world: pause(world) };
    case "rewind":
      return { world: done({ ...world, snapshotId: action.snapshotId }, "Rewind") };
    case "repair":
      return repair(world);
    case "confirmRepair":
      return world.repairCommits > 0 ? { world: done(world, "Repair") } : { refused: "done already" };
    case "replay":
      return { world: done({ ...world, snapshotId: world.head }, "Replay") };
    case "release":
      return { world: end(release(world, action.leavePaused ?? false), action.outcome) };
    case "abandon":
      return { world: end(world, "Failed") };
    default:
      return { world };
  }
}

export function failStep(world: ModelWorld, name: LoggedStep, failure: Failure): ModelWorld {
  return withStep(world, { name, outcome: "Failed", failure, before: stepOf(world, name)?.before });
}

export function makeFailure(reason: Reason, terminal: boolean): Failure {
  return { reason, message: `made up: ${reason}`, terminal };
}

function factOf(step: ModelStep): StepFact {
  const { name, attempt, outcome, failure, before = [] } = step;
  return { name, attempt, outcome, failure, before, after: [], startedAt: modelStartedAt };
}

/** What pgtrickle_rewind.observe() would say, as the driver hands it over. */
export function observeModel(world: ModelWorld): ObservedWorld {
  const other = { uid: "other", namespace: "default", name: "other", cluster: "cluster", gone: false };
  return {
    kind: "observed",
    systemIdentifier: "7000",
    timeline: 1,
    database: "timetravel_demo",
    head: world.head,
    operation: world.operation && {
      tables: [modelTable],
      outcome: world.operation.outcome,
      startedAt: modelStartedAt,
    },
    tables: [
      {
        requested: modelTable,
        name: modelTable,
        snapshotId: world.snapshotId,
        status: world.holders.length > 0 ? "PAUSED" : "ACTIVE",
        holders: world.holders,
        claimedBy: world.claimedByOther ? other : undefined,
        failure: world.tableFailure,
      },
    ],
    target: world.targetFailure ? { failure: world.targetFailure } : { snapshotId: modelTarget },
    steps: world.steps.map(factOf),
    repairMarker: world.repairCommits > 0 ? { snapshotId: 58 } : undefined,
    alreadyDone: world.operation ? undefined : world.alreadyDone,
  };
}
