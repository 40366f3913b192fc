// Takes a query apart into group keys and aggregate states, if it is of the kind that deltas can keep exactly: one lake
// table, WHERE, GROUP BY, and count, sum and avg over exact types.

import { child, fingerprint, nodes, strings, text, walk } from "./ast.ts";
import { PLACE } from "./free-names.ts";
import { isAggregate } from "./gate/aggregates.ts";
import type { Env, Scope, ScopeRelation, Typed } from "./gate/env.ts";
import { literalInteger } from "./gate/env.ts";
import { checkFrom } from "./gate/from.ts";
import { type GateOptions, gateEnv } from "./gate/gate.ts";
import { LATER_HINT, NOT_INCREMENTAL, RefusedError } from "./refusal.ts";
import { describeType, isExactNumber, isFloat } from "./sql-types.ts";
import type { Node } from "./types.ts";

export interface Key {
  readonly value: Typed;
  /** The key as the query writes it. */
  readonly written: Node;
  readonly output: string | null;
}

export interface State {
  readonly value: Typed;
  /** False for a state that is only counted and has no exact sum. */
  readonly isSummed: boolean;
}

export type Output =
  | { readonly column: string; readonly kind: "key"; readonly key: number }
  | { readonly column: string; readonly kind: "count_star" }
  | { readonly column: string; readonly kind: "count" | "sum" | "avg"; readonly state: number };

export interface Decomposition {
  readonly from: Node;
  readonly alias: string;
  readonly where: Node | null;
  readonly keys: readonly Key[];
  readonly states: readonly State[];
  readonly outputs: readonly Output[];
}

export function later(code: string, message: string, hint = LATER_HINT): never {
  throw new RefusedError("LT003", code, message, hint);
}

/** Throws a refusal with an LI code for a query that the gate lets pass but that deltas can not keep. */
export function decompose(query: Node, options: GateOptions): Decomposition {
  requirePlainShape(query);
  const outer = gateEnv(options);
  const from = checkFrom(child(query, "from_table") ?? {}, outer);
  const scope: Scope = { relations: from.relations, merged: from.merged, ctes: new Map(), parent: null };
  const env = outer.within(scope);
  for (const relation of from.relations) requirePlace(relation);
  const where = child(query, "where_clause");
  const keys = groupKeys(query, env);
  const states: State[] = [];
  const outputs = nodes(query, "select_list").map((item) => output(item, keys, states, env));
  if (outputs.every((item) => item.kind === "key") && keys.length === 0) {
    later(NOT_INCREMENTAL.noAggregate, "the query neither groups nor aggregates");
  }
  const built = {
    from: from.node,
    alias: from.relations[0]?.alias ?? "",
    where: where ? env.check(where).node : null,
    keys: keys.map((key, index) => ({
      ...key,
      output: outputs.find((item) => item.kind === "key" && item.key === index + 1)?.column ?? null,
    })),
    states,
    outputs,
  };
  requireOneSource(built);
  return built;
}

/** Changed rows are told apart by their place in the files. */
function requirePlace(relation: ScopeRelation): void {
  const hides = relation.columns.find((item) => (PLACE as readonly string[]).includes(item.name.toLowerCase()));
  if (hides)
    later(
      NOT_INCREMENTAL.hiddenPlace,
      `the table has a column "${hides.name}"`,
      "rename it: it hides where the lake keeps a row",
    );
}

function requirePlainShape(query: Node): void {
  if (text(query, "type") !== "SELECT_NODE")
    later(NOT_INCREMENTAL.clause, "union, except and intersect are not kept by deltas yet");
  requirePlainFrom(text(child(query, "from_table") ?? {}, "type"));
  if (nodes(child(query, "cte_map") ?? {}, "map").length > 0)
    later(NOT_INCREMENTAL.clause, "with queries are not kept by deltas yet");
  if (child(query, "having")) later(NOT_INCREMENTAL.having, "having is not kept by deltas yet");
  const sets = query["group_sets"];
  if (Array.isArray(sets) && sets.length > 1)
    later(NOT_INCREMENTAL.groupingSets, "rollup, cube and grouping sets are not kept by deltas yet");
  for (const modifier of nodes(query, "modifiers")) requirePlainModifier(text(modifier, "type"));
}

function requirePlainFrom(type: string): void {
  if (type === "JOIN") later(NOT_INCREMENTAL.join, "joins are not kept by deltas yet");
  if (type !== "BASE_TABLE") later(NOT_INCREMENTAL.source, "from must name one lake table");
}

