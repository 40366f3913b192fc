/**
 * How a query over one lake table can be kept by changes, if PostgreSQL runs it over rows of that table.
 *
 * - `rows`: each row of the table gives its own rows of the result, whatever the others are. Then Q(X + Δ) = Q(X) + Q(Δ).
 * - `keyed`: the result is that of the table's parts by some of its columns, put together. Then only touched parts are computed again.
 *
 * SELECTs are looked at from the inside out. One that is kept by rows may be filtered, projected, grouped, deduplicated or numbered by the
 * next one; one that is kept by a key may be filtered and projected, and grouped by columns among which is a part of that key. A column
 * counts as a key only while it is passed on as it is. What is not recognised is recomputed: that is slower, and right.
 */
import type { QueryKind } from "../types.ts";
import { AGGREGATE_NODES, AGGREGATES } from "./functions.ts";
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

export type Kind = Exclude<QueryKind, { readonly name: "state" }>;

interface Source {
  readonly schema: string;
  readonly table: string;
}

/** A FROM item, or a SELECT's result: how it follows from the table, and which of its columns are columns of the table. */
interface Followed {
  /** Null: by rows. */
  readonly keys: ReadonlySet<string> | null;
  /** Name in the item to name in the table. */
  readonly columns: ReadonlyMap<string, string>;
  /** The table itself has all of its columns under their own names. */
  readonly isTable: boolean;
}

interface Item extends Followed {
  readonly alias: string;
}

class NotKept extends Error {}

function recomputed(reason: string): never {
  throw new NotKept(reason);
}

export function kindOf(query: Tree, source: Source): Kind {
  try {
    const { keys } = follow(query, source, new Map());
    return keys === null ? { name: "rows" } : { name: "keyed", keys: [[...keys].sort()] };
  } catch (error) {
    if (error instanceof NotKept) return { name: "recompute", reason: error.message };
    throw error;
  }
}

type Withs = ReadonlyMap<string, Tree>;

function follow(select: Tree, source: Source, outer: Withs): Followed {
  if (select["op"] !== "SETOP_NONE") recomputed("UNION, EXCEPT and INTERSECT are recomputed");
  if (items(select, "valuesLists").length > 0) recomputed("VALUES are recomputed");
  if (part(select, "limitCount") !== null || part(select, "limitOffset") !== null)
    recomputed("LIMIT and OFFSET are recomputed");
  const withs = withsOf(select, outer);
  const item = sourceItem(select, source, withs);
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
function sourceItem(select: Tree, source: Source, withs: Withs): Item {
  const found = items(select, "fromClause").flatMap((item) => sourceIn(item, source, withs));
  if (found.length !== 1 || found[0] === undefined)
    return recomputed("a query that reads its table not once is recomputed");
  return found[0];
}

function sourceIn(value: unknown, source: Source, withs: Withs): readonly Item[] {
  const range = nodeOf(value, "RangeVar");
  if (range !== null) return [rangeItem(range, source, withs)];
  const nested = nodeOf(value, "RangeSubselect");
  if (nested !== null && allOf(nested, "RangeVar").length > 0) return [subselectItem(nested, source, withs)];
  const join = nodeOf(value, "JoinExpr");
  if (join !== null) return joinItems(join, source, withs);
  return [];
}

function rangeItem(range: Tree, source: Source, withs: Withs): Item {
  const name = String(range["relname"]);
  const alias = part(range, "alias");
  if (alias !== null && items(alias, "colnames").length > 0)
    recomputed("a table with other column names is recomputed");
  const called = typeof alias?.["aliasname"] === "string" ? alias["aliasname"] : name;
  if (range["schemaname"] === undefined) {
    const query = withs.get(name);
    if (query === undefined) return recomputed(`${name} is not known`);
    // Its own WITHs are those before it; a name that hides another is rare enough to be recomputed.
    return { ...follow(query, source, new Map([...withs].filter(([other]) => other !== name))), alias: called };
  }
  if (range["schemaname"] !== source.schema || name !== source.table) recomputed(`${name} is another table`);
  return { alias: called, keys: null, columns: new Map(), isTable: true };
}

function subselectItem(nested: Tree, source: Source, withs: Withs): Item {
  const query = nodeOf(nested["subquery"], "SelectStmt");
  const alias = part(nested, "alias");
  if (query === null || nested["lateral"] === true || (alias !== null && items(alias, "colnames").length > 0))
    return recomputed("a LATERAL subquery over the table is recomputed");
  return { ...follow(query, source, withs), alias: String(alias?.["aliasname"] ?? "") };
}

function joinItems(join: Tree, source: Source, withs: Withs): readonly Item[] {
  const left = sourceIn(join["larg"], source, withs);
  const right = sourceIn(join["rarg"], source, withs);
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
  if (isAggregated) return { columns, isTable: false, keys: narrowed(item, groupKeys(groups, item)) };
  if (windows !== null) return { columns, isTable: false, keys: narrowed(item, windows) };
  if (distinct.length > 0)
    return { columns, isTable: false, keys: narrowed(item, distinctKeys(distinct, columns, item)) };
  return { columns, isTable: false, keys: item.keys };
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

/** PostgreSQL prints a column with its table where there are several, and alone where there is one. */
function sourceColumn(value: unknown, item: Item): string | null {
  const names = columnNames(value);
  if (names === null) return null;
  const [first = "", second] = names;
  const name = second === undefined ? first : second;
  if (names.length > 2 || (second !== undefined && first !== item.alias)) return null;
  return item.isTable ? name : (item.columns.get(name) ?? null);
}
