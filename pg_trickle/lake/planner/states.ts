// The queries of an incremental plan: its groups as they are at a snapshot, and how they changed.
import {
  allOf,
  call,
  cast,
  column,
  compare,
  conjunction,
  expression,
  integerConstant,
  named,
  nullConstant,
  operator,
  select,
  subqueryTable,
} from "./build.ts";
import type { ScopeColumn } from "./gate/env.ts";
import type { Decomposition, State } from "./incremental.ts";
import { numeric, TYPES } from "./sql-types.ts";
import type { Node } from "./types.ts";

const SIGN = "sign";
const ROWS = "r";

const keyName = (index: number): string => `k${index + 1}`;
const argument = (index: number): Node => column(ROWS, `a${index + 1}`);

/** k1…, n, c1, s1, … with their types. */
export function stateColumns(parts: Decomposition): readonly ScopeColumn[] {
  return [
    ...parts.keys.map((key, index) => ({ name: keyName(index), type: key.value.type })),
    { name: "n", type: TYPES.bigint },
    ...parts.states.flatMap((state, index) => [
      { name: `c${index + 1}`, type: TYPES.bigint },
      { name: `s${index + 1}`, type: state.isSummed ? numeric(38, state.value.type.scale ?? 0) : numeric(38, 0) },
    ]),
  ];
}

/** The rows behind the groups: keys and arguments under names of our own, so that no name of the user's gets in the way. */
function rows(parts: Decomposition, extra: readonly Node[]): Node {
  const keys = parts.keys.map((key, index) => named(key.value.node, keyName(index)));
  const args = parts.states.map((state, index) => named(typedArgument(state), `a${index + 1}`));
  const selected = [...keys, ...args, ...extra];
  const filler = selected.length === 0 ? [named(integerConstant(1), "one")] : [];
  return subqueryTable(select({ select: [...selected, ...filler], from: parts.from, where: parts.where }), ROWS);
}

function typedArgument(state: State): Node {
  return state.value.type.kind === "null" ? cast(state.value.node, TYPES.bigint) : state.value.node;
}

function groups(parts: Decomposition): readonly Node[] {
  return parts.keys.map((_, index) => column(ROWS, keyName(index)));
}

function keys(parts: Decomposition): readonly Node[] {
  return groups(parts).map((node, index) => named(node, keyName(index)));
}

export function stateQuery(parts: Decomposition): Node {
  const measures = parts.states.flatMap((state, index) => [
    named(call("count", [argument(index)]), `c${index + 1}`),
    named(stateSum(state, argument(index)), `s${index + 1}`),
  ]);
  return select({
    select: [...keys(parts), named(call("count_star", []), "n"), ...measures],
    from: rows(parts, []),
    groups: groups(parts),
  });
}

/** A state that is only counted has the sum 0 as soon as it has a value, so that every way gives the same row. */
function stateSum(state: State, arg: Node): Node {
  if (state.isSummed) return call("sum", [arg]);
  const isEmpty = compare("COMPARE_EQUAL", call("count", [arg]), integerConstant(0));
  const arms = [{ when_expr: isEmpty, then_expr: nullConstant() }];
  return cast(expression("CASE", "CASE_EXPR", { case_checks: arms, else_expr: integerConstant(0) }), numeric(38, 0));
}

/** `parts` must have been decomposed over the signed relation. */
export function deltaQuery(parts: Decomposition, signColumn: string): Node {
  const sign = column(ROWS, SIGN);
  const measures = parts.states.flatMap((state, index) => [
    named(total(signWhereNotNull(argument(index), sign)), `c${index + 1}`),
    named(signedSum(state, argument(index), sign), `s${index + 1}`),
  ]);
  const grouped = select({
    select: [...keys(parts), named(total(sign), "n"), ...measures],
    from: rows(parts, [named(column(parts.alias, signColumn), SIGN)]),
    groups: groups(parts),
  });
  const names = stateColumns(parts).map((item) => item.name);
  const changed = names
    .slice(parts.keys.length)
    .map((name) => compare("COMPARE_NOTEQUAL", column("d", name), integerConstant(0)));
  return select({
    select: names.map((name) => named(column("d", name), name)),
    from: subqueryTable(grouped, "d"),
    where: changed.length === 1 ? allOf(changed) : conjunction("CONJUNCTION_OR", changed),
  });
}

/** A sum of signs as bigint; 0 over no rows. */
function total(signs: Node): Node {
  return cast(orZero(call("sum", [signs])), TYPES.bigint);
}

function orZero(value: Node): Node {
  return operator("OPERATOR_COALESCE", [value, integerConstant(0)]);
}

function signWhereNotNull(arg: Node, sign: Node): Node {
  const arms = [{ when_expr: operator("OPERATOR_IS_NULL", [arg]), then_expr: integerConstant(0) }];
  return expression("CASE", "CASE_EXPR", { case_checks: arms, else_expr: sign });
}

// Two sums, not one of sign * x: -x overflows for the smallest bigint, and a product of decimals would lose width.
function signedSum(state: State, arg: Node, sign: Node): Node {
  if (!state.isSummed) return cast(integerConstant(0), numeric(38, 0));
  const side = (value: number): Node =>
    orZero(call("sum", [arg], { filter: compare("COMPARE_EQUAL", sign, integerConstant(value)) }));
  return call("-", [side(1), side(-1)], { operator: true });
}
