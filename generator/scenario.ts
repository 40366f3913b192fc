// What the generator writes, and nothing about how. Pure: event number i of a seed is the same on every machine, in every
// batch size and after every restart, because it is computed from (seed, i) alone and not drawn from a running stream.

import { createHash } from "node:crypto";

export interface LakeEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly value: number;
}

export type ScenarioName = "steady" | "corrupted";

export interface Scenario {
  readonly name: ScenarioName;
  /** How many events the scenario has; undefined = it goes on until it is stopped. */
  readonly eventCount: number | undefined;
  readonly eventAt: (index: number) => LakeEvent;
}

// The mix of the demo document's sample: 312 clicks, 198 views, 41 purchases.
const MIX = [
  { below: 57, eventType: "click", value: 50 },
  { below: 93, eventType: "view", value: 50 },
  { below: 100, eventType: "purchase", value: 500 },
] as const;

export const CORRUPTED_EVENT_COUNT = 1000;
const CORRUPTED_VALUE = 999_999;

function digest(scenario: ScenarioName, seed: string, index: number): Buffer {
  return createHash("sha256").update(`${scenario}\u0000${seed}\u0000${index}`).digest();
}

/** A version 4 UUID of the first 16 bytes; the draw below uses bytes after them, so that the two are independent. */
function uuidOf(bytes: Buffer): string {
  const uuid = Buffer.from(bytes.subarray(0, 16));
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x40, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = uuid.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function steadyEvent(seed: string, index: number): LakeEvent {
  const bytes = digest("steady", seed, index);
  // 2^32 is not a multiple of 100; the bias is below 1 in 40 million.
  const draw = bytes.readUInt32BE(16) % 100;
  const kind = MIX.find((entry) => draw < entry.below) ?? MIX[0];
  return { eventId: uuidOf(bytes), eventType: kind.eventType, value: kind.value };
}

function corruptedEvent(seed: string, index: number): LakeEvent {
  return { eventId: uuidOf(digest("corrupted", seed, index)), eventType: "CORRUPTED_EVENT", value: CORRUPTED_VALUE };
}

export function buildScenario(name: ScenarioName, seed: string): Scenario {
  switch (name) {
    case "steady":
      return { name, eventCount: undefined, eventAt: (index) => steadyEvent(seed, index) };
    case "corrupted":
      return { name, eventCount: CORRUPTED_EVENT_COUNT, eventAt: (index) => corruptedEvent(seed, index) };
  }
}

/** Events [from, from + size) of the scenario, cut at its end. */
export function sliceEvents(scenario: Scenario, from: number, size: number): LakeEvent[] {
  const end = Math.min(from + size, scenario.eventCount ?? Number.POSITIVE_INFINITY);
  return Array.from({ length: Math.max(0, end - from) }, (_, offset) => scenario.eventAt(from + offset));
}
