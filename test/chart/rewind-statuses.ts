/** A StreamTableRewind in each phase, with the conditions that the operator gives it there, and what tools have to conclude. */
import { type Phase, phases, type StreamTableRewindStatus } from "../../operator/api/status.ts";
import { makePlan, makeSpec } from "../support/make-observed.ts";
import type { KStatus } from "./kstatus.ts";

type Progress = "Ready" | "Reconciling" | "Stalled";

export interface Rewind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly generation: number;
    readonly deletionTimestamp?: string;
  };
  readonly spec: ReturnType<typeof makeSpec>;
  readonly status?: object;
}

export interface Case {
  readonly name: string;
  readonly object: Rewind;
  readonly argo: "Healthy" | "Progressing" | "Suspended" | "Degraded";
  readonly kstatus: KStatus;
  /** Actions in Argo CD. */
  readonly offered: readonly string[];
}

type Overrides = Partial<Omit<Rewind, "metadata">> & { readonly metadata?: Partial<Rewind["metadata"]> };

export const planHash = makePlan().hash;

export function makeRewindObject({ metadata, ...overrides }: Overrides = {}): Rewind {
  return {
    ...{ apiVersion: "pgtrickle.dev/v1alpha1", kind: "StreamTableRewind" },
    metadata: { name: "incident", namespace: "default", generation: 1, ...metadata },
    spec: makeSpec({ approval: { mode: "Manual" }, resume: { policy: "Manual" } }),
    ...overrides,
  };
}

/** Exactly one of the three holds. */
export function statusIn(
  phase: Phase,
  holds: Progress,
  more: Partial<StreamTableRewindStatus> = {},
): StreamTableRewindStatus {
  const message = `it is "${phase}"`;
  const told = { reason: phase, message, lastTransitionTime: "2026-11-22T12:00:00Z" };
  const conditions = (["Ready", "Reconciling", "Stalled"] as const).map((type) => ({
    ...told,
    ...{ type, status: type === holds ? ("True" as const) : ("False" as const) },
  }));
  return { observedGeneration: 1, phase, message, plan: makePlan(), conditions, ...more };
}

type Want = readonly [holds: Progress, argo: Case["argo"], kstatus: KStatus, offered: readonly string[]];

const working: Want = ["Reconciling", "Progressing", "InProgress", ["abort"]];

/** No Partial: the compiler refuses a missing phase. */
const inPhase: Readonly<Record<Phase, Want>> = {
  Pending: working,
  Queued: working,
  Planning: working,
  AwaitingApproval: ["Reconciling", "Suspended", "InProgress", ["abort", "approve"]],
  Pausing: working,
  Rewinding: working,
  Repairing: working,
  AwaitingResume: ["Reconciling", "Suspended", "InProgress", ["abort", "resume"]],
  Replaying: working,
  Succeeded: ["Ready", "Healthy", "Current", []],
  Planned: ["Ready", "Healthy", "Current", []],
  Failed: ["Stalled", "Degraded", "Failed", []],
  Aborted: ["Stalled", "Degraded", "Failed", []],
};

const waiting = statusIn("AwaitingApproval", "Reconciling");
const approvedBy = (hash: string) => makeSpec({ approval: { mode: "Manual", planHash: hash } });

export const cases: readonly Case[] = [
  ...phases.map((phase): Case => {
    const [holds, argo, kstatus, offered] = inPhase[phase];
    return { name: phase, object: makeRewindObject({ status: statusIn(phase, holds) }), argo, kstatus, offered };
  }),
  {
    ...{ name: "left paused", argo: "Healthy", kstatus: "Current", offered: [] },
    object: makeRewindObject({ status: statusIn("Succeeded", "Ready", { reason: "LeftPaused" }) }),
  },
  {
    ...{ name: "done already", argo: "Healthy", kstatus: "Current", offered: [] },
    object: makeRewindObject({ status: statusIn("Succeeded", "Ready", { reason: "AlreadyDone" }) }),
  },
  {
    ...{ name: "approved, not seen yet", argo: "Progressing", kstatus: "InProgress", offered: ["abort"] },
    object: makeRewindObject({ metadata: { generation: 2 }, spec: approvedBy(planHash), status: waiting }),
  },
  {
    ...{ name: "approved, seen", argo: "Suspended", kstatus: "InProgress", offered: ["abort"] },
    object: makeRewindObject({ spec: approvedBy(planHash), status: waiting }),
  },
  {
    ...{ name: "approved by a stale hash", argo: "Suspended", kstatus: "InProgress", offered: ["abort", "approve"] },
    object: makeRewindObject({ spec: approvedBy("another"), status: waiting }),
  },
  {
    ...{ name: "stalled at work", argo: "Degraded", kstatus: "Failed", offered: ["abort"] },
    object: makeRewindObject({ status: statusIn("Replaying", "Stalled") }),
  },
  {
    ...{ name: "aborted, at work still", argo: "Progressing", kstatus: "InProgress", offered: [] },
    object: makeRewindObject({ spec: makeSpec({ abort: true }), status: statusIn("Repairing", "Reconciling") }),
  },
  {
    ...{ name: "changed since it succeeded", argo: "Progressing", kstatus: "InProgress", offered: [] },
    object: makeRewindObject({ metadata: { generation: 2 }, status: statusIn("Succeeded", "Ready") }),
  },
  {
    ...{ name: "not seen yet", argo: "Progressing", kstatus: "InProgress", offered: ["abort"] },
    object: makeRewindObject({ status: { observedGeneration: -1 } }),
  },
  {
    ...{ name: "being deleted", argo: "Progressing", kstatus: "Terminating", offered: [] },
    object: makeRewindObject({ metadata: { deletionTimestamp: "2026-11-22T12:00:00Z" }, status: waiting }),
  },
];
