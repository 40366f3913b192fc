/**
 * How a query over lake tables can be kept by changes, if PostgreSQL runs it over rows of them.
 *
 * - `rows`: each row of the table gives its own rows of the result, whatever the others are. Then Q(X + Δ) = Q(X) + Q(Δ).
 * - `keyed`: the result is that of the table's parts by some of its columns, put together. Then only touched parts are computed again.
 *
 * SELECTs are looked at from the inside out. One that is kept by rows may be filtered, projected, grouped, deduplicated or numbered by the
 * next one; one that is kept by a key may be filtered and projected, and grouped by columns among which is a part of that key. A column
 * counts as a key only while it is passed on as it is. Tables that are joined by equal keys (joins.ts) are one such part after the other.
 * What is not recognised is recomputed: that is slower, and right.
 */
import type { RowsKind } from "../types.ts";
import { AGGREGATE_NODES, AGGREGATES } from "./functions.ts";
import { type KeyedJoin, keyedJoin, readsSeveral, type TableColumns } from "./joins.ts";
import {
  allOf,
  columnNames,
  functionName,
  isTree,
  items,
  nodeOf,
  nodesOf,
  outputs,
  ownOf,
  part,
  type Tree,
} from "./tree.ts";

export type Kind = RowsKind;

/** Stands for the columns that all tables of a join have their key in. */
const JOINED = "";

interface Tables {
  readonly columns: TableColumns;
  /** The join that was met, if any. */
  join: KeyedJoin | null;
}

/** A FROM item, or a SELECT's result: how it follows from its table or join. */
interface Followed {
  /** Columns of the table; null: by rows. */
  readonly keys: ReadonlySet<string> | null;
  /** Its columns that are columns of the table, as they are. */
  readonly columns: ReadonlyMap<string, string>;
}

interface Item {
  readonly keys: ReadonlySet<string> | null;
  /** The column of the table that a column reference stands for, as it is. */
  sourceOf(names: readonly string[]): string | null;
}

class NotKept extends Error {}

function recomputed(reason: string): never {
  throw new NotKept(reason);
}

export function kindOf(query: Tree, columns: TableColumns): Kind {
  const tables: Tables = { columns, join: null };
  try {
    const { keys } = follow(query, tables, new Map());
    if (keys === null) return { name: "rows" };
    return {
      name: "keyed",
      keys: tables.join === null ? [{ ...onlyTable(query), columns: [...keys].sort() }] : joinKeys(tables.join),
    };
  } catch (error) {
    if (error instanceof NotKept) return { name: "recompute", reason: error.message };
    throw error;
  }
}

function onlyTable(query: Tree) {
  const range = allOf(query, "RangeVar").find((item) => item["schemaname"] !== undefined);
  return { schema: String(range?.["schemaname"]), table: String(range?.["relname"]) };
}

/** A table that is joined with itself is read once, by one column. */
function joinKeys({ occurrences, keys }: KeyedJoin): Extract<Kind, { readonly name: "keyed" }>["keys"] {
  const found = new Map<string, { schema: string; table: string; columns: readonly string[] }>();
  for (const { alias, schema, table } of occurrences) {
    const column = keys.get(alias) ?? "";
    const known = found.get(`${schema}.${table}`);
    if (known !== undefined && known.columns[0] !== column)
      recomputed("a table joined with itself by different columns is recomputed");
    found.set(`${schema}.${table}`, { schema, table, columns: [column] });
  }
  return [...found.values()];
}

type Withs = ReadonlyMap<string, Tree>;

function follow(select: Tree, tables: Tables, outer: Withs): Followed {
  if (select["op"] !== "SETOP_NONE") recomputed("UNION, EXCEPT and INTERSECT are recomputed");
  if (items(select, "valuesLists").length > 0) recomputed("VALUES are recomputed");
  if (part(select, "limitCount") !== null || part(select, "limitOffset") !== null)
    recomputed("LIMIT and OFFSET are recomputed");
  const withs = withsOf(select, outer);
  const item = readsSeveral(select) ? joinItem(select, tables) : sourceItem(select, tables, withs);
  refuseRelations([
    select["targetList"],
    select["whereClause"],
    select["havingClause"],
    select["groupClause"],
    select["windowClause"],
  ]);
  return derive(select, item);
}

