/**
 * What of a query is chance: which rows a LIMIT keeps, which number a row gets, in which order values are put together. It is no chance
 * where the order is total as far as the result goes: rows that it leaves tied are the same in everything that the result is made of.
 * So an order counts as total if it holds, by expression,
 * - all GROUP BY expressions of its SELECT, or
 * - all outputs of its SELECT, or every column that they are made of; of a window all columns that the SELECT is made of; of an
 *   aggregate's ORDER BY all of its arguments, or every column that they are made of.
 * Constants need not be in it. DISTINCT orders the values of an aggregate itself.
 */
import { CHANCE, refuse } from "../refusal.ts";
import { AGGREGATES, ORDERED_AGGREGATES, ROW_BY_ROW } from "./functions.ts";
import {
  allOf,
  functionName,
  isTree,
  items,
  likeness,
  nodeOf,
  nodesOf,
  outputs,
  ownOf,
  part,
  sortExpressions,
  type Tree,
} from "./tree.ts";

/** `FRAMEOPTION_ROWS` of PostgreSQL's parsenodes.h. */
const ROWS_FRAME = 4;

/** Refuses (LQ…) the first construct whose result is chance, wherever it stands in the query. */
export function refuseChance(query: Tree): void {
  if (allOf(query, "RangeTableSample").length > 0)
    refuse(CHANCE.sample, "TABLESAMPLE takes other rows each time", "filter by a hash of a column instead");
  for (const select of allOf({ SelectStmt: query }, "SelectStmt")) {
    refuseLimit(select);
    refuseDistinctOn(select);
    refuseWindows(select);
    refuseAggregates(select);
  }
  for (const link of allOf(query, "SubLink")) refuseArray(link);
}

function refuseLimit(select: Tree): void {
  if (part(select, "limitCount") === null && part(select, "limitOffset") === null) return;
  if (isNull(select["limitCount"]) && part(select, "limitOffset") === null) return;
  const keepsTies = select["limitOption"] === "LIMIT_OPTION_WITH_TIES" && part(select, "limitOffset") === null;
  if (keepsTies || isOneRow(select) || isTotal(sortExpressions(items(select, "sortClause")), select)) return;
  refuse(
    CHANCE.limit,
    "LIMIT without a total order: which of several rows are kept would be chance",
    "put all GROUP BY expressions, or all selected columns, into ORDER BY; or use FETCH FIRST … ROWS WITH TIES",
  );
}

function refuseDistinctOn(select: Tree): void {
  const on = items(select, "distinctClause").filter((item) => isTree(item) && Object.keys(item).length > 0);
  if (on.length === 0 || isTotal([...on, ...sortExpressions(items(select, "sortClause"))], select)) return;
  refuse(
    CHANCE.distinctOn,
    "DISTINCT ON without a total order: which of several rows is kept would be chance",
    "put all selected columns into ORDER BY",
  );
}

function refuseWindows(select: Tree): void {
  for (const call of ownCalls(select)) {
    const over = part(call, "over");
    if (over === null) continue;
    const window = windowOf(over, select);
    const name = functionName(call);
    const needsTotal = ROW_BY_ROW.has(name) || ORDERED_AGGREGATES.has(name) || (window.frame & ROWS_FRAME) !== 0;
    if (!needsTotal || covers(window.expressions, usedColumns(select)) || coversGroups(window.expressions, select))
      continue;
    refuse(
      CHANCE.window,
      `${name}() over a window without a total order: which row comes first would be chance`,
      "put every column that the SELECT uses into the ORDER BY of the window; or use rank(), or a RANGE frame",
    );
  }
}

function refuseAggregates(select: Tree): void {
  for (const call of ownCalls(select)) {
    const name = functionName(call);
    if (!ORDERED_AGGREGATES.has(name) || part(call, "over") !== null || call["agg_distinct"] === true) continue;
    const given = items(call, "args");
    const order = sortExpressions(items(call, "agg_order"));
    if (coversEach(order, given)) continue;
    refuse(
      CHANCE.aggregate,
      `${name}() without a total order: the order of its values would be chance`,
      `put its arguments into an ORDER BY inside it: ${name}(x order by x); or use DISTINCT`,
    );
  }
  for (const kind of ["JsonArrayAgg", "JsonObjectAgg"]) {
    if (ownOf(withoutOwn(select), kind).length > 0)
      refuse(CHANCE.aggregate, `${kind} keeps the order of rows, which is chance`, "use json_agg(x order by x)");
  }
}

