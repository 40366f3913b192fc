/** The lake as a plain DuckDB reads it, against the model. */
import type { TrickleDatabase } from "../../stack/database.ts";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { type Difference, differenceOf, type Model, type State } from "./model.ts";
import { LAKE_TABLES, type LakeTable } from "./script.ts";
import type { Row } from "./statements.ts";

export interface Damage {
  readonly tables: readonly LakeTable[];
  readonly detail: string;
  readonly text: string;
}

const toRow = ({ id, k, v, owner }: Record<string, unknown>): Row => ({
  id: Number(id),
  k: k as string | null,
  v: v === null ? null : Number(v),
  owner: Number(owner),
});

function describe(table: LakeTable, difference: Difference): string {
  const sides = Object.entries(difference).filter(([, rows]) => rows.length > 0);
  return sides
    .map(([side, rows]) => `${table}: ${rows.length} ${side}, such as ${rows.slice(0, 3).join(" ")}`)
    .join("; ");
}

export class LakeReader {
  readonly #duckdb: DuckdbClient;

  private constructor(duckdb: DuckdbClient) {
    this.#duckdb = duckdb;
  }

  static async open(database: TrickleDatabase): Promise<LakeReader> {
    return new LakeReader(await database.duckdb());
  }

  /** Differences at the head. */
  damage(state: State): Promise<Damage | undefined> {
    return this.#compare(state, "");
  }

  /** Differences at a snapshot, as text; also if it cannot be read. */
  async damageAt(model: Model, snapshot: number): Promise<string | undefined> {
    const sequence = model.sequenceAt(snapshot);
    if (sequence === undefined) return undefined;
    try {
      return (await this.#compare(model.at(sequence), ` at (version => ${snapshot})`))?.text;
    } catch (error) {
      return `nothing: ${(error as Error).message.slice(0, 200)}`;
    }
  }

  async #compare(state: State, at: string): Promise<Damage | undefined> {
    const parts = LAKE_TABLES.map((table) => `select '${table}' as t, id, k, v, owner from lake.main.${table}${at}`);
    const rows = await this.#duckdb.rows(parts.join(" union all "));
    const found = LAKE_TABLES.flatMap((table) => {
      const got = rows.filter((row) => row["t"] === table).map(toRow);
      const difference = differenceOf(state[table], got);
      return difference ? [{ table, difference }] : [];
    });
    if (found.length === 0) return undefined;
    const sides = found.flatMap(({ difference }) => Object.entries(difference));
    const present = sides.filter(([, list]) => list.length > 0).map(([side]) => side);
    return {
      tables: found.map(({ table }) => table),
      detail: [...new Set(present)].sort().join("+"),
      text: found.map(({ table, difference }) => describe(table, difference)).join("; "),
    };
  }
}
