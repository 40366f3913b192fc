// Columns of lake tables. At a snapshot they never change; those of now are looked up again after a second, and at once
// when a statement was refused with what is remembered.
import type { LakeConnection } from "../duck/connection.ts";
import { LruCache } from "../duck/lru-cache.ts";
import { lakeName } from "../planner/quoting.ts";
import type { Column } from "../planner/types.ts";

const ENTRIES = 1000;
const CURRENT_FOR_MS = 1000;

interface Entry {
  readonly columns: readonly Column[];
  readonly readAtMs: number;
}

export interface SchemaRequest {
  readonly table: string;
  readonly snapshot: bigint | null;
  readonly connection: LakeConnection;
  readonly signal: AbortSignal;
}

export class SchemaCache {
  readonly #pinned = new LruCache<string, Entry>(ENTRIES);
  readonly #current = new LruCache<string, Entry>(ENTRIES);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  forget(): void {
    this.#current.clear();
  }

  /** Null if there is no such table. */
  async columns(request: SchemaRequest): Promise<readonly Column[] | null> {
    const cache = request.snapshot === null ? this.#current : this.#pinned;
    const key = `${request.table}@${request.snapshot ?? ""}`;
    const known = cache.get(key);
    if (known !== undefined && (request.snapshot !== null || this.#nowMs() - known.readAtMs < CURRENT_FOR_MS)) {
      return known.columns;
    }
    const columns = await readColumns(request);
    if (columns !== null) cache.set(key, { columns, readAtMs: this.#nowMs() });
    return columns;
  }
}

async function readColumns(request: SchemaRequest): Promise<readonly Column[] | null> {
  const at = request.snapshot === null ? "" : ` at (version => ${request.snapshot})`;
  try {
    const rows = await request.connection.all(`describe select * from ${lakeName(request.table)}${at}`, request.signal);
    return rows.map((row) => ({ name: String(row[0]), type: String(row[1]) }));
  } catch (error) {
    if (error instanceof Error && /^Catalog Error: Table with name/.test(error.message)) return null;
    throw error;
  }
}
