/** Operations that are over: nothing is done any more but telling so. */
import { Reason } from "../../api/reasons.ts";
import { isTerminal } from "../../api/status.ts";
import type { Decision } from "../decision.ts";
import { heldTables, type Observed } from "../observed.ts";
import { finish, keep } from "../outcome.ts";

const heldPollMs = 30_000;

function stillHeld(o: Observed): boolean {
  return o.status.tables?.some((table) => table.held) ?? false;
}

/** A hold that a failed rewind left ends by somebody else's hand: status, metric and alert follow. */
function letGoOfHold(o: Observed): Decision {
  const message = `${o.status.failure?.message ?? o.status.message ?? ""}. Its tables are not paused by it any more.`;
  return finish(o, { phase: o.status.phase ?? "Failed", reason: o.status.reason ?? Reason.Failed, message }, false);
}

/** A terminal phase never changes (I4). A failed object that still holds its tables keeps its finalizer. */
export function terminal(o: Observed): Decision | undefined {
  if (!isTerminal(o.status.phase)) return undefined;
  if (!stillHeld(o)) return keep(o, o.object.hasFinalizer ? { kind: "removeFinalizer" } : { kind: "none" });
  if (o.world.kind === "observed" && heldTables(o).length === 0) return letGoOfHold(o);
  return { ...keep(o, { kind: "none" }), requeueAfterMs: heldPollMs };
}

export function succeeded(o: Observed): Decision | undefined {
  if (o.world.kind !== "observed" || o.world.operation?.outcome !== "Succeeded") return undefined;
  const target = o.status.target?.snapshotId ?? o.world.target.snapshotId;
  const message = `rewound to snapshot ${target}, verified, replayed; refreshing goes on as it was found`;
  return finish(o, { phase: "Succeeded", reason: Reason.Succeeded, message }, false);
}

/** The journal says that it ended, and neither it nor the status says why. */
export function endedOtherwise(o: Observed): Decision | undefined {
  if (o.world.kind !== "observed" || o.world.operation?.outcome === undefined) return undefined;
  const { outcome, reason } = o.world.operation;
  const message = `the operation ended as ${outcome}${reason ? `: ${reason}` : ""}`;
  return finish(o, { phase: "Failed", reason: Reason.Failed, message }, heldTables(o).length > 0);
}