function withsOf(select: Tree, outer: Withs): Withs {
  const clause = part(select, "withClause");
  if (clause === null) return outer;
  if (clause["recursive"] === true) recomputed("WITH RECURSIVE is recomputed");
  const found = new Map(outer);
  for (const item of items(clause, "ctes")) {
    const cte = nodeOf(item, "CommonTableExpr");
    const query = nodeOf(cte?.["ctequery"], "SelectStmt");
    if (cte === null || query === null || items(cte, "aliascolnames").length > 0)
      recomputed("a WITH with column names is recomputed");
    else found.set(String(cte["ctename"]), query);
  }
  return found;
}

/** The one FROM item that the table is in. The others must not know any relation: then they are made for each row. */
function sourceItem(select: Tree, tables: Tables, withs: Withs): Item {
  const found = items(select, "fromClause").flatMap((item) => sourceIn(item, tables, withs));
  if (found.length !== 1 || found[0] === undefined)
    return recomputed("a query that reads its table not once is recomputed");
  return found[0];
}

function sourceIn(value: unknown, tables: Tables, withs: Withs): readonly Item[] {
  const range = nodeOf(value, "RangeVar");
  if (range !== null) return [rangeItem(range, tables, withs)];
  const nested = nodeOf(value, "RangeSubselect");
  if (nested !== null && allOf(nested, "RangeVar").length > 0) return [subselectItem(nested, tables, withs)];
  const join = nodeOf(value, "JoinExpr");
  if (join !== null) return joinItems(join, tables, withs);
  return [];
}

function rangeItem(range: Tree, tables: Tables, withs: Withs): Item {
  const name = String(range["relname"]);
  const alias = part(range, "alias");
  if (alias !== null && items(alias, "colnames").length > 0)
    recomputed("a table with other column names is recomputed");
  const called = typeof alias?.["aliasname"] === "string" ? alias["aliasname"] : name;
  if (range["schemaname"] !== undefined) return { keys: null, sourceOf: (names) => ofAlias(called, names) };
  const query = withs.get(name);
  if (query === undefined) return recomputed(`${name} is not known`);
  // Its own WITHs are those before it; a name that hides another is rare enough to be recomputed.
  return resultItem(follow(query, tables, new Map([...withs].filter(([other]) => other !== name))), called);
}

function resultItem({ keys, columns }: Followed, alias: string): Item {
  return { keys, sourceOf: (names) => columns.get(ofAlias(alias, names) ?? "\0") ?? null };
}

/** PostgreSQL prints a column with its table where there are several, and alone where there is one. */
function ofAlias(alias: string, [first = "", second, ...more]: readonly string[]): string | null {
  if (more.length > 0 || (second !== undefined && first !== alias)) return null;
  return second ?? first;
}

/** Tables that are joined by equal keys: one key for all, which a column stands for that no outer join fills up. */
function joinItem(select: Tree, tables: Tables): Item {
  const join = keyedJoin(select, tables.columns);
  if (join === null || tables.join !== null)
    return recomputed("tables that are not all joined by equal columns of one key are recomputed");
  tables.join = join;
  const isKey = ([alias = "", name = "", ...more]: readonly string[]) =>
    more.length === 0 && join.keys.get(alias) === name && !join.nullable.has(alias);
  return { keys: new Set([JOINED]), sourceOf: (names) => (isKey(names) ? JOINED : null) };
}

function subselectItem(nested: Tree, tables: Tables, withs: Withs): Item {
  const query = nodeOf(nested["subquery"], "SelectStmt");
  const alias = part(nested, "alias");
  if (query === null || nested["lateral"] === true || (alias !== null && items(alias, "colnames").length > 0))
    return recomputed("a LATERAL subquery over the table is recomputed");
  return resultItem(follow(query, tables, withs), String(alias?.["aliasname"] ?? ""));
}

function joinItems(join: Tree, tables: Tables, withs: Withs): readonly Item[] {
  const left = sourceIn(join["larg"], tables, withs);
  const right = sourceIn(join["rarg"], tables, withs);
  refuseRelations([join["quals"]]);
  if (left.length + right.length === 0) return [];
  // An outer join may give a row where the table has none.
  const isPerRow = join["jointype"] === "JOIN_INNER" || (join["jointype"] === "JOIN_LEFT" && left.length === 1);
  if (!isPerRow || part(join, "alias") !== null || items(join, "usingClause").length > 0 || join["isNatural"] === true)
    recomputed("this kind of join is recomputed");
  return [...left, ...right];
}

