// The rows that snapshots put in and took out of a lake table. DuckLake's feeds are read one snapshot at a time, each
// distinct on rowid and all columns: feeds list a row twice in some transactions, and label rows wrongly after merges
// (so the label is ignored). No filter may ever reach a feed's scan (garbage rows, or the database is invalidated):
// LIMIT keeps DuckDB's optimizer from moving one there, which a materialized CTE does not since 1.5.
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
    select: columns.map((item) => column("feed", item)),
    from,
    modifiers: [DISTINCT, limit(integerConstant(EVERY_ROW))],
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
    return item.onlyInsertions
      ? [insertions]
      : [signed("ducklake_table_deletions", -1, request, item, prefix), insertions];
  });
  const [first, ...more] = parts;
  return first ? more.reduce(unionAll, first) : noRows(request, prefix);
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
  const taken = new Set(request.columns.map((item) => item.name.toLowerCase()));
  let signColumn = "__sign";
  while (taken.has(signColumn)) signColumn += "_";
  const rows = changeRows(request, (_snapshot, sign) => [named(small(sign), signColumn)]);
  const columns = request.columns.map((item) => item.name);
  const ordered = select({
    select: [...columns, signColumn].map((item) => column("changes", item)),
    from: subqueryTable(rows, "changes"),
  });
  return { signColumn, columns, from: (alias, columnAliases) => subqueryTable(ordered, alias, columnAliases) };
}
