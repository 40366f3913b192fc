// Constants and casts.
import { child, isObject, nodes, text } from "../ast.ts";
import { booleanConstant, cast, constant, integerConstant, nullConstant, textConstant } from "../build.ts";
import { BARE_NUMERIC, CUT_TEXT } from "../dialect.ts";
import { GATE, refuse } from "../refusal.ts";
import { isExactNumber, numeric, type SqlType, TYPES, typeOfNode } from "../sql-types.ts";
import type { Json, Node } from "../types.ts";
import { adopt, convert, convertToBareNumeric } from "./coercion.ts";
import { type Env, literalInteger, literalText, onlyMembers, type Typed } from "./env.ts";
import { arrayElements } from "./literals.ts";

type ConstantRule = (node: Node, type: Node, content: Json) => Typed;

const CONSTANTS: ReadonlyMap<string, ConstantRule> = new Map<string, ConstantRule>([
  ["VARCHAR", (_node, _type, content) => ({ node: textConstant(String(content)), type: TYPES.literal })],
  ["BOOLEAN", (_node, _type, content) => ({ node: booleanConstant(content === true), type: TYPES.boolean })],
  ["INTEGER", (node) => ({ node: integerConstant(literalInteger(node) ?? 0n), type: TYPES.integer })],
  ["BIGINT", (node) => ({ node: integerConstant(literalInteger(node) ?? 0n), type: TYPES.bigint })],
  ["DECIMAL", (_node, type, content) => ({ node: constant(type, content), type: typeOfNode(type) ?? TYPES.other })],
  ["HUGEINT", (_node, _type, content) => hugeConstant(content)],
  // PostgreSQL reads 1e5 as numeric, DuckDB as double: only a cast around it makes the two agree.
  ["DOUBLE", (_node, type, content) => ({ node: constant(type, content), type: TYPES.double })],
]);

export function checkConstant(node: Node): Typed {
  onlyMembers(node, ["value"]);
  const value = child(node, "value") ?? {};
  const type = child(value, "type") ?? {};
  if (value["is_null"] === true) return { node: nullConstant(), type: TYPES.null };
  const made = CONSTANTS.get(text(type, "id"))?.(node, type, value["value"] ?? null);
  return (
    made ?? refuse(GATE.literal, `a literal of type ${text(type, "id").toLowerCase()} is not supported`, "use a cast")
  );
}

/** PostgreSQL reads digits beyond bigint as numeric. The tree gives such a number in two halves of 64 bits. */
function hugeConstant(content: Json): Typed {
  const halves = isObject(content) ? content : {};
  const value = BigInt(String(halves["upper"])) * 2n ** 64n + BigInt(String(halves["lower"]));
  const type = numericOf(value.toString());
  return { node: cast(textConstant(value.toString()), type), type };
}

export function checkCast(node: Node, env: Env): Typed {
  onlyMembers(node, ["child", "cast_type"]);
  const inner = child(node, "child") ?? {};
  const target = child(node, "cast_type") ?? {};
  const special = text(child(target, "type_info") ?? {}, "name");
  if (special === BARE_NUMERIC) return bareNumeric(env.check(inner));
  const type = typeOfNode(target);
  if (special === CUT_TEXT || !type) refuseType(special || text(target, "id"));
  if (type.kind === "array") return checkArray(inner, type, env);
  return checkedCast(env.check(inner), type, env);
}

function checkedCast(value: Typed, type: SqlType, env: Env): Typed {
  if (value.type.kind === "literal") return adopt(value, type);
  if (type.kind === "smallint" && value.type.kind === "integer") return { node: cast(value.node, type), type };
  return convert(value, type, env.findings);
}

function refuseType(name: string): never {
  const hint =
    name === CUT_TEXT
      ? "use text or varchar without a length: DuckDB would neither cut nor pad"
      : "use a type that both engines have";
  return refuse(GATE.cast, `a cast to ${name.toLowerCase()} is not supported`, hint);
}

function bareNumeric(value: Typed): Typed {
  const integer = literalInteger(value.node);
  const written = value.type.kind === "literal" ? literalText(value.node) : null;
  if (written !== null) return adopt(value, numericOf(written));
  return integer !== null && isExactNumber(value.type) ? literalNumeric(value, integer) : convertToBareNumeric(value);
}

function literalNumeric(value: Typed, integer: bigint): Typed {
  const type = numericOf(integer.toString());
  return { node: cast(value.node, type), type };
}

function numericOf(written: string): SqlType {
  const digits = /^[+-]?(\d*)\.?(\d*)$/.exec(written);
  const [whole, fraction] = [digits?.[1]?.length ?? 0, digits?.[2]?.length ?? 0];
  if (!digits || whole + fraction > 38)
    refuse(GATE.literal, `'${written}' as numeric is not supported`, "use at most 38 digits");
  return numeric(Math.max(whole + fraction, 1), fraction);
}

/** `ARRAY[…]`, with or without a cast, or `'{…}'::text[]`: only as the right side of ANY and ALL, as a list of elements. */
export function listElements(node: Node, env: Env): readonly Typed[] | null {
  const isCast = text(node, "class") === "CAST";
  const inner = isCast ? child(node, "child") : node;
  if (!inner) return null;
  const target = child(node, "cast_type");
  const element = target ? elementType(target) : null;
  if (isCast && !element) return null;
  if (text(inner, "type") === "ARRAY_CONSTRUCTOR") {
    return nodes(inner, "children").map((item) => elementOf(env.check(item), element, env));
  }
  const written = literalText(inner);
  return written === null || !element ? null : writtenElements(written, element);
}

/** Of `text[]`; a bare `numeric[]` gives numeric without a width. */
function elementType(target: Node): SqlType | null {
  const item = child(child(target, "type_info") ?? {}, "child_type") ?? {};
  if (text(child(item, "type_info") ?? {}, "name") === BARE_NUMERIC) return { kind: "numeric" };
  return typeOfNode(target)?.element ?? null;
}

function elementOf(value: Typed, element: SqlType | null, env: Env): Typed {
  if (!element) return value;
  return isBare(element) ? bareNumeric(value) : checkedCast(value, element, env);
}

function writtenElements(written: string, element: SqlType): readonly Typed[] {
  return arrayElements(written).map((item) =>
    item === null
      ? { node: nullConstant(), type: TYPES.null }
      : adopt({ node: textConstant(item), type: TYPES.literal }, isBare(element) ? numericOf(item) : element),
  );
}

function isBare(type: SqlType): boolean {
  return type.kind === "numeric" && type.width === undefined;
}

function checkArray(inner: Node, type: SqlType, env: Env): Typed {
  env.check(inner);
  return refuse(
    GATE.type,
    `an array of ${type.element?.kind ?? "?"} is supported only in = any (…) and <> all (…)`,
    "compare with single values",
  );
}
