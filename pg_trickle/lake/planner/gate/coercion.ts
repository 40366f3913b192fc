// How values of different types meet: what a literal becomes, which operands may be compared, which casts are safe.
import { booleanConstant, cast } from "../build.ts";
import { GATE, notSupported, refuse } from "../refusal.ts";
import {
  asNumeric,
  commonType,
  describeType,
  isExactNumber,
  isFloat,
  isInteger,
  type SqlType,
  TYPES,
} from "../sql-types.ts";
import { type Findings, literalText, type Typed } from "./env.ts";
import { typedLiteral } from "./literals.ts";

/** A literal takes the type; anything else is given back as it is. */
export function adopt(value: Typed, type: SqlType): Typed {
  if (value.type.kind !== "literal" || type.kind === "literal") return value;
  const content = literalText(value.node) ?? "";
  return { node: typedLiteral(content, type.kind === "null" ? TYPES.text : type), type };
}

const TIMELINE = ["date", "timestamp", "timestamptz"];

/** The operands of a comparison or of IN, brought to one type. */
export function comparable(values: readonly Typed[], findings: Findings): readonly Typed[] {
  const common = values.map((value) => value.type).reduce((left, right) => comparisonType(left, right));
  if (common.kind === "tid") {
    notSupported(
      "the ctid of a lake table can only be compared with another ctid, for equality: it is given anew in each transaction",
      "use a condition on the table's own columns",
    );
  }
  if (["interval", "array", "other", "time"].includes(common.kind)) {
    refuse(
      GATE.type,
      `values of type ${describeType(common)} can not be compared`,
      "compare plain numbers, texts and times",
    );
  }
  return values.map((value) => onTimeline(adopt(value, common), common, findings));
}

function comparisonType(left: SqlType, right: SqlType): SqlType {
  const common = commonType(left, right) ?? later(left, right);
  if (common) return common;
  return refuse(
    GATE.type,
    `${describeType(left)} and ${describeType(right)} can not be compared`,
    "cast one side to the other's type",
  );
}

function later(left: SqlType, right: SqlType): SqlType | null {
  const [a, b] = [TIMELINE.indexOf(left.kind), TIMELINE.indexOf(right.kind)];
  if (a < 0 || b < 0) return null;
  return a > b ? left : right;
}

function onTimeline(value: Typed, common: SqlType, findings: Findings): Typed {
  const differs = TIMELINE.includes(value.type.kind) && value.type.kind !== common.kind;
  return differs ? convert(value, common, findings) : value;
}

type Conversion = "same" | "cast" | "zone";

/** From kind to kind: what is known to give PostgreSQL's answer. `zone`: right under the session's TimeZone. */
const CONVERSIONS: Readonly<Record<string, Readonly<Record<string, Conversion>>>> = {
  smallint: { integer: "cast", bigint: "cast", text: "cast", double: "cast", real: "cast" },
  integer: { smallint: "cast", bigint: "cast", text: "cast", double: "cast", boolean: "cast" },
  bigint: { smallint: "cast", integer: "cast", text: "cast", double: "cast" },
  numeric: { smallint: "cast", integer: "cast", bigint: "cast", text: "cast" },
  real: { double: "cast" },
  double: { smallint: "cast", integer: "cast", bigint: "cast" },
  boolean: { integer: "cast", text: "cast" },
  date: { timestamp: "cast", timestamptz: "zone", text: "cast" },
  timestamp: { date: "cast", time: "cast", timestamptz: "zone", text: "cast" },
  timestamptz: { date: "zone", timestamp: "zone", text: "zone" },
  uuid: { text: "cast" },
};

/** An explicit cast of something that is not a literal. */
export function convert(value: Typed, target: SqlType, findings: Findings): Typed {
  if (value.type.kind === "null") return { node: cast(value.node, target), type: target };
  if (target.kind === "numeric" && isExactNumber(value.type)) return { node: cast(value.node, target), type: target };
  if (value.type.kind === target.kind) return { node: value.node, type: target };
  const conversion = isShortNumeric(value.type, target) ? "cast" : CONVERSIONS[value.type.kind]?.[target.kind];
  if (!conversion) return refuseCast(value.type, target);
  if (conversion === "zone") findings.timeZoneDependent = true;
  return { node: cast(value.node, target), type: target };
}

// A decimal of up to 15 digits becomes the nearest double in both engines; beyond that DuckDB rounds twice.
function isShortNumeric(from: SqlType, target: SqlType): boolean {
  return from.kind === "numeric" && target.kind === "double" && (from.width ?? 38) <= 15;
}

function refuseCast(from: SqlType, target: SqlType): never {
  return refuse(
    GATE.cast,
    `a cast from ${describeType(from)} to ${describeType(target)} is not supported`,
    "DuckDB and PostgreSQL read or write such values differently",
  );
}

/** `x::numeric` without a scale: PostgreSQL keeps every digit, DuckDB would take numeric(18,3). */
export function convertToBareNumeric(value: Typed): Typed {
  if (value.type.kind === "null") return value;
  if (isInteger(value.type)) return { node: cast(value.node, asNumeric(value.type)), type: asNumeric(value.type) };
  if (value.type.kind === "numeric") return value;
  const why = isFloat(value.type) ? "the digits of a float differ" : "only exact numbers can be cast";
  return refuse(GATE.cast, `a cast from ${describeType(value.type)} to numeric is not supported`, why);
}

export function requireBoolean(value: Typed, what: string): Typed {
  if (value.type.kind === "boolean" || value.type.kind === "null") return value;
  const content = literalText(value.node);
  if (value.type.kind === "literal" && content !== null) return { node: booleanLiteral(content), type: TYPES.boolean };
  return refuse(GATE.type, `${what} of type ${describeType(value.type)} is not supported`, "it must be boolean");
}

function booleanLiteral(content: string): Typed["node"] {
  return /^(t|true)$/.test(content) ? booleanConstant(true) : typedLiteral(content, TYPES.boolean);
}

/** The common type of the arms of CASE, COALESCE, GREATEST … */
export function unify(
  values: readonly Typed[],
  what: string,
): { readonly values: readonly Typed[]; readonly type: SqlType } {
  let type: SqlType = TYPES.null;
  for (const value of values) {
    const next = commonType(type, value.type);
    if (!next)
      refuse(
        GATE.type,
        `${what} mixes ${describeType(type)} and ${describeType(value.type)}`,
        "cast its arms to one type",
      );
    type = next;
  }
  if (type.kind === "literal") type = TYPES.text;
  if (["array", "interval", "tid"].includes(type.kind)) {
    refuse(GATE.type, `${what} of type ${describeType(type)} is not supported`, "use numbers, texts and times");
  }
  return { values: values.map((value) => adopt(value, type)), type };
}