/** Expressions may hold SELECTs, over values of their row. */
function refuseRelations(values: readonly unknown[]): void {
  if (allOf(values, "RangeVar").length > 0) recomputed("a subquery over a table is recomputed");
}

function derive(select: Tree, item: Item): Followed {
  const columns = passedOn(select, item);
  const groups = items(select, "groupClause");
  const isAggregated = groups.length > 0 || part(select, "havingClause") !== null || hasAggregate(select);
  const windows = windowPartitions(select, item);
  const distinct = items(select, "distinctClause");
  const steps = [isAggregated, windows !== null, distinct.length > 0].filter((is) => is).length;
  if (steps > 1) recomputed("grouping, windows and DISTINCT together are recomputed");
  if (isAggregated) return { columns, keys: narrowed(item, groupKeys(groups, item)) };
  if (windows !== null) return { columns, keys: narrowed(item, windows) };
  if (distinct.length > 0) return { columns, keys: narrowed(item, distinctKeys(distinct, columns, item)) };
  return { columns, keys: item.keys };
}

/** A part by fewer columns is put together from parts by more, so what both sides have in common is a key of both. */
function narrowed(item: Item, keys: ReadonlySet<string>): ReadonlySet<string> {
  const common = item.keys === null ? keys : new Set([...keys].filter((key) => item.keys?.has(key)));
  if (common.size === 0)
    recomputed("groups, partitions or DISTINCT without a plain column of the table are recomputed");
  return common;
}

function groupKeys(groups: readonly unknown[], item: Item): ReadonlySet<string> {
  if (groups.some((group) => nodeOf(group, "GroupingSet") !== null))
    recomputed("ROLLUP, CUBE and GROUPING SETS are recomputed");
  return new Set(groups.flatMap((group) => sourceColumn(group, item) ?? []));
}

function distinctKeys(
  distinct: readonly unknown[],
  columns: ReadonlyMap<string, string>,
  item: Item,
): ReadonlySet<string> {
  const on = distinct.filter((value) => isTree(value) && Object.keys(value).length > 0);
  return on.length > 0 ? new Set(on.flatMap((value) => sourceColumn(value, item) ?? [])) : new Set(columns.values());
}

/** What all windows are partitioned by; null without windows. */
function windowPartitions(select: Tree, item: Item): ReadonlySet<string> | null {
  const named = nodesOf(items(select, "windowClause"), "WindowDef");
  const used = ownOf([select["targetList"], select["sortClause"]], "FuncCall")
    .map((call) => part(call, "over"))
    .filter((over) => over !== null);
  if (used.length === 0) return null;
  const partitions = used.map(
    (over) => new Set(partitionOf(over, named).flatMap((value) => sourceColumn(value, item) ?? [])),
  );
  return new Set([...(partitions[0] ?? [])].filter((key) => partitions.every((partition) => partition.has(key))));
}

function partitionOf(over: Tree, named: readonly Tree[]): readonly unknown[] {
  const name = over["refname"] ?? over["name"];
  const base =
    typeof name === "string" ? named.find((window) => window["name"] === name && window !== over) : undefined;
  return [...items(over, "partitionClause"), ...(base === undefined ? [] : partitionOf(base, named))];
}

function hasAggregate(select: Tree): boolean {
  const values = [select["targetList"], select["havingClause"], select["sortClause"]];
  return (
    ownOf(values, "FuncCall").some((call) => part(call, "over") === null && AGGREGATES.has(functionName(call))) ||
    AGGREGATE_NODES.some((kind) => ownOf(values, kind).length > 0)
  );
}

/** Outputs that are columns of the table, as they are. */
function passedOn(select: Tree, item: Item): ReadonlyMap<string, string> {
  return new Map(
    outputs(select).flatMap(({ name, value }) => {
      const column = sourceColumn(value, item);
      return column === null ? [] : [[name, column] as const];
    }),
  );
}

function sourceColumn(value: unknown, item: Item): string | null {
  const names = columnNames(value);
  return names === null ? null : item.sourceOf(names);
}
