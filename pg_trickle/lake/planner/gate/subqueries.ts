// Subqueries inside expressions: EXISTS, a scalar, IN, and the ANY/ALL over an array that the parser turns into IN.
import { child, nodes, text } from "../ast.ts";
import { compare, expression, operator } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import { describeType, TYPES } from "../sql-types.ts";
import type { Node } from "../types.ts";
import { listElements } from "./casts.ts";
import { comparable } from "./coercion.ts";
import { type CheckedQuery, type Env, onlyMembers, type Typed } from "./env.ts";
import { membership } from "./operators.ts";

export function checkSubquery(node: Node, env: Env): Typed {
  onlyMembers(node, ["subquery_type", "subquery", "child", "comparison_type"]);
  const query = child(child(node, "subquery") ?? {}, "node") ?? {};
  switch (text(node, "subquery_type")) {
    case "EXISTS":
      return { node: subquery("EXISTS", inner(query, env).node), type: TYPES.boolean };
    case "SCALAR":
      return scalar(inner(query, env));
    case "ANY":
      return any(node, query, env);
    default:
      return refuse(GATE.clause, "this kind of subquery is not supported", "use exists, in or a join");
  }
}

function inner(query: Node, env: Env): CheckedQuery {
  return env.query(query, { relations: [], merged: new Map(), ctes: new Map(), parent: env.scope });
}

function subquery(type: string, node: Node, operand: Node | null = null): Node {
  return expression("SUBQUERY", "SUBQUERY", {
    subquery_type: type,
    subquery: { node, named_param_map: [] },
    child: operand,
    comparison_type: operand ? "COMPARE_EQUAL" : "INVALID",
  });
}

function scalar(query: CheckedQuery): Typed {
  const [only] = query.columns;
  if (!only || query.columns.length !== 1)
    return refuse(GATE.clause, "a subquery with several columns is not supported here", "select one column");
  return { node: subquery("SCALAR", query.node), type: only.type };
}

function any(node: Node, query: Node, env: Env): Typed {
  const operand = env.check(child(node, "child") ?? {});
  const elements = unnested(query, env);
  const comparison = text(node, "comparison_type");
  if (elements) return anyElement(comparison, [operand, ...elements], env);
  if (comparison !== "COMPARE_EQUAL") return refuse(GATE.operator, "only = any (subquery) is supported", "use exists");
  const checked = inner(query, env);
  const [only] = checked.columns;
  if (!only || checked.columns.length !== 1)
    return refuse(GATE.clause, "in over several columns is not supported", "use exists");
  if (only.type.kind !== operand.type.kind) {
    refuse(
      GATE.type,
      `${describeType(operand.type)} in (${describeType(only.type)}) is not supported`,
      "cast both to one type",
    );
  }
  comparable([operand, { node: operand.node, type: only.type }], env.findings);
  return { node: subquery("ANY", checked.node, operand.node), type: TYPES.boolean };
}

/** `<> any` is "differs from at least one"; with a list it is what the parser makes of NOT (= all). */
function anyElement(comparison: string, children: readonly Typed[], env: Env): Typed {
  if (comparison === "COMPARE_EQUAL") return membership("COMPARE_IN", children, env);
  const [operand, ...elements] = comparable(children, env.findings);
  if (comparison !== "COMPARE_NOTEQUAL" || !operand || elements.length === 0) {
    return refuse(
      GATE.operator,
      "only = any, <> any, = all and <> all are supported over arrays",
      "compare with single values",
    );
  }
  const equal = elements.map((element) => compare("COMPARE_EQUAL", operand.node, element.node));
  const all = expression("CONJUNCTION", "CONJUNCTION_AND", { children: equal });
  return { node: operator("OPERATOR_NOT", [all]), type: TYPES.boolean };
}

/** The elements in `select unnest(<array>)`, which is how the parser writes ANY over an array. */
function unnested(query: Node, env: Env): readonly Typed[] | null {
  const [only] = nodes(query, "select_list");
  const isBare = text(child(query, "from_table") ?? {}, "type") === "EMPTY" && nodes(query, "select_list").length === 1;
  if (!only || !isBare || text(only, "function_name") !== "unnest") return null;
  const [array] = nodes(only, "children");
  const elements = array ? listElements(array, env) : null;
  return elements ?? refuse(GATE.type, "= any over this array is not supported", "write the elements as array[…]");
}
