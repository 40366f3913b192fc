// The relation engine.ping as postgres_fdw asks for it, answered without DuckDB: it must have an answer above all when
// DuckDB has none. Conditions and aggregates over it take the way of every plan.
import type { ReadResult, RowSource } from "../duck/rows.ts";
import type { EngineFacts } from "../planner/types.ts";
import type { DataRowWriter } from "../wire/data-rows.ts";
import type { FieldDescription } from "../wire/replies.ts";
import { timestampText } from "../wire/text/calendar.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";

const BOOLEAN = { typeOid: 16, typeSize: 1 };
const TEXT = { typeOid: 25, typeSize: -1 };
const TIMESTAMPTZ = { typeOid: 1184, typeSize: 8 };
const TYPES = new Map([
  ["ok", BOOLEAN],
  ["version", TEXT],
  ["started_at", TIMESTAMPTZ],
  ["problem", TEXT],
]);

/** The columns of a plain `select a, b from engine.ping`, or null. */
export function readPing(sql: string): readonly string[] | null {
  const list = /^select\s+([\w\s,]+?)\s+from\s+engine\.ping\s*;?$/i.exec(sql)?.[1];
  const names = list?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  return names.length > 0 && names.every((name) => TYPES.has(name)) ? names : null;
}

export class PingRows implements RowSource {
  readonly fields: readonly FieldDescription[];
  readonly #values: readonly (string | null)[];
  #isRead = false;

  constructor(columns: readonly string[], facts: EngineFacts, zone: ZoneOffset) {
    const startedMicros = BigInt(Date.parse(facts.startedAt)) * 1000n;
    const problem = facts.problem ?? null;
    const values = new Map([
      ["ok", problem === null ? "t" : "f"],
      ["version", facts.version],
      ["started_at", timestampText(startedMicros, zone(startedMicros))],
      ["problem", problem],
    ]);
    this.fields = columns.map((name) => ({ name, ...(TYPES.get(name) ?? TEXT), typeModifier: -1 }));
    this.#values = columns.map((name) => values.get(name) ?? null);
  }

  read(_maxRows: number, rows: DataRowWriter): Promise<ReadResult> {
    if (this.#isRead) return Promise.resolve({ count: 0, done: true });
    this.#isRead = true;
    rows.row(
      this.#values.map((value) => [value]),
      0,
    );
    return Promise.resolve({ count: 1, done: true });
  }

  close(): void {
    this.#isRead = true;
  }
}
