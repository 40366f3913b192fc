// Looks again whether the catalog still is of the DuckLake that this engine knows: an engine that is attached would otherwise read
// and write a catalog that a newer client has migrated, by rules that no longer hold. Over as soon as the version is put back.
import { hasSqlState, SQL_STATE } from "../errors.ts";
import { quoteIdentifier } from "../planner/quoting.ts";
import { KNOWN_VERSION, versionError } from "./catalog-version.ts";
import type { LakeConnection } from "./connection.ts";
import { METADATA_CATALOG } from "./instance.ts";
import type { Lake } from "./lake.ts";

/** So old may be what a read goes by: refreshes ask the catalog themselves before they begin. */
const RECENT_MS = 1000;
/** Without an answer the read or commit itself finds out how the catalog is. */
const QUESTION_LIMIT_MS = 10_000;

/** LT013 if the catalog is of another version. Not inside a lake transaction, which sees the catalog as it was when it began. */
export async function checkVersion(
  connection: LakeConnection,
  metadataSchema: string,
  signal: AbortSignal,
): Promise<void> {
  const [row] = await connection.all(
    `select value from ${METADATA_CATALOG}.${quoteIdentifier(metadataSchema)}.ducklake_metadata where key = 'version'`,
    signal,
  );
  if (row?.[0] !== KNOWN_VERSION) throw versionError(String(row?.[0]), KNOWN_VERSION);
}

export class VersionWatch {
  readonly #lake: Lake;
  readonly #metadataSchema: string;
  readonly #nowMs: () => number;
  #connection: LakeConnection | null = null;
  #seenAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(lake: Lake, metadataSchema: string, nowMs: () => number) {
    this.#lake = lake;
    this.#metadataSchema = metadataSchema;
    this.#nowMs = nowMs;
  }

  /** LT013, by what was seen within the last second. */
  async beforeReading(): Promise<void> {
    if (this.#nowMs() - this.#seenAtMs >= RECENT_MS) await this.#askAnew();
  }

  /** LT013, by what the catalog says after this call. */
  beforeCommit(): Promise<void> {
    return this.#askAnew();
  }

  /** One question after the other: all who come while one is asked share the next. */
  #askAnew(): Promise<void> {
    if (this.#next !== null) return this.#next;
    const next = this.#running.then(() => {
      this.#next = null;
      return this.#ask();
    });
    this.#next = next;
    this.#running = next.catch(() => undefined);
    return next;
  }

  async #ask(): Promise<void> {
    const askedAtMs = this.#nowMs();
    try {
      await this.#lake.healing(() => this.#question());
      this.#seenAtMs = askedAtMs;
    } catch (error) {
      this.#close();
      if (hasSqlState(error, SQL_STATE.otherVersion)) throw error;
      // The catalog does not answer: whoever asked is about to be told so in its own words.
    }
  }

  async #question(): Promise<void> {
    if (this.#connection?.generation !== this.#lake.generation) this.#close();
    this.#connection ??= await this.#lake.connect();
    await checkVersion(this.#connection, this.#metadataSchema, AbortSignal.timeout(QUESTION_LIMIT_MS));
  }

  #close(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}
