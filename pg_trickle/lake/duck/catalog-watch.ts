// Looks again whether the catalog still is of the DuckLake that this engine knows, and its files where this engine has them: an engine
// that is attached would otherwise read and write a catalog that a newer client has migrated, by rules that no longer hold, or go on
// writing to the old place. Over as soon as what was changed is put back.
import type { LakeError } from "../errors.ts";
import { quoteIdentifier } from "../planner/quoting.ts";
import { asDirectory, dataPathError } from "./catalog-data-path.ts";
import { KNOWN_VERSION, versionError } from "./catalog-version.ts";
import type { LakeConnection } from "./connection.ts";
import { METADATA_CATALOG } from "./instance.ts";
import type { Lake } from "./lake.ts";

/** So old may be what a read goes by: refreshes ask the catalog themselves before they begin. */
const RECENT_MS = 1000;
/** Without an answer the read or commit itself finds out how the catalog is. */
const QUESTION_LIMIT_MS = 10_000;

export interface CatalogPlace {
  readonly metadataSchema: string;
  /** As the engine is set. */
  readonly dataPath: string;
}

/** Why this engine must not use the catalog, or null. Not inside a lake transaction, which sees the catalog as it was when it began. */
export async function catalogProblem(
  connection: LakeConnection,
  { metadataSchema, dataPath }: CatalogPlace,
  signal: AbortSignal,
): Promise<LakeError | null> {
  const rows = await connection.all(
    `select key, value from ${METADATA_CATALOG}.${quoteIdentifier(metadataSchema)}.ducklake_metadata where key in ('version', 'data_path')`,
    signal,
  );
  const facts = new Map(rows.map(([key, value]) => [String(key), String(value)]));
  const version = facts.get("version");
  if (version !== KNOWN_VERSION) return versionError(String(version), KNOWN_VERSION);
  const ofCatalog = facts.get("data_path");
  if (ofCatalog === undefined || ofCatalog === asDirectory(dataPath)) return null;
  return dataPathError({ ofCatalog, ofEngine: dataPath, metadataSchema });
}

export class CatalogWatch {
  readonly #lake: Lake;
  readonly #place: CatalogPlace;
  readonly #nowMs: () => number;
  #connection: LakeConnection | null = null;
  #seenAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(lake: Lake, place: CatalogPlace, nowMs: () => number) {
    this.#lake = lake;
    this.#place = place;
    this.#nowMs = nowMs;
  }

  /** Rejects with the problem, by what was seen within the last second. */
  async beforeReading(): Promise<void> {
    if (this.#nowMs() - this.#seenAtMs >= RECENT_MS) await this.#askAnew();
  }

  /** Rejects with the problem, by what the catalog says after this call. */
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
    // Where the catalog does not answer, whoever asked is about to be told so in its own words.
    const problem = await this.#lake.healing(() => this.#question()).catch(() => this.#close());
    if (problem === undefined) return;
    if (problem !== null) throw problem;
    this.#seenAtMs = askedAtMs;
  }

  async #question(): Promise<LakeError | null> {
    if (this.#connection?.generation !== this.#lake.generation) this.#close();
    this.#connection ??= await this.#lake.connect();
    return catalogProblem(this.#connection, this.#place, AbortSignal.timeout(QUESTION_LIMIT_MS));
  }

  #close(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}
