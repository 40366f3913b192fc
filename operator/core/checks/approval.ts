/** A person decides about the plan: with nothing touched, or with the tables held meanwhile (approval.hold). */
import { Reason } from "../../api/reasons.ts";
import type { Plan } from "../../api/status.ts";
import { isApproved, needsPlan, planInForce, planRefreshMs } from "../approval.ts";
import type { Decision } from "../decision.ts";
import { plannedEvidence } from "../evidence.ts";
import { isOpen, type Observed } from "../observed.ts";
import { actAtOnce, actBeside, finish, wait } from "../outcome.ts";
import { counted, patchCommand, plural, tableList } from "../texts.ts";
import { type Ready, ready } from "./ready.ts";
import { isBlocked } from "./waiting.ts";

/** Comes after what to do: an event holds 1024 bytes. */
function warning(plan: Plan, spec: Ready["spec"]): string {
  const evidence = plannedEvidence(plan, spec);
  return evidence === undefined ? "" : `Contradiction: ${evidence}`;
}

function summary({ target, commitsUndoneCount, rowsChanged, tables }: Plan, { repair, resume }: Ready["spec"]): string {
  const commits = commitsUndoneCount === undefined ? "" : `, undoes ${counted(commitsUndoneCount, "commit")}`;
  const rows = rowsChanged === undefined ? "" : `, changes ${counted(rowsChanged, "row")}`;
  const going = `${tableList(tables.map(({ name }) => name))} ${plural(tables, "goes", "go")} to snapshot ${target}${commits}${rows}`;
  if (resume.policy === "Never") return going;
  return `${going}; the replay brings back ${repair ? "what the repair leaves" : "all of it, as there is no repair"}`;
}

/** What the approval is for, and how it is given. */
export function awaitApproval(o: Observed, { spec }: Ready): Decision | undefined {
  const plan = planInForce(o);
  if (plan === undefined || isApproved(o)) return undefined;
  const { planHash } = spec.approval;
  const trouble =
    planHash === undefined
      ? ""
      : `spec.approval.planHash ${planHash} is of another plan: the plan has changed, or the hash is mistyped. Read the plan and approve again. `;
  // Behind the command as a comment: it may be copied with it.
  const told = warning(plan, spec);
  const held = isOpen(o.world) ? " The tables are paused meanwhile." : "";
  return wait(o, {
    phase: "AwaitingApproval",
    reason: planHash === undefined ? Reason.AwaitingApproval : Reason.PlanStale,
    message: `${trouble}Plan ${plan.hash}: ${summary(plan, spec)}.${held} To approve it: ${patchCommand(o.object, { approval: { planHash: plan.hash } })}${told === "" ? "" : ` # ${told}`}`,
    requeueAfterMs: planRefreshMs,
  });
}

/** Planning: told as such the first time, quietly when what is shown is only brought up to date. */
export function makePlan(o: Observed, { spec, tables, snapshotId }: Ready): Decision | undefined {
  if (!needsPlan(o, spec)) return undefined;
  const action = {
    ...({ kind: "plan", tables, snapshotId, strategy: spec.strategy } as const),
    ...(spec.acceptContradiction && { acceptContradiction: true }),
  };
  const isPaused = isOpen(o.world);
  const message = `${tables.join(", ")}${isPaused ? ` ${plural(tables, "is", "are")} paused` : ""}: working out what a rewind to snapshot ${snapshotId} changes`;
  const { phase = "Planning" } = o.status;
  // With the approval the waiting is over: from here on the deadline counts.
  const isOver = isPaused && isApproved(o) && phase === "AwaitingApproval";
  if (o.status.plan !== undefined && !isOver) return actAtOnce(o, phase, action, message);
  return actBeside(o, isPaused ? "Pausing" : "Planning", action, message);
}

function showPlan(o: Observed, given: Ready): Decision | undefined {
  const plan = planInForce(o);
  if (plan === undefined) return makePlan(o, given);
  const what = `dry run: plan ${plan.hash}: ${summary(plan, given.spec)}. Nothing was changed`;
  const message = `${what}. ${warning(plan, given.spec)}`.trim();
  return finish(o, { phase: "Planned", reason: Reason.Planned, message }, false);
}

/** Before anything is claimed: a dry run ends here, an approval without hold is waited for here. */
export function planAhead(o: Observed): Decision | undefined {
  const given = ready(o);
  if (given === undefined || isOpen(o.world)) return undefined;
  const { dryRun, approval } = given.spec;
  if (dryRun) return showPlan(o, given);
  if (approval.mode === "Automatic" || approval.hold) return undefined;
  // The last look is for when it is its turn.
  if (isApproved(o) && isBlocked(o)) return undefined;
  return makePlan(o, given) ?? awaitApproval(o, given);
}
