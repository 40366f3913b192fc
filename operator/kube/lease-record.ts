/**
 * What a Lease says, and what may be concluded from it: pure. Times of other machines are never compared with ours: a holder
 * is gone when its record has not changed for its whole duration on our own clock.
 */
import { microTime } from "./event-body.ts";

export interface LeaseRecord {
  readonly resourceVersion: string;
  /** undefined: nobody. */
  readonly holder: string | undefined;
  readonly durationMs: number;
  readonly acquireTime: string | undefined;
  readonly renewTime: string | undefined;
  readonly transitions: number;
}

export interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

/** A record as it was when we saw it change last. */
export interface Sighting {
  readonly fingerprint: string;
  readonly atMs: number;
}

const MS = 1000;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** MicroTime stays the text that it is: parsed and written again it would lose digits. */
export function recordOf(lease: Readonly<Record<string, unknown>>): LeaseRecord {
  const metadata = (lease["metadata"] ?? {}) as Record<string, unknown>;
  const spec = (lease["spec"] ?? {}) as Record<string, unknown>;
  return {
    resourceVersion: textOf(metadata["resourceVersion"]) ?? "",
    holder: textOf(spec["holderIdentity"]),
    durationMs: numberOf(spec["leaseDurationSeconds"]) * MS,
    acquireTime: textOf(spec["acquireTime"]),
    renewTime: textOf(spec["renewTime"]),
    transitions: numberOf(spec["leaseTransitions"]),
  };
}

export function sightingOf(record: LeaseRecord, previous: Sighting | undefined, nowMs: number): Sighting {
  const fingerprint = JSON.stringify([record.holder, record.acquireTime, record.renewTime, record.transitions]);
  return previous?.fingerprint === fingerprint ? previous : { fingerprint, atMs: nowMs };
}

/** Identities are `<pod>_<random>`: of two in one pod the earlier is dead, since its container had to end first. */
function podOf(identity: string): string {
  return identity.slice(0, identity.lastIndexOf("_"));
}

/** Whether the lease may be taken from who holds it. */
export function isFree(record: LeaseRecord, sighting: Sighting, identity: string, nowMs: number): boolean {
  if (record.holder === undefined || record.holder === identity) return true;
  if (podOf(record.holder) !== "" && podOf(record.holder) === podOf(identity)) return true;
  return nowMs - sighting.atMs >= record.durationMs;
}

export interface Holding {
  readonly identity: string;
  readonly durationMs: number;
  readonly now: Date;
}

/** The record after it is taken or renewed by `identity`. */
export function heldSpec(record: LeaseRecord | undefined, { identity, durationMs, now }: Holding): LeaseSpec {
  const isRenewal = record?.holder === identity;
  const renewTime = microTime(now);
  const transitions = record?.transitions ?? 0;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / MS),
    acquireTime: (isRenewal ? record.acquireTime : undefined) ?? renewTime,
    renewTime,
    leaseTransitions: isRenewal || record === undefined ? transitions : transitions + 1,
  };
}

/** The record without a holder; a duration of zero would be refused. */
export function releasedSpec(record: LeaseRecord, now: Date): LeaseSpec {
  const renewTime = microTime(now);
  return {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: record.acquireTime ?? renewTime,
    renewTime,
    leaseTransitions: record.transitions,
  };
}
