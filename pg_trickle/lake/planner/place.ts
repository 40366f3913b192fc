// The place of a lake row: what postgres_fdw's ctid stands for. Row ids are not unique (rows that one transaction inserts
// and updates keep provisional ones, which other transactions use too), but the place is: a data file never changes, so
// (file, position in it) is one row for ever; a row that is inlined in the catalog is (its table, row id, snapshot).
//
// In DuckDB a place is the text `<position>:<snapshot>:<file>`; session/places.ts makes ctids of it.
import { call, cast, column, expression, operator, textConstant } from "./build.ts";
import { notSupported } from "./refusal.ts";
import { TYPES } from "./sql-types.ts";
import type { Column, Node } from "./types.ts";

/** `row`: by row id alone, where a column of the table hides the file. */
export type PlaceForm = "file" | "row";

export interface PlaceColumns {
  readonly form: PlaceForm;
  /** False where a column of the table hides the snapshot: then an inlined row cannot be recognised in another view. */
  readonly hasSnapshot: boolean;
}

/** DuckLake's virtual columns give way to columns of the same name. */
export function placeColumns(columns: readonly Column[]): PlaceColumns | null {
  const names = new Set(columns.map((item) => item.name.toLowerCase()));
  if (names.has("rowid")) return null;
  const isHidden = names.has("filename") || names.has("file_row_number");
  return { form: isHidden ? "row" : "file", hasSnapshot: !names.has("snapshot_id") };
}

export function hiddenPlace(table: string): never {
  return notSupported(
    `rows of lake table ${table} cannot be changed one by one: its column "rowid" hides which row is which`,
    "change them by a statement that the lake can run itself, a condition on its own columns with constants; or rename the column",
  );
}

/** The expression whose text is a row's place; NULL for the missing side of an outer join. */
export function placeText(alias: string, columns: PlaceColumns): Node {
  const text = (name: string) => cast(column(alias, name), TYPES.text);
  const joined = (...parts: readonly Node[]) => parts.reduce((left, right) => call("||", [left, right], OPERATOR));
  if (columns.form === "row") return joined(text("rowid"), textConstant("::"));
  const snapshot = operator("OPERATOR_COALESCE", [text("snapshot_id"), textConstant("")]);
  const inlined = joined(
    text("rowid"),
    textConstant(":"),
    columns.hasSnapshot ? snapshot : textConstant(""),
    textConstant(":"),
    column(alias, "filename"),
  );
  const stored = joined(text("file_row_number"), textConstant("::"), column(alias, "filename"));
  return expression("CASE", "CASE_EXPR", {
    case_checks: [{ when_expr: isStored(alias), then_expr: stored }],
    else_expr: inlined,
  });
}

const OPERATOR = { operator: true };

/** A path has a slash; where DuckLake keeps inlined rows is a table's name. */
function isStored(alias: string): Node {
  return call("contains", [column(alias, "filename"), textConstant("/")]);
}

/** Whether two places are the same; their order means nothing. */
export const PLACE_COMPARISONS: ReadonlySet<string> = new Set([
  "COMPARE_EQUAL",
  "COMPARE_NOTEQUAL",
  "COMPARE_DISTINCT_FROM",
  "COMPARE_NOT_DISTINCT_FROM",
]);
