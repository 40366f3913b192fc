// Errors that may be the attachment's fault: DuckLake remembers parts of the catalog for as long as it is attached, and what
// other clients do there can leave that memory wrong. Only a fresh attachment tells. Each costs a second or so, so what a
// fresh one has failed of too is let be for a while, and for as long as nothing in the catalog changes.
import { LakeError } from "../errors.ts";
import { isMissingInStorage } from "../storage-errors.ts";
import { LruCache } from "./lru-cache.ts";

/** Doubled with each time that a fresh attachment had the same error. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
const ENTRIES = 200;

/** What is remembered wrongly shows as a file, a map of its columns or an entry that is not there; never as a value. */
const MAY_BE_OUTDATED = [
  /^Invalid Input Error: Unknown name map id/,
  // Its question for a table of the catalog that it does not know yet has failed, and the one after that says so.
  /^Invalid Input Error: Attempting to fetch from an unsuccessful query result/,
  /^IO Error: (?:Cannot open file|No files found)/,
  /^INTERNAL Error/,
];

interface Entry {
  /** Newest snapshot when it was looked into. */
  readonly head: string;
  readonly pauseMs: number;
  readonly untilMs: number;
}

export class Doubts {
  readonly #entries = new LruCache<string, Entry>(ENTRIES);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Whether to ask a fresh attachment. */
  has(message: string, head: string): boolean {
    const entry = this.#entries.get(message);
    return entry === undefined || (entry.head !== head && entry.untilMs <= this.#nowMs());
  }

  /** A fresh attachment fails of it too. */
  settle(message: string, head: string): void {
    const known = this.#entries.get(message);
    const pauseMs = known === undefined ? FIRST_PAUSE_MS : Math.min(known.pauseMs * 2, LONGEST_PAUSE_MS);
    this.#entries.set(message, { head, pauseMs, untilMs: this.#nowMs() + pauseMs });
  }
}

/** What a connection has and another has not: its transaction, and its temporary tables. */
const OWN_STATEMENTS = /^\s*(?:begin|commit|rollback|set|call|create|drop)\b|\btemp"?\."?main\b/i;

/** Whether the error could come from an attachment that is behind, and the statement can be tried on another one. */
export function mayBeOutdated(error: unknown, sql: string): error is Error {
  if (!(error instanceof Error) || error instanceof LakeError || OWN_STATEMENTS.test(sql)) return false;
  return MAY_BE_OUTDATED.some((pattern) => pattern.test(error.message)) || isMissingInStorage(error.message);
}
