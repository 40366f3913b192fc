// SELECT nodes and set operations.

import { child, list, nodes, strings, text } from "../ast.ts";
import { limit as limitNode, named, select } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import { commonType, describeType, isUntyped, TYPES } from "../sql-types.ts";
import type { Node } from "../types.ts";
import { adopt, requireBoolean } from "./coercion.ts";
import {
  type CheckedQuery,
  type Env,
  literalInteger,
  onlyMembers,
  type Scope,
  type ScopeColumn,
  type Typed,
} from "./env.ts";
import { checkFrom } from "./from.ts";

export function checkQuery(node: Node, scope: Scope, outer: Env): CheckedQuery {
  const withCtes = checkCtes(node, scope, outer);
  const env = outer.within(withCtes.scope);
  switch (text(node, "type")) {
    case "SELECT_NODE":
      return checkSelect(node, env, withCtes.nodes);
    case "SET_OPERATION_NODE":
      return checkSetOperation(node, env, withCtes.nodes);
    default:
      return refuse(
        GATE.clause,
        `${text(node, "type").toLowerCase()} is not supported`,
        "use select, union, intersect or except",
      );
  }
}

function checkCtes(node: Node, scope: Scope, outer: Env): { readonly scope: Scope; readonly nodes: readonly Node[] } {
  let inner = scope;
  const made: Node[] = [];
  for (const entry of nodes(child(node, "cte_map") ?? {}, "map")) {
    const value = child(entry, "value") ?? {};
    onlyMembers(value, ["aliases", "query", "materialized"]);
    const checked = outer.query(child(child(value, "query") ?? {}, "node") ?? {}, {
      ...scope,
      relations: [],
      merged: new Map(),
      ctes: inner.ctes,
    });
    const aliases = strings(value, "aliases");
    const columns = checked.columns.map((item, index) => ({ ...item, name: aliases[index] ?? item.name }));
    inner = { ...inner, ctes: new Map([...inner.ctes, [text(entry, "key"), columns]]) };
    made.push({
      key: text(entry, "key"),
      value: {
        aliases,
        query: { node: checked.node, named_param_map: [] },
        materialized: "CTE_MATERIALIZE_DEFAULT",
        key_targets: [],
      },
    });
  }
  return { scope: inner, nodes: made };
}

const SELECT_MEMBERS = [
  "modifiers",
  "cte_map",
  "select_list",
  "from_table",
  "where_clause",
  "group_expressions",
  "group_sets",
  "aggregate_handling",
  "having",
];

function checkSelect(node: Node, outer: Env, ctes: readonly Node[]): CheckedQuery {
  onlyMembers(node, SELECT_MEMBERS);
  if (text(node, "aggregate_handling") !== "STANDARD_HANDLING")
    refuse(GATE.clause, "group by all is not supported", "name the columns");
  const from = checkFrom(child(node, "from_table") ?? {}, outer);
  const env = outer.within({
    ...outer.scope,
    relations: from.relations,
    merged: from.merged,
    ctes: new Map(),
    parent: outer.scope,
  });
  const outputs = nodes(node, "select_list").map((item) => checkOutput(item, env));
  const where = child(node, "where_clause");
  const having = child(node, "having");
  const built = select({
    ctes,
    select: outputs.map((item) => item.node),
    from: from.node,
    where: where ? requireBoolean(env.check(where), "where").node : null,
    groups: nodes(node, "group_expressions").map((item) =>
      literalInteger(item) === null ? env.check(item).node : item,
    ),
    groupSets: list(node, "group_sets"),
    having: having ? requireBoolean(env.check(having), "having").node : null,
    modifiers: checkModifiers(node, env),
  });
  return { node: built, columns: outputs.map((item) => item.column) };
}

function checkOutput(item: Node, env: Env): { readonly node: Node; readonly column: ScopeColumn } {
  if (text(item, "class") === "STAR") refuse(GATE.column, "* is not supported", "name the columns");
  const value = env.output(item);
  const typed = value.type.kind === "literal" ? adopt(value, TYPES.text) : value;
  const names = strings(item, "column_names");
  const name = text(item, "alias") || names[names.length - 1] || "?column?";
  return { node: named(typed.node, name), column: { name, type: typed.type } };
}

