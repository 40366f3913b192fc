/** The object is being deleted: put back what was found, then let it go. */
import { Reason } from "../../api/reasons.ts";
import type { Decision } from "../decision.ts";
import { heldTables, isInvalid, isOpen, mayHold, type Observed, type ObservedWorld } from "../observed.ts";
import { operationKey } from "../operation-key.ts";
import { act, actAtOnce, letGo, wait } from "../outcome.ts";
import { reconnectAfterMs } from "../step-retries.ts";
import { timeText } from "../texts.ts";
import { claimable } from "./settle.ts";

/**
 * A CR deleted together with its Secret or namespace is gone within two minutes and blocks nobody (I9). Half a minute is left
 * for the API server: a namespace looks after its last object in longer and longer steps.
 */
const giveUpAfterMs = 90_000;

function giveUp(o: Observed, why: string): Decision {
  return letGo(o, {
    type: "Warning",
    reason: Reason.HoldOrphaned,
    action: "Delete",
    note:
      `deleted, but what it may hold could not be put back within ${giveUpAfterMs / 1000} s: ${why}. ` +
      "The next rewind of the table takes the hold over; by hand, pgtrickle.resume_scheduler(…) says how.",
  });
}

function unreachable(o: Observed, deletingSince: number): Decision {
  const why = o.world.kind === "unreachable" ? o.world.failure.message : "the database was not asked";
  const leftMs = deletingSince + giveUpAfterMs - o.now;
  if (leftMs <= 0) return giveUp(o, why);
  const reason = o.world.kind === "unreachable" ? o.world.failure.reason : Reason.Progressing;
  const requeueAfterMs = Math.min(leftMs, reconnectAfterMs(o));
  const message = `being deleted, cannot put back yet: ${why}. Next try at ${timeText(o.now + requeueAfterMs)}; the object goes at ${timeText(o.now + leftMs)} in any case`;
  return wait(o, { phase: o.status.phase ?? "Pending", reason, message, requeueAfterMs });
}

/** Nothing of ours is left, or another rewind has the claim and takes our hold over. */
function isSettled(o: Observed, world: ObservedWorld): boolean {
  if (world.operation === undefined || claimable(world).length === 0) return true;
  if (isOpen(world)) return false;
  return heldTables(o).length === 0 || world.tables.some((table) => table.claimedBy !== undefined);
}

export function deletion(o: Observed): Decision | undefined {
  const { deletingSince } = o.object;
  if (deletingSince === undefined) return undefined;
  const phase = o.status.phase ?? "Pending";
  if (!mayHold(o)) return wait(o, { phase, reason: Reason.Deleted, message: "being deleted" });
  if (o.world.kind !== "observed") return unreachable(o, deletingSince);
  if (isInvalid(o.spec)) return giveUp(o, o.spec.invalid);
  if (isSettled(o, o.world)) {
    const note = "deleted; nothing is held by it";
    return letGo(o, { type: "Normal", reason: Reason.Deleted, action: "Delete", note });
  }
  const { token } = o.memory;
  if (token === undefined) {
    const action = { kind: "claim", tables: claimable(o.world), operationKey: operationKey(o.spec) } as const;
    return actAtOnce(o, phase, action, "being deleted: claiming the tables to put back what was found");
  }
  return act(o, phase, { kind: "release", token, outcome: "Aborted" }, "being deleted: putting back what was found");
}
