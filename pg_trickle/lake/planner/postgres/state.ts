/**
 * A query that is expressions over group keys and over count, sum and avg is taken apart: a plain query of the keys and aggregates, of
 * which hidden state is kept, and over its columns o1, o2 … what PostgreSQL computes, HAVING among it. The engine may keep that state,
 * or PostgreSQL itself, from rows of keys and arguments.
 */
import { deparseSync } from "pgsql-deparser";
import type { Incremental, IncrementalOutput } from "../types.ts";
import { AGGREGATES } from "./functions.ts";
import { allOf, functionName, isTree, items, likeness, nodeOf, outputs, ownOf, part, type Tree } from "./tree.ts";

export interface StateParts {
  /** Its outputs are o1, o2 … */
  readonly query: string;
  /** The outputs of the whole query, over a relation o. */
  readonly projection: readonly string[];
  readonly having: string | null;
  /** The whole query, printed by the same printer: PostgreSQL compares what it reads. */
  readonly printed: string;
  /** What is grouped: keys k1, k2 … and arguments a1, a2 … of the aggregates. */
  readonly rows: Tree;
  readonly rowsQuery: string;
  readonly incremental: Incremental;
  /** Arguments of sums and averages, in their table's terms. */
  readonly summed: readonly unknown[];
  /** FROM is one table. */
  readonly isPlain: boolean;
}

/** Null for a query that is not of this kind. */
export function stateParts(query: Tree): StateParts | null {
  const known = isGrouped(query) ? keysAndAggregates(query) : null;
  if (known === null) return null;
  const over = (value: unknown) => substituted(value, known.positions);
  const values = outputs(query).map(({ value }) => over(value));
  const having = query["havingClause"] === undefined ? null : over(query["havingClause"]);
  if (allOf([values, having], "ColumnRef").some((reference) => !isOutput(reference))) return null;
  return {
    query: print(stateQuery(query, known.expressions)),
    projection: values.map(print),
    having: having === null ? null : print(having),
    printed: print({ SelectStmt: query }),
    ...rowsOf(query, known),
    isPlain: isOverOneTable(query),
  };
}

interface Known {
  readonly expressions: readonly unknown[];
  /** By likeness, counted from 1. */
  readonly positions: ReadonlyMap<string, number>;
}

/** Null without an aggregate, or with one that no state is kept of. */
function keysAndAggregates(query: Tree): Known | null {
  const groups = items(query, "groupClause");
  const positions = new Map(groups.map((group, index) => [likeness(group), index + 1]));
  const expressions = [...groups];
  const calls = ownOf([query["targetList"], query["havingClause"]], "FuncCall");
  for (const call of calls.filter((item) => AGGREGATES.has(functionName(item)))) {
    const plain = plainAggregate(call);
    if (plain === null) return null;
    const key = likeness({ FuncCall: call });
    if (!positions.has(key)) positions.set(key, expressions.push(plain));
  }
  return expressions.length === groups.length ? null : { expressions, positions };
}

function isOverOneTable(query: Tree): boolean {
  const [from, ...others] = items(query, "fromClause");
  return (
    nodeOf(from, "RangeVar") !== null &&
    others.length === 0 &&
    part(query, "withClause") === null &&
    allOf(query, "SubLink").length === 0
  );
}

function isGrouped(query: Tree): boolean {
  return (
    query["op"] === "SETOP_NONE" &&
    items(query, "groupClause").every((group) => nodeOf(group, "GroupingSet") === null) &&
    ["limitCount", "limitOffset"].every((member) => part(query, member) === null) &&
    ["distinctClause", "windowClause"].every((member) => items(query, member).length === 0) &&
    allOf([query["targetList"], query["havingClause"], query["groupClause"]], "SubLink").length === 0 &&
    !ownOf([query["targetList"], query["havingClause"]], "FuncCall").some((call) => part(call, "over") !== null)
  );
}

