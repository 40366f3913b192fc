/** Operations that are over: nothing is done any more but telling so. */
import { Reason } from "../../api/reasons.ts";
import { isTerminal } from "../../api/status.ts";
import type { Decision } from "../decision.ts";
import {
  heldTables,
  isDone,
  isInvalid,
  type Observed,
  type ObservedWorld,
  pausedTables,
  tableName,
  targetOf,
} from "../observed.ts";
import { acknowledge, finish, keep } from "../outcome.ts";
import { quotedText, resumeCall } from "../texts.ts";
import { consequence } from "./settle.ts";

const heldPollMs = 30_000;
/** Timers of a process are no calendars: what is due much later is looked at in between. */
const longestWaitMs = 3_600_000;

function stillHeld(o: Observed): boolean {
  return o.status.tables?.some((table) => table.held) ?? false;
}

/** A hold that a failed rewind left ends by somebody else's hand: status, metric and alert follow. */
function letGoOfHold(o: Observed): Decision {
  const message = `${o.status.failure?.message ?? o.status.message ?? ""}. Its tables are not paused by it any more.`;
  // Only from now on does it hold nothing (ttlSecondsAfterFinished).
  const { completionTime: _, ...status } = o.status;
  return finish(
    { ...o, status },
    { phase: status.phase ?? "Failed", reason: status.reason ?? Reason.Failed, message },
    false,
  );
}

/** ttlSecondsAfterFinished: only of an object that holds nothing, since its deletion would let go of the tables. */
function expire(o: Observed): Decision {
  const ttlSeconds = isInvalid(o.spec) ? null : (o.spec.ttlSecondsAfterFinished ?? null);
  const { completionTime } = o.status;
  if (ttlSeconds === null || completionTime === undefined) return keep(o, { kind: "none" });
  const leftMs = Date.parse(completionTime) + ttlSeconds * 1000 - o.now;
  if (leftMs <= 0) {
    const note = `deleted ${ttlSeconds} s after its end (ttlSecondsAfterFinished)`;
    return keep(o, { kind: "deleteObject" }, [{ type: "Normal", reason: Reason.Expired, action: "Delete", note }]);
  }
  return { ...keep(o, { kind: "none" }), requeueAfterMs: Math.min(leftMs, longestWaitMs) };
}

/** A terminal phase never changes (I4). What an earlier version wrote is written under the names of today, whatever else is done. */
export function terminal(o: Observed): Decision | undefined {
  const decision = isTerminal(o.status.phase) ? afterTheEnd(o) : undefined;
  return decision?.announce === "never" && o.object.hasFormerStatus ? { ...decision, announce: "before" } : decision;
}

/** A failed object that still holds its tables keeps its finalizer. */
function afterTheEnd(o: Observed): Decision {
  if (o.status.observedGeneration !== o.object.generation) return acknowledge(o);
  if (!stillHeld(o)) return o.object.hasFinalizer ? keep(o, { kind: "removeFinalizer" }) : expire(o);
  if (o.world.kind === "observed" && heldTables(o).length === 0) return letGoOfHold(o);
  return { ...keep(o, { kind: "none" }), requeueAfterMs: heldPollMs };
}

/** GitOps applies the same object again: its rewind is there already, and still stands. */
export function alreadyDone(o: Observed): Decision | undefined {
  if (o.world.kind !== "observed" || o.world.operation !== undefined || isInvalid(o.spec)) return undefined;
  const { alreadyDone: done } = o.world;
  const { dryRun, abort, verification } = o.spec;
  if (done === undefined || dryRun || abort || o.status.failure !== undefined) return undefined;
  const unchecked = verification.assertions.length > 0 ? " Its assertions were not checked again." : "";
  const message =
    `this very rewind was done by ${o.object.namespace}/${o.object.name} (uid ${done.uid}) until ${done.finishedAt}, and nothing has ` +
    `moved its tables back since: nothing was changed.${unchecked} To run it again, apply it under another name, or delete it ` +
    "and apply it with another spec.operationId.";
  return finish(o, { phase: "Succeeded", reason: Reason.AlreadyDone, message }, false);
}

/** The tables as the replay has left them. */
function goingOn(o: Observed, world: ObservedWorld): string {
  const paused = pausedTables(world);
  const source = isInvalid(o.spec) || o.spec.repair ? "" : " without a repair, so they show what the source holds;";
  if (paused.length === 0) return `replayed;${source} refreshing goes on as it was found`;
  return `replayed;${source} paused before by somebody else and still so: ${paused.join(", ")} (${resumeCall(paused)})`;
}

export function succeeded(o: Observed): Decision | undefined {
  const { world } = o;
  if (world.kind !== "observed" || world.operation?.outcome !== "Succeeded") return undefined;
  const target = targetOf(o);
  if (isDone(world, "Replay")) {
    const message = `rewound to snapshot ${target}, verified, ${goingOn(o, world)}`;
    return finish(o, { phase: "Succeeded", reason: Reason.Succeeded, message }, false);
  }
  const message =
    `rewound to snapshot ${target}, verified, and left paused there (resume.policy Never); ` +
    `${resumeCall(world.tables.map(tableName))} lets refreshing go on`;
  return finish(o, { phase: "Succeeded", reason: Reason.LeftPaused, message }, false);
}

/** The operation log says that it ended, and neither it nor the status says why. */
export function endedOtherwise(o: Observed): Decision | undefined {
  if (o.world.kind !== "observed" || o.world.operation?.outcome === undefined) return undefined;
  const { outcome, reason } = o.world.operation;
  const message = `the operation ended as ${outcome}${reason ? `: ${quotedText(reason)}` : ""}. ${consequence(o, o.world)}`;
  const phase = outcome === "Aborted" ? "Aborted" : "Failed";
  return finish(o, { phase, reason: Reason[phase], message }, heldTables(o).length > 0);
}