function checkModifiers(node: Node, env: Env): readonly Node[] {
  const modifiers = nodes(node, "modifiers");
  const isOrdered = modifiers.some((item) => text(item, "type") === "ORDER_MODIFIER");
  return modifiers.map((item) => {
    switch (text(item, "type")) {
      case "ORDER_MODIFIER":
        return { type: "ORDER_MODIFIER", orders: nodes(item, "orders").map((order) => checkOrder(order, env)) };
      case "DISTINCT_MODIFIER":
        return {
          type: "DISTINCT_MODIFIER",
          distinct_on_targets: nodes(item, "distinct_on_targets").map((target) => env.check(target).node),
        };
      case "LIMIT_MODIFIER":
        return checkLimit(item, isOrdered, env);
      default:
        return refuse(
          GATE.clause,
          `${text(item, "type").toLowerCase()} is not supported`,
          "leave that part of the query out",
        );
    }
  });
}

/** Where NULLs go is written out: by default PostgreSQL puts them first when descending, DuckDB last. */
export function checkOrder(order: Node, env: Env): Node {
  const target = child(order, "expression") ?? {};
  const isDescending = text(order, "type") === "DESCENDING";
  const nulls = text(order, "null_order");
  const byDefault = isDescending ? "NULLS FIRST" : "NULLS LAST";
  return {
    type: isDescending ? "DESCENDING" : "ASCENDING",
    null_order: nulls === "ORDER_DEFAULT" ? byDefault : nulls,
    expression: literalInteger(target) === null ? orderable(env.check(target)).node : target,
  };
}

function orderable(value: Typed): Typed {
  if (value.type.kind !== "tid") return value;
  return refuse(GATE.type, "the order of ctids is not known to the lake", "order by the table's own columns");
}

function checkLimit(item: Node, isOrdered: boolean, env: Env): Node {
  onlyMembers(item, ["limit", "offset"]);
  if (!isOrdered && !env.allowUnorderedLimit)
    refuse(GATE.limit, "limit without order by is not supported", "which rows it takes would be chance");
  return limitNode(rowCount(item, "limit", env), rowCount(item, "offset", env));
}

function rowCount(item: Node, key: string, env: Env): Node | null {
  const value = child(item, key);
  if (!value) return null;
  if (literalInteger(value) === null) refuse(GATE.limit, `${key} must be a constant`, "write the number");
  return env.check(value).node;
}

function checkSetOperation(node: Node, env: Env, ctes: readonly Node[]): CheckedQuery {
  onlyMembers(node, ["modifiers", "cte_map", "setop_type", "left", "right", "setop_all"]);
  const type = text(node, "setop_type");
  if (!["UNION", "EXCEPT", "INTERSECT"].includes(type))
    refuse(GATE.clause, `${type.toLowerCase()} is not supported`, "use union, except or intersect");
  const sides = ["left", "right"].map((key) =>
    env.query(child(node, key) ?? {}, { ...env.scope, relations: [], merged: new Map() }),
  );
  const [left, right] = sides;
  if (!left || !right || left.columns.length !== right.columns.length)
    return refuse(GATE.clause, "the sides of a union differ in width", "");
  const columns = left.columns.map((item, index) => ({ name: item.name, type: sameType(item, right.columns[index]) }));
  const built: Node = {
    type: "SET_OPERATION_NODE",
    modifiers: checkSetModifiers(node, env, columns),
    cte_map: { map: ctes },
    setop_type: type,
    left: left.node,
    right: right.node,
    setop_all: node["setop_all"] === true,
  };
  return { node: built, columns };
}

function sameType(left: ScopeColumn, right: ScopeColumn | undefined): ScopeColumn["type"] {
  const type = right ? commonType(left.type, right.type) : null;
  if (type && (type.kind === left.type.kind || isUntyped(left.type))) return type;
  return refuse(
    GATE.type,
    `the sides of a union give ${describeType(left.type)} and ${right ? describeType(right.type) : "nothing"}`,
    "cast both to one type",
  );
}

/** After a set operation only its own output columns can be ordered by, by number. */
function checkSetModifiers(node: Node, env: Env, columns: readonly ScopeColumn[]): readonly Node[] {
  const scope = {
    ...env.scope,
    relations: [],
    merged: new Map(columns.map((item) => [item.name, item.type] as const)),
  };
  return checkModifiers(node, env.within(scope));
}
