/** Rows of which more than so many are an error: PostgreSQL keeps on its own disk what it computes with. */
import type { RowSource } from "../duck/rows.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { WrappedRows } from "./execution.ts";

export interface RowBound {
  readonly maxRows: number | null;
  /** The lake tables that the rows are of. */
  readonly tables: ReadonlyMap<string, string>;
}

export function bounded(rows: RowSource, bound: RowBound | null): RowSource {
  const maxRows = bound?.maxRows ?? null;
  if (bound === null || maxRows === null) return rows;
  let count = 0;
  return new WrappedRows(rows, async (step) => {
    const piece = await step();
    count += piece.count;
    if (count > maxRows) throw tooManyRows(maxRows, [...bound.tables.values()]);
    return piece;
  });
}

function tooManyRows(maxRows: number, tables: readonly string[]): LakeError {
  return new LakeError(
    SQL_STATE.leafTooLarge,
    `PostgreSQL runs this query, and needs more than ${maxRows} rows of lake table ${tables.join(", ")} for it`,
    {
      hint:
        "Filter or group in the query, so that fewer rows are needed; or raise the limit: " +
        "insert into pgtrickle_internal.settings values ('leaf_rows_limit', …);",
    },
  );
}
