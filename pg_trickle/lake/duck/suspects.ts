// Remembers which statements the DuckDB instance died of. Each death costs every session its connections and the engine a
// second or so for the next instance, so a statement that does it again at once is refused for a while: the others go on.
import { LakeError, SQL_STATE } from "../errors.ts";
import { LruCache } from "./lru-cache.ts";

/** Deaths within this time count together. */
const WINDOW_MS = 60_000;
const DEATHS = 2;
const REFUSED_FOR_MS = 10 * 60_000;
const ENTRIES = 200;

/** The engine's own words around a client's, and its questions for life: to refuse these would stop everything. */
const OWN_WORDS =
  /^(?:(?:begin|commit|rollback|set|create|drop|call)\b|select 1$|select id from lake\.current_snapshot\(\)$)/;

interface Entry {
  readonly deathsAtMs: readonly number[];
  readonly refusedUntilMs: number;
}

export class Suspects {
  readonly #entries = new LruCache<string, Entry>(ENTRIES);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Throws if the statement is refused at present. */
  refuse(statement: string): void {
    const entry = this.#entries.get(statement);
    if (entry === undefined || entry.refusedUntilMs <= this.#nowMs()) return;
    const leftMinutes = Math.ceil((entry.refusedUntilMs - this.#nowMs()) / 60_000);
    throw new LakeError(
      SQL_STATE.killsInstance,
      `the lake's DuckDB has failed of this query ${DEATHS} times: it is refused for ${leftMinutes} min`,
      {
        hint: "Everything else goes on. Ask for the rows in another way or change the query; DuckDB's own message is in the engine's log.",
      },
    );
  }

  blame(statement: string): void {
    if (OWN_WORDS.test(statement)) return;
    const now = this.#nowMs();
    const known = this.#entries.get(statement)?.deathsAtMs ?? [];
    const deathsAtMs = [...known.filter((at) => now - at < WINDOW_MS), now];
    this.#entries.set(statement, {
      deathsAtMs,
      refusedUntilMs: deathsAtMs.length >= DEATHS ? now + REFUSED_FOR_MS : 0,
    });
  }
}