/** The order of a table's rows means nothing, so ORDER BY alone is let pass. */
function requirePlainModifier(type: string): void {
  if (type === "DISTINCT_MODIFIER") later(NOT_INCREMENTAL.distinct, "select distinct is not kept by deltas yet");
  if (type !== "ORDER_MODIFIER") later(NOT_INCREMENTAL.clause, "limit and offset are not kept by deltas");
}

function groupKeys(query: Node, env: Env): readonly Key[] {
  const selected = nodes(query, "select_list");
  return nodes(query, "group_expressions").map((item) => {
    const position = literalInteger(item);
    const written = position === null ? item : selected[Number(position) - 1];
    if (!written) return later(NOT_INCREMENTAL.output, "group by names a column that is not there");
    const value = env.check(written);
    requireExactKey(value);
    return { value, written, output: null };
  });
}

const KEY_KINDS = new Set([
  "smallint",
  "integer",
  "bigint",
  "numeric",
  "text",
  "boolean",
  "date",
  "timestamp",
  "timestamptz",
  "uuid",
]);

function requireExactKey(value: Typed): void {
  if (isFloat(value.type)) {
    later(
      NOT_INCREMENTAL.inexactKey,
      "grouping by a float is not kept by deltas",
      "-0 and 0 are one group with two spellings: group by numeric(p,s)",
    );
  }
  if (!KEY_KINDS.has(value.type.kind))
    later(NOT_INCREMENTAL.keyType, `grouping by ${describeType(value.type)} is not kept by deltas`);
}

function output(item: Node, keys: readonly Key[], states: State[], env: Env): Output {
  const names = strings(item, "column_names");
  const column = text(item, "alias") || names[names.length - 1] || "?column?";
  if (text(item, "class") === "FUNCTION" && isAggregate(text(item, "function_name")))
    return aggregate(item, column, states, env);
  if (hasAggregate(item))
    later(
      NOT_INCREMENTAL.output,
      `column "${column}" computes with an aggregate`,
      "select the aggregates, and compute in a view over the stream table",
    );
  const seen = fingerprint(env.check(item).node);
  const key = keys.findIndex((candidate) => fingerprint(candidate.value.node) === seen);
  if (key >= 0) return { column, kind: "key", key: key + 1 };
  if (keys.length === 0) later(NOT_INCREMENTAL.noAggregate, "the query selects rows without grouping them");
  return later(NOT_INCREMENTAL.output, `column "${column}" is neither a group key nor an aggregate`);
}

function hasAggregate(item: Node): boolean {
  return [...walk(item)].some((node) => text(node, "class") === "FUNCTION" && isAggregate(text(node, "function_name")));
}

function aggregate(item: Node, column: string, states: State[], env: Env): Output {
  const name = text(item, "function_name");
  if (child(item, "filter"))
    later(
      NOT_INCREMENTAL.filter,
      `filter of ${name} is not kept by deltas yet`,
      "use sum(case when … then 1 else 0 end)",
    );
  if (item["distinct"] === true)
    later(NOT_INCREMENTAL.distinctAggregate, `${name}(distinct …) is not kept by deltas yet`);
  env.output(item);
  if (name === "count_star") return { column, kind: "count_star" };
  if (name !== "count" && name !== "sum" && name !== "avg")
    return later(NOT_INCREMENTAL.aggregate, `${name} is not kept by deltas yet`);
  const [argument] = nodes(item, "children");
  const value = env.check(argument ?? {});
  if (name !== "count" && !isExactNumber(value.type)) {
    later(
      NOT_INCREMENTAL.inexactSum,
      `${name} over ${describeType(value.type)} is not exact`,
      "cast the column to numeric(p,s), or keep the table in mode FULL",
    );
  }
  return { column, kind: name, state: stateOf(value, states) };
}

/** Equal arguments share one state. Counted from 1. */
function stateOf(value: Typed, states: State[]): number {
  const seen = fingerprint(value.node);
  const known = states.findIndex((state) => fingerprint(state.value.node) === seen);
  if (known >= 0) return known + 1;
  states.push({ value, isSummed: isExactNumber(value.type) });
  return states.length;
}

/** A subquery reads other rows than the one that changed. */
function requireOneSource(parts: Decomposition): void {
  const used = [
    parts.where ?? {},
    ...parts.keys.map((key) => key.value.node),
    ...parts.states.map((state) => state.value.node),
  ];
  const hasSubquery = used.some((node) => [...walk(node)].some((inner) => text(inner, "class") === "SUBQUERY"));
  if (hasSubquery) later(NOT_INCREMENTAL.source, "a subquery is not kept by deltas yet");
}
