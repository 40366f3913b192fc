/**
 * StreamTableRewinds as version 0.1.0 (commit 9ac303e) left them in a real API server: recorded from its operator and its
 * database, nothing made up.
 */
import { readFileSync } from "node:fs";
import { specSchema } from "../../operator/api/spec.ts";
import { type StreamTableRewindStatus, statusSchema } from "../../operator/api/status.ts";
import type { RewindObject } from "../../operator/gather.ts";

/**
 * finished: Succeeded. held: Failed after the rewind, its table paused. running: rewound and repaired, waiting for a person to
 * resume. waiting: its table paused, its plan shown, not approved.
 */
export const recordedNames = ["finished", "held", "running", "waiting"] as const;
export type RecordedName = (typeof recordedNames)[number];

export function recorded(name: RecordedName): RewindObject {
  return JSON.parse(readFileSync(new URL(`0.1.0/${name}.json`, import.meta.url), "utf8")) as RewindObject;
}

export function recordedStatus(name: RecordedName): StreamTableRewindStatus {
  return statusSchema.parse(recorded(name).status);
}

export function recordedSpec(name: RecordedName) {
  return specSchema.parse(recorded(name).spec);
}
