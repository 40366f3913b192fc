/**
 * A query that is expressions over group keys and over count, sum and avg is taken apart: a plain query of the keys and aggregates, which
 * the engine keeps as hidden state, and over its columns o1, o2 … what PostgreSQL computes, HAVING among it.
 */
import { deparseSync } from "pgsql-deparser";
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
}

/** Null for a query that is not of this kind. */
export function stateParts(query: Tree): StateParts | null {
  const known = isPlain(query) ? keysAndAggregates(query) : null;
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

function isPlain(query: Tree): boolean {
  const [from, ...others] = items(query, "fromClause");
  return (
    query["op"] === "SETOP_NONE" &&
    nodeOf(from, "RangeVar") !== null &&
    others.length === 0 &&
    items(query, "groupClause").every((group) => nodeOf(group, "GroupingSet") === null) &&
    ["withClause", "limitCount", "limitOffset"].every((member) => part(query, member) === null) &&
    ["distinctClause", "windowClause"].every((member) => items(query, member).length === 0) &&
    allOf(query, "SubLink").length === 0 &&
    !allOf(query, "FuncCall").some((call) => part(call, "over") !== null)
  );
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