/** The rows before they are grouped, and which of their columns each output of the grouped query is made of. */
function rowsOf(
  query: Tree,
  { expressions }: Known,
): Pick<StateParts, "rows" | "rowsQuery" | "incremental" | "summed"> {
  const keyCount = items(query, "groupClause").length;
  const [keys, calls] = [
    expressions.slice(0, keyCount),
    expressions.slice(keyCount).map((call) => nodeOf(call, "FuncCall") ?? {}),
  ];
  const args = distinctArguments(calls);
  const { havingClause: _having, sortClause: _sort, groupClause: _group, ...rest } = query;
  const columns = [...keys.map(named("k")), ...args.map(named("a"))];
  // A query that only counts rows has no columns otherwise.
  const targetList = columns.length > 0 ? columns : [named("a")({ A_Const: { ival: { ival: 1 } } }, 0)];
  const rows = { ...rest, targetList };
  return {
    rows,
    rowsQuery: print({ SelectStmt: rows }),
    incremental: {
      ok: true,
      keys: keys.map((_, index) => ({ column: `k${index + 1}`, output: `o${index + 1}`, expression: "" })),
      outputs: [...keys.map(keyOutput), ...calls.map((call, index) => aggregateOutput(call, keyCount + index, args))],
      states: args.length,
      global: keyCount === 0,
    },
    summed: calls.filter((call) => functionName(call) !== "count").flatMap((call) => items(call, "args")),
  };
}

const named = (prefix: string) => (val: unknown, index: number) => ({
  ResTarget: { name: `${prefix}${index + 1}`, val },
});

const keyOutput = (_: unknown, index: number): IncrementalOutput => ({
  column: `o${index + 1}`,
  kind: "key",
  key: index + 1,
});

function distinctArguments(calls: readonly Tree[]): readonly unknown[] {
  const args = calls.flatMap((call) => items(call, "args"));
  return [...new Map(args.map((argument) => [likeness(argument), argument])).values()];
}

function aggregateOutput(call: Tree, index: number, args: readonly unknown[]): IncrementalOutput {
  const column = `o${index + 1}`;
  if (call["agg_star"] === true) return { column, kind: "count_star" };
  const state = args.findIndex((argument) => likeness(argument) === likeness(items(call, "args")[0])) + 1;
  if (functionName(call) === "sum") return { column, kind: "sum", state, type: "" };
  return { column, kind: functionName(call) === "avg" ? "avg" : "count", state };
}

/** FILTER becomes a CASE without ELSE, which count, sum and avg pass over. */
function plainAggregate(call: Tree): unknown {
  const name = functionName(call);
  const isOrdered = items(call, "agg_order").length > 0 || call["agg_within_group"] === true;
  if (!["count", "sum", "avg"].includes(name) || call["agg_distinct"] === true || isOrdered) return null;
  const { agg_filter: filter, agg_star: star, ...rest } = call;
  if (filter === undefined) return { FuncCall: call };
  const counted = star === true ? { A_Const: { ival: { ival: 1 } } } : items(call, "args")[0];
  return { FuncCall: { ...rest, args: [{ CaseExpr: { args: [{ CaseWhen: { expr: filter, result: counted } }] } }] } };
}

function substituted(value: unknown, seen: ReadonlyMap<string, number>): unknown {
  if (Array.isArray(value)) return value.map((item) => substituted(item, seen));
  if (!isTree(value)) return value;
  const position = seen.get(likeness(value));
  if (position !== undefined) return outputReference(position);
  return Object.fromEntries(Object.entries(value).map(([member, content]) => [member, substituted(content, seen)]));
}

function outputReference(position: number): unknown {
  return { ColumnRef: { fields: [{ String: { sval: "o" } }, { String: { sval: `o${position}` } }] } };
}

function isOutput(reference: Tree): boolean {
  return likeness(items(reference, "fields")[0]) === likeness({ String: { sval: "o" } });
}

function stateQuery(query: Tree, known: readonly unknown[]): unknown {
  const { havingClause: _having, sortClause: _sort, ...rest } = query;
  const targetList = known.map((val, index) => ({ ResTarget: { name: `o${index + 1}`, val } }));
  return { SelectStmt: { ...rest, targetList } };
}

function print(tree: unknown): string {
  return deparseSync(tree as Parameters<typeof deparseSync>[0], { pretty: false });
}
