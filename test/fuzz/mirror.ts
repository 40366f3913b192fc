/** The model in PostgreSQL's plain tables, and comparisons with it by PostgreSQL. */
import { readFile } from "node:fs/promises";
import type { Client } from "pg";
import { type Changes, type Model, tablesOf } from "./model.ts";
import { LAKE_TABLES } from "./script.ts";

const SCHEMA = new URL("./model.sql", import.meta.url);

export interface RowDifference {
  readonly side: "missing" | "unexpected";
  readonly row_text: string;
  readonly times: string;
}

export class Mirror {
  readonly #session: Client;

  constructor(session: Client) {
    this.#session = session;
  }

  async create(): Promise<void> {
    await this.#session.query(await readFile(SCHEMA, "utf8"));
  }

  /** What the model's last commit did. */
  async commit(sequence: number, changes: Changes): Promise<void> {
    for (const table of tablesOf(changes)) {
      const rows = [...(changes.get(table) ?? [])].map(([id, row]) => ({ id, row }));
      await this.#session.query("select model.apply($1, $2, $3)", [sequence, table, JSON.stringify(rows)]);
    }
  }

  async differences(relation: string, query: string, sequence: number): Promise<RowDifference[]> {
    const text = "select side, row_text, times from model.differences($1, $2, $3)";
    return (await this.#session.query<RowDifference>(text, [relation, query, sequence])).rows;
  }

  /** The fuzzer's check of itself: both models hold the same rows. */
  async check(model: Model): Promise<void> {
    await this.#session.query("select set_config('model.sequence', $1, false)", [String(model.sequence)]);
    for (const table of LAKE_TABLES) {
      const text = `select id::int, k, v::int, owner from model.${table} order by id`;
      const { rows } = await this.#session.query(text);
      const want = [...model.current[table].values()].sort((left, right) => left.id - right.id);
      if (
        JSON.stringify(rows.map(({ id, k, v, owner }) => [id, k, v, owner])) !==
        JSON.stringify(want.map(({ id, k, v, owner }) => [id, k, v, owner]))
      ) {
        throw new Error(`the model of ${table} in PostgreSQL differs from the one in memory`);
      }
    }
  }
}

export function showDifferences(differences: readonly RowDifference[]): string {
  const shown = differences
    .slice(0, 8)
    .map(({ side, row_text, times }) => `${side} ${row_text}${times === "1" ? "" : ` × ${times}`}`);
  if (differences.length > shown.length) shown.push(`and ${differences.length - shown.length} more`);
  return shown.join("; ");
}