function refuseArray(link: Tree): void {
  const inner = nodeOf(link["subselect"], "SelectStmt");
  if (link["subLinkType"] !== "ARRAY_SUBLINK" || inner === null) return;
  if (
    isOneRow(inner) ||
    coversEach(
      sortExpressions(items(inner, "sortClause")),
      outputs(inner).map(({ value }) => value),
    )
  )
    return;
  refuse(
    CHANCE.array,
    "ARRAY(SELECT …) without a total order: the order of its values would be chance",
    "order the SELECT by what it selects",
  );
}

function isNull(value: unknown): boolean {
  return nodeOf(value, "A_Const")?.["isnull"] === true;
}

/** Aggregates over all rows give one. */
function isOneRow(select: Tree): boolean {
  if (select["op"] !== "SETOP_NONE" || items(select, "groupClause").length > 0) return false;
  return ownCalls(select).some((call) => AGGREGATES.has(functionName(call)) && part(call, "over") === null);
}

function isTotal(order: readonly unknown[], select: Tree): boolean {
  if (select["op"] !== "SETOP_NONE") return coversPositions(order, select);
  const selected = outputs(select).map(({ value }) => value);
  return coversEach(order, selected) || coversGroups(order, select);
}

/** The order of a UNION names its outputs. */
function coversPositions(order: readonly unknown[], select: Tree): boolean {
  let first: Tree | null = select;
  while (first !== null && first["op"] !== "SETOP_NONE") first = isTree(first["larg"]) ? first["larg"] : null;
  const names = first === null ? [] : outputs(first).map(({ name }) => name);
  const ordered = new Set(order.map((item) => nameOf(item)));
  const positions = new Set(nodesOf(order, "A_Const").map((item) => part(item, "ival")?.["ival"]));
  return names.every((name, index) => ordered.has(name) || positions.has(index + 1));
}

function nameOf(value: unknown): string | null {
  const reference = nodeOf(value, "ColumnRef");
  const field = reference === null ? undefined : items(reference, "fields").at(-1);
  const name = nodeOf(field, "String")?.["sval"];
  return typeof name === "string" ? name : null;
}

function coversGroups(order: readonly unknown[], select: Tree): boolean {
  const groups = items(select, "groupClause");
  return groups.length > 0 && groups.every((item) => nodeOf(item, "GroupingSet") === null) && coversEach(order, groups);
}

/** Each expression is in the order itself, or by all the columns that it is made of. */
function coversEach(order: readonly unknown[], expressions: readonly unknown[]): boolean {
  const known = new Set(order.map(likeness));
  return expressions.every(
    (expression) =>
      known.has(likeness(expression)) || (isMadeOfColumns(expression) && covers(order, columnsOf(expression))),
  );
}

function covers(order: readonly unknown[], columns: readonly unknown[]): boolean {
  const known = new Set(order.map(likeness));
  return columns.every((column) => known.has(likeness(column)));
}

/** What a nested SELECT gives hangs on more than the columns that it names. */
function isMadeOfColumns(expression: unknown): boolean {
  return (
    allOf(expression, "SelectStmt").length === 0 &&
    !ownOf(expression, "FuncCall").some((call) => part(call, "over") !== null || AGGREGATES.has(functionName(call)))
  );
}

function columnsOf(value: unknown): readonly unknown[] {
  return ownOf(value, "ColumnRef").map((content) => ({ ColumnRef: content }));
}

/** Every column that a SELECT's outputs and windows are made of; nested ones are taken for one that no order has. */
function usedColumns(select: Tree): readonly unknown[] {
  const used = [select["targetList"], select["windowClause"], select["sortClause"]];
  const isNested = allOf(used, "SelectStmt").length > 0;
  return [...columnsOf(used), ...(isNested ? [{ SelectStmt: {} }] : [])];
}

interface Window {
  /** PARTITION BY and ORDER BY. */
  readonly expressions: readonly unknown[];
  readonly frame: number;
}

function windowOf(over: Tree, select: Tree): Window {
  const name = over["name"] ?? over["refname"];
  const named = nodesOf(items(select, "windowClause"), "WindowDef");
  const base = named.find((item) => item["name"] === name && item !== over);
  const inherited: Window = base === undefined ? { expressions: [], frame: 0 } : windowOf(base, select);
  const own = [...items(over, "partitionClause"), ...sortExpressions(items(over, "orderClause"))];
  return {
    expressions: [...inherited.expressions, ...own],
    frame: inherited.frame | Number(over["frameOptions"] ?? 0),
  };
}

/** The parts of a SELECT whose calls are its own. */
function withoutOwn(select: Tree): readonly unknown[] {
  return [
    select["targetList"],
    select["whereClause"],
    select["havingClause"],
    select["sortClause"],
    select["groupClause"],
    select["distinctClause"],
  ];
}

function ownCalls(select: Tree): readonly Tree[] {
  return ownOf(withoutOwn(select), "FuncCall");
}
