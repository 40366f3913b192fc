/**
 * A failed or aborted operation on its way out. Before the point of no return everything is undone; after it the failure policy
 * decides. The terminal status comes last (I5): a crash in between finds the operation open and settles it again.
 */
import { Reason } from "../../api/reasons.ts";
import type { Decision } from "../decision.ts";
import {
  type Failure,
  heldTables,
  isInvalid,
  isOpen,
  isRepairApplied,
  isRewound,
  mayHold,
  type Observed,
  type ObservedWorld,
  pausedTables,
  tableName,
  targetOf,
} from "../observed.ts";
import { operationKey } from "../operation-key.ts";
import { act, fail, finish } from "../outcome.ts";
import { effectiveRetry, reconnectAfterMs } from "../step-retries.ts";
import { plural, resumeCall, timeText } from "../texts.ts";
import { verdict } from "./verdict.ts";

/** Whether letting go brings the damage back. */
function stateOfRepair(o: Observed): string {
  if (isInvalid(o.spec) || o.spec.repair === undefined) return "";
  return isRepairApplied(o.world)
    ? "The repair is in the lake. "
    : "The repair was not made: the damage is still in the source. ";
}

/** The target's, or a later one's in the middle of a stepwise replay. */
function shownSnapshot(o: Observed, { tables }: ObservedWorld): number | undefined {
  const [first, ...others] = tables.map(({ snapshotId }) => snapshotId);
  return first !== undefined && others.every((other) => other === first) ? first : targetOf(o);
}

/** What the failure means for the tables: stated in every terminal message. */
export function consequence(o: Observed, world: ObservedWorld | undefined): string {
  if (world?.operation === undefined) return "Nothing was changed.";
  const held = heldTables(o);
  const target = targetOf(o);
  if (held.length > 0) {
    return (
      `${held.join(", ")} ${plural(held, "stays", "stay")} paused with the rows of snapshot ${shownSnapshot(o, world)} (failurePolicy Hold). ` +
      `${stateOfRepair(o)}To go on, apply another StreamTableRewind, which takes the hold over. ` +
      `Deleting this one, or ${resumeCall(held)}, lets refreshing go on with what the source holds then.`
    );
  }
  if (world.operation.outcome === "Orphaned") {
    const rows = isRewound(world) ? `the rewind to snapshot ${target} stays` : "nothing was moved";
    const paused = pausedTables(world);
    const rest = `${paused.join(", ")} ${plural(paused, "is", "are")} still paused; ${resumeCall(paused)} lets refreshing go on.`;
    const still = paused.length === 0 ? "" : ` ${rest}`;
    return `Somebody let go of the tables in the database: ${rows}, and this rewind does nothing any more.${still}`;
  }
  if (isRewound(world)) return `The rewind to snapshot ${target} stays and refreshing goes on (failurePolicy Resume).`;
  return "Everything was undone: the tables are as they were found.";
}

/** Tables that are still there to be put back. */
export function claimable(world: ObservedWorld): readonly string[] {
  return world.tables.filter((table) => table.failure === undefined).map(tableName);
}

function endOf({ reason }: Failure): "Aborted" | "Failed" {
  return reason === Reason.Aborted ? "Aborted" : "Failed";
}

function undo(o: Observed, world: ObservedWorld, failure: Failure): Decision | undefined {
  const phase = o.status.phase ?? "Pending";
  const tables = claimable(world);
  if (!isOpen(world) || isInvalid(o.spec) || tables.length === 0) return undefined;
  const { token } = o.memory;
  if (token === undefined) {
    const action = { kind: "claim", tables, operationKey: operationKey(o.spec) } as const;
    return act(o, phase, action, `claiming the tables to undo: ${failure.message}`, failure);
  }
  const { message } = failure;
  return isRewound(world) && o.spec.failurePolicy === "Hold"
    ? act(o, phase, { kind: "abandon", token, failure }, `ending, the tables stay paused: ${message}`, failure)
    : act(o, phase, { kind: "release", token, outcome: endOf(failure) }, `undoing: ${message}`, failure);
}

/** The database is needed to undo and cannot be asked: never terminal, but Stalled, so that somebody is called. */
function undoLater(o: Observed, failure: Failure): Decision {
  const trouble =
    o.world.kind === "unreachable"
      ? `: ${o.world.failure.message}. Next try at ${timeText(o.now + reconnectAfterMs(o))}, and again until it works.`
      : ".";
  return fail(o, failure, {
    phase: o.status.phase ?? "Pending",
    reason: failure.reason,
    message: `${failure.message}. Not undone yet, tables may be paused${trouble}`,
    retry: effectiveRetry(o),
    stalled: true,
    // Of a spec that is not understood only a change of it is worth a look.
    requeueAfterMs: o.world.kind === "unreachable" ? reconnectAfterMs(o) : undefined,
  });
}

/** The database could not be asked at all, and nothing is held. */
function notTriedAgain({ world }: Observed): string {
  if (world.kind !== "unreachable") return "";
  return " It is not tried again: mend the Secret or the database, then delete this object and apply it again.";
}

export function settle(o: Observed): Decision | undefined {
  const failure = verdict(o);
  if (failure === undefined) return undefined;
  const { world } = o;
  if (world.kind !== "observed" && mayHold(o)) return undoLater(o, failure);
  const observed = world.kind === "observed" ? world : undefined;
  const undoing = observed && undo(o, observed, failure);
  if (undoing !== undefined) return undoing;
  const message = `${failure.message}. ${consequence(o, observed)}${notTriedAgain(o)}`;
  return finish(o, { phase: endOf(failure), reason: failure.reason, message, failure }, heldTables(o).length > 0);
}
