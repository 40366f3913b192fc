// COMMIT, and COMMIT again. What only appended is run again at once, as appends of others are no reason to fail. Deletions and
// updates are made optimistically too; after a conflict they are made again under the turn, and count if each statement
// changes as many rows as it did.
import { setTimeout as sleep } from "node:timers/promises";
import { hasSqlState, type LakeError, SQL_STATE, toLakeError } from "../errors.ts";
import type { Turn } from "./turn.ts";

const MAX_APPEND_ATTEMPTS = 30;
const APPEND_PAUSE_MS = 10;
const MAX_TURNS = 5;

export interface CommitSteps {
  /** The session, in queues. */
  readonly owner: object;
  readonly turn: Turn;
  /** `at once`: appends only. `under the turn`: changes, all recorded. */
  readonly again: "no" | "at once" | "under the turn";
  /** Brings everything recorded into DuckDB's transaction, which it starts if need be. */
  prepare(): Promise<void>;
  /** After a failure DuckDB's transaction is over. */
  commit(): Promise<void>;
  /** Forgets DuckDB's transaction, so that `prepare` starts anew. */
  restart(): Promise<void>;
}

export async function commitWrites(steps: CommitSteps, signal: AbortSignal): Promise<void> {
  let failure = await attempt(steps, signal);
  if (steps.again === "at once") failure = await appendAgain(steps, failure, signal);
  if (steps.again === "under the turn") failure = await changeAgain(steps, failure, signal);
  if (failure !== null) throw failure;
}

/** The conflict that kept it from being committed, or null; anything else is thrown. */
async function attempt(steps: CommitSteps, signal: AbortSignal): Promise<LakeError | null> {
  const commit = () => steps.turn.beside(steps.owner, signal, () => steps.commit());
  if (steps.again === "at once") {
    // DuckDB may have died with what it had; appends can be brought into a new one.
    return conflictOf(async () => {
      await steps.prepare();
      await commit();
    });
  }
  await steps.prepare();
  return conflictOf(commit);
}

async function appendAgain(
  steps: CommitSteps,
  first: LakeError | null,
  signal: AbortSignal,
): Promise<LakeError | null> {
  let failure = first;
  for (let count = 2; failure !== null && count <= MAX_APPEND_ATTEMPTS; count += 1) {
    await steps.restart();
    await sleep(Math.random() * APPEND_PAUSE_MS * count);
    failure = await attempt(steps, signal);
  }
  return failure;
}

async function changeAgain(
  steps: CommitSteps,
  first: LakeError | null,
  signal: AbortSignal,
): Promise<LakeError | null> {
  let failure = first;
  for (let count = 1; failure !== null && count <= MAX_TURNS; count += 1) {
    failure = await steps.turn.alone(steps.owner, signal, async () => {
      await steps.restart();
      await steps.prepare();
      return conflictOf(() => steps.commit());
    });
  }
  return failure;
}

async function conflictOf(step: () => Promise<void>): Promise<LakeError | null> {
  try {
    await step();
    return null;
  } catch (error) {
    const failure = toLakeError(error);
    if (hasSqlState(failure, SQL_STATE.serializationFailure)) return failure;
    throw failure;
  }
}
