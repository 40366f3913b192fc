// The rows that snapshots put in and took out of a lake table. DuckLake's feeds are read one snapshot at a time:
// - distinct by place (file and row in it): a feed lists a row twice when several statements of a transaction empty its
//   file. Distinct by rowid and columns is not enough: a transaction that updates a row twice takes out two versions of
//   it that may be equal, and rows inserted and updated by one transaction share rowids with those of others
//   (wrong in 17 of 297 random multi-statement transactions; by place in none);
// - without a look at snapshot_id, which is wrong after merges;
// - never under a filter (garbage rows, or the database is invalidated): LIMIT keeps DuckDB's optimizer from moving one
//   into the scan, which a materialized CTE does not since 1.5.
import {
  booleanConstant,
  cast,
  column,
  DISTINCT,
  integerConstant,
  limit,
  named,
  select,
  subqueryTable,
  tableFunction,
  textConstant,
  unionAll,
} from "./build.ts";
import { LAKE, lakeTable, splitTable } from "./relations.ts";
import { TYPES } from "./sql-types.ts";
import type { Column, Node, SnapshotItem } from "./types.ts";

const EVERY_ROW = 9223372036854775807n;

export interface ChangeRequest {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly snapshots: readonly SnapshotItem[];
  readonly toSnapshot: bigint;
}

type Feed = "ducklake_table_insertions" | "ducklake_table_deletions";

function feed(name: Feed, request: ChangeRequest, snapshot: bigint): Node {
  const { schema, name: table } = splitTable(request.table);
  const bounds = [integerConstant(snapshot), integerConstant(snapshot)];
  const from = tableFunction(name, [textConstant(LAKE), textConstant(schema), textConstant(table), ...bounds], "feed");
  const columns = ["rowid", ...request.columns.map((item) => item.name)];
  return select({
    select: [...columns.map((item) => column("feed", item)), ...place(request)],
    from,
    modifiers: [DISTINCT, limit(integerConstant(EVERY_ROW))],
  });
}

/** Hidden columns of every lake table; a column of that name would hide them. */
export const PLACE = ["filename", "file_row_number"] as const;

function place(request: ChangeRequest): readonly Node[] {
  const names = freeNames(request.columns, ["__file", "__row"]);
  return PLACE.map((member, index) => named(column("feed", member), names[index] ?? ""));
}

function freeNames(columns: readonly Column[], wanted: readonly string[]): readonly string[] {
  const taken = new Set(columns.map((item) => item.name.toLowerCase()));
  return wanted.map((name) => {
    let free = name;
    while (taken.has(free)) free += "_";
    return free;
  });
}

/** The columns in front of the table's own: what tells one change from another. */
type Prefix = (snapshot: bigint, sign: number) => readonly Node[];

function signed(name: Feed, sign: number, request: ChangeRequest, item: SnapshotItem, prefix: Prefix): Node {
  return select({
    select: [...prefix(item.id, sign), ...request.columns.map((own) => column("change", own.name))],
    from: subqueryTable(feed(name, request, item.id), "change"),
  });
}

function changeRows(request: ChangeRequest, prefix: Prefix): Node {
  const parts = request.snapshots.flatMap((item) => {
    const insertions = signed("ducklake_table_insertions", 1, request, item, prefix);
    return item.hasNoDeletions
      ? [insertions]
      : [signed("ducklake_table_deletions", -1, request, item, prefix), insertions];
  });
  const [first, ...more] = parts;
  return first ? balanced([first, ...more]) : noRows(request, prefix);
}

/** Hundreds of snapshots would make a tree too deep for the parser if each union were the left side of the next. */
function balanced(parts: readonly Node[]): Node {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const half = parts.length >> 1;
  return unionAll(balanced(parts.slice(0, half)), balanced(parts.slice(half)));
}

function noRows(request: ChangeRequest, prefix: Prefix): Node {
  return select({
    select: [...prefix(0n, 1), ...request.columns.map((own) => column("change", own.name))],
    from: lakeTable(request.table, request.toSnapshot, "change"),
    where: booleanConstant(false),
  });
}

const small = (sign: number): Node => cast(integerConstant(sign), TYPES.smallint);

/** `engine.changes`: snapshot_id, rowid, sign, then the table's columns. */
export function rawChanges(request: ChangeRequest): Node {
  return changeRows(request, (snapshot, sign) => [
    named(cast(integerConstant(snapshot), TYPES.bigint), "snapshot_id"),
    named(column("change", "rowid"), "rowid"),
    named(small(sign), "sign"),
  ]);
}

export interface SignedRelation {
  readonly signColumn: string;
  readonly columns: readonly string[];
  from(alias: string, columnAliases: readonly string[]): Node;
}

/** The changes in the place of the table: its columns and, last, the sign. */
export function signedRelation(request: ChangeRequest): SignedRelation {
  const [signColumn = "__sign"] = freeNames(request.columns, ["__sign"]);
  const rows = changeRows(request, (_snapshot, sign) => [named(small(sign), signColumn)]);
  const columns = request.columns.map((item) => item.name);
  const ordered = select({
    select: [...columns, signColumn].map((item) => column("changes", item)),
    from: subqueryTable(rows, "changes"),
  });
  return { signColumn, columns, from: (alias, columnAliases) => subqueryTable(ordered, alias, columnAliases) };
}
