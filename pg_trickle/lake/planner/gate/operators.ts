// Comparisons, boolean logic, lists, CASE, and the operators that DuckDB keeps as functions.
import { child, nodes, text } from "../ast.ts";
import { booleanConstant, call, cast, compare, conjunction, expression, operator, textConstant } from "../build.ts";
import { PLACE_COMPARISONS } from "../place.ts";
import { GATE, refuse } from "../refusal.ts";
import { describeType, isInteger, isNumber, isTextual, numeric, type SqlType, TYPES } from "../sql-types.ts";
import type { Node } from "../types.ts";
import { adopt, comparable, requireBoolean, unify } from "./coercion.ts";
import { type Env, literalInteger, literalText, onlyMembers, type Typed } from "./env.ts";

const COMPARISONS = new Set([
  "COMPARE_EQUAL",
  "COMPARE_NOTEQUAL",
  "COMPARE_LESSTHAN",
  "COMPARE_GREATERTHAN",
  "COMPARE_LESSTHANOREQUALTO",
  "COMPARE_GREATERTHANOREQUALTO",
  "COMPARE_DISTINCT_FROM",
  "COMPARE_NOT_DISTINCT_FROM",
]);

const boolean = (node: Node): Typed => ({ node, type: TYPES.boolean });

export function checkComparison(node: Node, env: Env): Typed {
  onlyMembers(node, ["left", "right"]);
  const type = text(node, "type");
  if (!COMPARISONS.has(type)) refuse(GATE.operator, `${type.toLowerCase()} is not supported`, "use = <> < > <= >=");
  const written = [env.check(child(node, "left") ?? {}), env.check(child(node, "right") ?? {})];
  const isSame = PLACE_COMPARISONS.has(type) && written.every((side) => side.type.kind === "tid");
  const [left, right] = pair(isSame ? written : comparable(written, env.findings));
  return boolean(compare(type, left.node, right.node));
}

export function checkBetween(node: Node, env: Env): Typed {
  onlyMembers(node, ["input", "lower", "upper"]);
  const [input, lower, upper] = comparable(
    ["input", "lower", "upper"].map((key) => env.check(child(node, key) ?? {})),
    env.findings,
  );
  if (!input || !lower || !upper) return refuse(GATE.operator, "between needs two bounds", "");
  return boolean(expression("BETWEEN", "COMPARE_BETWEEN", { input: input.node, lower: lower.node, upper: upper.node }));
}

export function checkConjunction(node: Node, env: Env): Typed {
  onlyMembers(node, ["children"]);
  const type = text(node, "type") === "CONJUNCTION_OR" ? "CONJUNCTION_OR" : "CONJUNCTION_AND";
  const children = nodes(node, "children").map((item) => requireBoolean(env.check(item), "an operand of and/or").node);
  return boolean(conjunction(type, children));
}

export function checkCase(node: Node, env: Env): Typed {
  onlyMembers(node, ["case_checks", "else_expr"]);
  const checks = nodes(node, "case_checks");
  const whens = checks.map(
    (item) => requireBoolean(env.check(child(item, "when_expr") ?? {}), "a condition of case").node,
  );
  const arms = [...checks.map((item) => child(item, "then_expr") ?? {}), child(node, "else_expr") ?? {}].map(env.check);
  const { values, type } = unify(arms, "case");
  const last = values[values.length - 1];
  const case_checks = whens.map((when_expr, index) => ({ when_expr, then_expr: values[index]?.node ?? {} }));
  return { node: expression("CASE", "CASE_EXPR", { case_checks, else_expr: last?.node ?? null }), type };
}

export function checkOperator(node: Node, env: Env): Typed {
  onlyMembers(node, ["children"]);
  const children = nodes(node, "children").map(env.check);
  const type = text(node, "type");
  switch (type) {
    case "OPERATOR_IS_NULL":
    case "OPERATOR_IS_NOT_NULL":
      return boolean(
        operator(
          type,
          children.map((item) => item.node),
        ),
      );
    case "OPERATOR_NOT":
      return boolean(
        operator(
          type,
          children.map((item) => requireBoolean(item, "the operand of not").node),
        ),
      );
    case "GROUPING_FUNCTION":
      return {
        node: cast(
          operator(
            type,
            children.map((item) => item.node),
          ),
          TYPES.integer,
        ),
        type: TYPES.integer,
      };
    case "COMPARE_IN":
    case "COMPARE_NOT_IN":
      return membership(type, children, env);
    case "OPERATOR_COALESCE":
      return unified(children, (values) => operator(type, values), "coalesce");
    default:
      return refuse(
        GATE.operator,
        `${type.toLowerCase()} is not supported`,
        "it is not known to give PostgreSQL's answer",
      );
  }
}

export function membership(type: string, children: readonly Typed[], env: Env): Typed {
  // `x = any ('{}')` is false even for a NULL x, and IN () does not exist.
  if (children.length === 1) return boolean(booleanConstant(type !== "COMPARE_IN"));
  return boolean(
    operator(
      type,
      comparable(children, env.findings).map((item) => item.node),
    ),
  );
}

export function unified(children: readonly Typed[], make: (values: readonly Node[]) => Node, what: string): Typed {
  const { values, type } = unify(children, what);
  return { node: make(values.map((value) => value.node)), type };
}

// --- operators that are functions in the tree ---

export type OperatorRule = (args: readonly Typed[], env: Env, name: string) => Typed;

const infix = (name: string, args: readonly Node[]): Node => call(name, args, { operator: true });

