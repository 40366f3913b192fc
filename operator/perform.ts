/** One action, performed: an exhaustive switch, each arm one call. Effects live in kube/ and database/. */
import type { Plan } from "./api/status.ts";
import { finalizer } from "./api/stream-table-rewind.ts";
import { type Action, stepOfAction } from "./core/decision.ts";
import { isInvalid, type LoggedStep, loggedSteps, type Observed } from "./core/observed.ts";
import { planHash } from "./core/plan-hash.ts";
import type { RewindSession } from "./database/driver.ts";
import { FencedError, TerminalError, TransientError } from "./database/errors.ts";
import { lookAhead, type RewindObject, type Run } from "./gather.ts";
import type { CallOptions } from "./kube/types.ts";

/** What performing needs of the API server. */
export interface Objects {
  addFinalizer(observed: RewindObject, name: string, options?: CallOptions): Promise<RewindObject>;
  removeFinalizer(observed: RewindObject, name: string, options?: CallOptions): Promise<RewindObject | undefined>;
  delete(observed: RewindObject, options?: CallOptions): Promise<void>;
}

export interface Performance {
  readonly objects: Objects;
  readonly object: RewindObject;
  readonly observed: Observed;
  readonly run: Run;
  readonly now: () => Date;
}

function unreachable(action: never): never {
  throw new Error(`no such action: ${JSON.stringify(action)}`);
}

function sessionOf(run: Run): RewindSession {
  if (run.session === undefined) throw new Error("an action in the database was decided without having asked it");
  return run.session;
}

async function addFinalizer({ objects, object, run }: Performance): Promise<void> {
  // The database does not know of finalizers: what it says meanwhile is what it will say then.
  lookAhead(run);
  run.written = await objects.addFinalizer(object, finalizer, { signal: run.signal });
}

async function removeFinalizer({ objects, object, run }: Performance): Promise<void> {
  await objects.removeFinalizer(object, finalizer, { signal: run.signal });
}

async function claim(
  { run }: Performance,
  { operationKey, tables }: Extract<Action, { kind: "claim" }>,
): Promise<void> {
  run.token = await sessionOf(run).claim(operationKey, tables);
  // What was planned without the claim may not hold any more.
  run.plan = undefined;
}

async function plan(given: Performance, action: Extract<Action, { kind: "plan" }>): Promise<void> {
  const { observed, run, now } = given;
  const answer = await sessionOf(run).plan(action.tables, action.snapshotId, action);
  if (isInvalid(observed.spec) || observed.world.kind !== "observed") return;
  const planned = { ...answer, database: observed.world.database };
  // When it was ready: an engine that needs long for a plan is not asked for the next one at once.
  const plannedAt = now().toISOString();
  run.plan = { ...planned, plannedAt, hash: planHash(planned, observed.spec) } as Plan;
}

function rewind({ run, observed }: Performance, action: Extract<Action, { kind: "rewind" }>): Promise<void> {
  const session = sessionOf(run);
  const hasRepair = !isInvalid(observed.spec) && observed.spec.repair !== undefined;
  if (hasRepair && run.query !== undefined) session.prepareRepair(run.query);
  return session.rewind(action.token, action.snapshotId, action);
}

/** Throws what the effect throws. */
export function perform(action: Action, given: Performance): Promise<void> {
  const { run } = given;
  switch (action.kind) {
    case "none":
      return Promise.resolve();
    case "addFinalizer":
      return addFinalizer(given);
    case "removeFinalizer":
      return removeFinalizer(given);
    case "deleteObject":
      return given.objects.delete(given.object, { signal: run.signal });
    case "claim":
      return claim(given, action);
    case "freeOrphan":
      return sessionOf(run).freeOrphan(action.uid);
    case "pause":
      return sessionOf(run).pause(action.token);
    case "keepAlive":
      return sessionOf(run).keepAlive(action.token);
    case "plan":
      return plan(given, action);
    case "rewind":
      return rewind(given, action);
    case "repair":
      return sessionOf(run).repair(action.token, action.sql, action.timeoutMs);
    case "confirmRepair":
      return sessionOf(run).confirmRepair(action.token);
    case "replay":
      return sessionOf(run).replay(action.token, action);
    case "release":
      return sessionOf(run).release(action.token, action.outcome, action.leavePaused);
    case "abandon":
      return sessionOf(run).abandon(action.token, action.failure.message);
    default:
      return unreachable(action);
  }
}

function isLoggedStep(step: string | undefined): step is LoggedStep {
  return step !== undefined && (loggedSteps as readonly string[]).includes(step);
}

/**
 * The operation log learns of a failure where it can; where it cannot (no connection, fenced) nothing is lost: the step is
 * simply not done.
 */
export async function recordFailure(action: Action, error: unknown, run: Run): Promise<void> {
  const step = stepOfAction[action.kind];
  if (!(error instanceof TerminalError || error instanceof TransientError)) return;
  if (!isLoggedStep(step) || !("token" in action) || run.session === undefined) return;
  const { code, reason, message } = error.failure;
  try {
    await run.session.failStep(action.token, step, code ?? reason, message);
  } catch (logError) {
    if (logError instanceof FencedError) run.token = undefined;
  }
}
