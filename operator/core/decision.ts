/** What `decide` answers: one action, and everything that the status shall say. */
import type { Assertion } from "../api/spec.ts";
import type { Phase, StreamTableRewindStatus } from "../api/status.ts";
import type { Failure, Step } from "./observed.ts";

/** Each carries all that its performer needs. Every one is safe to perform twice. */
export type Action =
  | { readonly kind: "none" }
  | { readonly kind: "addFinalizer" }
  | { readonly kind: "removeFinalizer" }
  | { readonly kind: "deleteObject" }
  | { readonly kind: "claim"; readonly tables: readonly string[]; readonly operationKey: string }
  | { readonly kind: "freeOrphan"; readonly uid: string; readonly table: string }
  | { readonly kind: "pause"; readonly token: string }
  | { readonly kind: "keepAlive"; readonly token: string }
  | {
      readonly kind: "plan";
      readonly tables: readonly string[];
      readonly snapshotId: number;
      readonly strategy: string;
      readonly acceptContradiction?: boolean;
    }
  | {
      readonly kind: "rewind";
      readonly token: string;
      readonly snapshotId: number;
      readonly strategy: string;
      readonly acceptContradiction?: boolean;
      readonly assertions: readonly Assertion[];
      readonly timeoutMs: number;
    }
  | { readonly kind: "repair"; readonly token: string; readonly sql: readonly string[]; readonly timeoutMs: number }
  | { readonly kind: "confirmRepair"; readonly token: string }
  | {
      readonly kind: "replay";
      readonly token: string;
      readonly mode: string;
      readonly assertions: readonly Assertion[];
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "release";
      readonly token: string;
      readonly outcome: "Succeeded" | "Failed" | "Aborted";
      /** The tables stay paused, by a person's hold. */
      readonly leavePaused?: boolean;
    }
  | { readonly kind: "abandon"; readonly token: string; readonly failure: Failure };

export type ActionKind = Action["kind"];

/** The step that a failure of the action is counted under. */
export const stepOfAction: Readonly<Record<ActionKind, Step | undefined>> = {
  none: undefined,
  addFinalizer: "Finalizer",
  removeFinalizer: "Finalizer",
  deleteObject: undefined,
  claim: "Claim",
  freeOrphan: "Claim",
  pause: "Pause",
  keepAlive: "Claim",
  plan: "Plan",
  rewind: "Rewind",
  repair: "Repair",
  confirmRepair: "Repair",
  replay: "Replay",
  release: "Release",
  abandon: "Release",
};

export interface Transition {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/**
 * When the status is written: before the action, whose effect it must precede; beside it, where it only tells of it; or not at
 * all, because nothing may wait for it.
 */
export type Announcement = "before" | "beside" | "never";

export interface Decision {
  readonly action: Action;
  readonly phase: Phase;
  readonly reason: string;
  readonly message: string;
  readonly status: StreamTableRewindStatus;
  /** Without an action: look again after this time, or only when something changes. */
  readonly requeueAfterMs?: number | undefined;
  readonly announce: Announcement;
  /** Told once, when the status was written. */
  readonly events: readonly Transition[];
  /** Told once, when the action is done. */
  readonly eventsAfter: readonly Transition[];
}