function pair<T>(items: readonly T[]): readonly [T, T] {
  const [left, right] = items;
  if (left === undefined || right === undefined || items.length !== 2)
    refuse(GATE.operator, "an operand is missing", "");
  return [left, right];
}

const PLUS_MINUS: OperatorRule = (args, env, name) => {
  const [only] = args;
  if (args.length === 1 && only) return negative(only, name);
  const [written, other] = pair(args);
  const [left, right] = [adopt(written, other.type), adopt(other, written.type)];
  return moment(left, right, env, name) ?? arithmetic(left, right, name);
};

function negative(value: Typed, name: string): Typed {
  if (!isNumber(value.type))
    refuse(GATE.type, `${name} of ${describeType(value.type)} is not supported`, "use numbers");
  return { node: infix(name, [value.node]), type: value.type };
}

/** Arithmetic of dates and times. */
function moment(left: Typed, right: Typed, env: Env, name: string): Typed | null {
  const result = MOMENTS[`${left.type.kind} ${name} ${right.type.kind}`];
  if (!result) return null;
  if (left.type.kind === "timestamptz") env.findings.timeZoneDependent = true;
  const sum = infix(name, [left.node, right.node]);
  return { node: result.kind === "integer" ? cast(sum, result) : sum, type: result };
}

const MOMENTS: Readonly<Record<string, SqlType>> = {
  "date + integer": TYPES.date,
  "date - integer": TYPES.date,
  "date + smallint": TYPES.date,
  "date - smallint": TYPES.date,
  "date - date": TYPES.integer,
  "date + interval": TYPES.timestamp,
  "date - interval": TYPES.timestamp,
  "timestamp + interval": TYPES.timestamp,
  "timestamp - interval": TYPES.timestamp,
  "timestamptz + interval": TYPES.timestamptz,
  "timestamptz - interval": TYPES.timestamptz,
};

const TIMES: OperatorRule = (args, _env, name) => arithmetic(...pair(args), name);

function arithmetic(left: Typed, right: Typed, name: string): Typed {
  const [a, b] = [adopt(left, right.type), adopt(right, left.type)];
  if (!isNumber(a.type) || !isNumber(b.type)) {
    refuse(GATE.operator, `${describeType(a.type)} ${name} ${describeType(b.type)} is not supported`, "use numbers");
  }
  const type = arithmeticType(a.type, b.type, name);
  // DECIMAL(18,x) overflows in DuckDB where PostgreSQL's numeric goes on; from 19 digits on it has 38.
  const wide = type.kind === "numeric" && a.type.kind === "numeric" && (a.type.width ?? 0) < 19;
  const widened = wide ? cast(a.node, numeric(19, a.type.scale ?? 0)) : a.node;
  return { node: infix(name, [widened, b.node]), type };
}

const RANK = ["smallint", "integer", "bigint", "numeric", "real", "double"];

function arithmeticType(left: SqlType, right: SqlType, name: string): SqlType {
  const higher = RANK.indexOf(left.kind) >= RANK.indexOf(right.kind) ? left : right;
  if (higher.kind !== "numeric") return higher;
  const scales = [left.scale ?? 0, right.scale ?? 0] as const;
  return numeric(38, name === "*" ? scales[0] + scales[1] : Math.max(...scales));
}

// x / 0 is NULL in DuckDB and an error in PostgreSQL, numeric division is double in DuckDB: only whole numbers by a
// constant are left.
const DIVISION: OperatorRule = (args, _env, name) => {
  const [left, right] = pair(args);
  const divisor = literalInteger(right.node);
  if (!isInteger(left.type) || !isInteger(right.type) || divisor === null || divisor === 0n) {
    refuse(
      GATE.division,
      `${describeType(left.type)} ${name} ${describeType(right.type)} differs between DuckDB and PostgreSQL`,
      "divide whole numbers by a constant, or keep sum(…) and count(…) and divide in PostgreSQL",
    );
  }
  return { node: infix(name, [left.node, right.node]), type: arithmeticType(left.type, right.type, name) };
};

const CONCATENATION: OperatorRule = (args, _env, name) => {
  const [left, right] = pair(args).map((value) => adopt(value, TYPES.text));
  if (
    !left ||
    !right ||
    !(isTextual(left.type) || isTextual(right.type)) ||
    !isPrintable(left) ||
    !isPrintable(right)
  ) {
    refuse(GATE.operator, `${name} is supported for texts and whole numbers only`, "cast its operands to text");
  }
  return { node: infix(name, [left.node, right.node]), type: TYPES.text };
};

export function isPrintable(value: Typed): boolean {
  return isTextual(value.type) || isInteger(value.type);
}

/** LIKE: PostgreSQL's escape character is the backslash, DuckDB has none unless told. */
const LIKE: OperatorRule = (args, _env, name) => {
  const [value, pattern] = pair(args).map((item) => adopt(item, TYPES.text));
  if (!value || !pattern || !isTextual(value.type) || !isTextual(pattern.type)) {
    return refuse(GATE.operator, "like is supported for texts only", "cast the operand to text");
  }
  const like = call("like_escape", [value.node, pattern.node, textConstant("\\")]);
  const plain = literalText(pattern.node);
  const node = plain !== null && !plain.includes("\\") ? infix("~~", [value.node, pattern.node]) : like;
  return boolean(name === "!~~" ? operator("OPERATOR_NOT", [node]) : node);
};

export const OPERATORS: Readonly<Record<string, OperatorRule>> = {
  "+": PLUS_MINUS,
  "-": PLUS_MINUS,
  "*": TIMES,
  "/": DIVISION,
  "%": DIVISION,
  "||": CONCATENATION,
  "~~": LIKE,
  "!~~": LIKE,
};
