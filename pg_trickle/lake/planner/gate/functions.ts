// The functions that give PostgreSQL's answer in DuckDB, with the arguments for which that was measured.
import { call, cast } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import { describeType, isExactNumber, isInteger, isTextual, numeric, type SqlType, TYPES } from "../sql-types.ts";
import type { Node } from "../types.ts";
import { adopt } from "./coercion.ts";
import { type Env, literalInteger, literalText, type Typed } from "./env.ts";
import { isPrintable, unified } from "./operators.ts";

export interface FunctionCall {
  readonly name: string;
  readonly args: readonly Typed[];
  /** EXTRACT and AT TIME ZONE come from the parser with a schema, their function forms without. */
  readonly fromSyntax: boolean;
  readonly env: Env;
}

export type FunctionRule = (invocation: FunctionCall) => Typed;

function unsupported(invocation: FunctionCall, hint: string): never {
  const types = invocation.args.map((arg) => describeType(arg.type)).join(", ");
  return refuse(GATE.function, `${invocation.name}(${types}) is not supported`, hint);
}

/** Texts in, some of them literal whole numbers within bounds. */
function onText(result: SqlType, spec: readonly ("text" | "literal" | readonly [min: bigint])[]): FunctionRule {
  return (invocation) => {
    const { name, args } = invocation;
    if (args.length !== spec.length) unsupported(invocation, `it takes ${spec.length} arguments here`);
    const nodes = args.map((arg, index) => textArgument(adopt(arg, TYPES.text), spec[index] ?? "text", invocation));
    const made = call(name, nodes);
    return { node: result.kind === "integer" ? cast(made, result) : made, type: result };
  };
}

function textArgument(arg: Typed, want: "text" | "literal" | readonly [bigint], invocation: FunctionCall): Node {
  if (typeof want !== "string") {
    const value = literalInteger(arg.node);
    if (value === null || value < want[0])
      unsupported(invocation, `the number must be a constant of at least ${want[0]}`);
    return arg.node;
  }
  if (!isTextual(arg.type)) unsupported(invocation, "it is supported for text only");
  if (want === "literal" && !literalText(arg.node))
    unsupported(invocation, "that argument must be a constant and not empty");
  return arg.node;
}

function choose(...rules: readonly (readonly [args: number, rule: FunctionRule])[]): FunctionRule {
  return (invocation) => {
    const rule = rules.find(([count]) => count === invocation.args.length)?.[1];
    return rule
      ? rule(invocation)
      : unsupported(invocation, `it takes ${rules.map(([count]) => count).join(" or ")} arguments here`);
  };
}

const START = [1n] as const;
const COUNT = [0n] as const;
const ANY_COUNT = [-1_000_000n] as const;

const trimmed: FunctionRule = choose([1, onText(TYPES.text, ["text"])], [2, onText(TYPES.text, ["text", "literal"])]);

const substring: FunctionRule = (invocation) => {
  const rule = choose([2, onText(TYPES.text, ["text", START])], [3, onText(TYPES.text, ["text", START, COUNT])]);
  return rule({ ...invocation, name: "substr" });
};

const joined: FunctionRule = (invocation) => {
  const args = invocation.args.map((arg) => adopt(arg, TYPES.text));
  if (args.length === 0 || !args.every(isPrintable)) unsupported(invocation, "cast its arguments to text");
  return {
    node: call(
      invocation.name,
      args.map((arg) => arg.node),
    ),
    type: TYPES.text,
  };
};

const arms: FunctionRule = ({ name, args }) => unified(args, (values) => call(name, values), name);

const nullif: FunctionRule = (invocation) => {
  const { args } = invocation;
  if (args.length !== 2) unsupported(invocation, "it takes 2 arguments");
  const made = unified(args, (values) => call("nullif", values), "nullif");
  const [first] = args;
  return { node: made.node, type: first && first.type.kind !== "literal" ? first.type : made.type };
};

const absolute: FunctionRule = (invocation) => {
  const [value] = invocation.args;
  if (!value || invocation.args.length !== 1 || !isExactNumber(value.type))
    unsupported(invocation, "use an exact number");
  return { node: call("abs", [value.node]), type: value.type };
};

/** Rounding of numeric only: PostgreSQL rounds floats half to even, DuckDB away from zero. */
const rounding: FunctionRule = (invocation) => {
  const [value, digits] = invocation.args;
  if (value?.type.kind !== "numeric") unsupported(invocation, "cast the argument to numeric(p,s)");
  if (!digits) return { node: call(invocation.name, [value.node]), type: numeric(value.type.width ?? 38, 0) };
  const scale = literalInteger(digits.node);
  const isPlain = scale !== null && scale >= 0n && scale <= BigInt(value.type.scale ?? 0);
  if (!isPlain || !["round", "trunc"].includes(invocation.name) || invocation.args.length !== 2) {
    unsupported(invocation, "round to a constant number of digits, not more than there are");
  }
  return {
    node: call(invocation.name, [value.node, digits.node]),
    type: numeric(value.type.width ?? 38, Number(scale)),
  };
};

const TRUNC_UNITS = new Set([
  "microseconds",
  "milliseconds",
  "second",
  "minute",
  "hour",
  "day",
  "week",
  "month",
  "quarter",
  "year",
]);

const dateTrunc: FunctionRule = (invocation) => {
  const [unit, value] = invocation.args;
  const written = unit ? literalText(unit.node) : null;
  if (!unit || !value || invocation.args.length !== 2) {
    return unsupported(invocation, "use date_trunc('day', x at time zone 'UTC') instead of a third argument");
  }
  if (written === null || !TRUNC_UNITS.has(written))
    unsupported(invocation, `the unit must be one of ${[...TRUNC_UNITS].join(", ")}`);
  if (value.type.kind === "timestamptz") invocation.env.findings.timeZoneDependent = true;
  else if (value.type.kind !== "timestamp") unsupported(invocation, "cast the value to timestamp");
  return { node: call("date_trunc", [unit.node, value.node]), type: value.type };
};

const WHOLE_PARTS = new Set([
  "year",
  "isoyear",
  "quarter",
  "month",
  "week",
  "day",
  "dow",
  "isodow",
  "doy",
  "hour",
  "minute",
  "microseconds",
]);
const CLOCK_PARTS = new Set(["hour", "minute", "microseconds"]);

/** EXTRACT gives numeric, date_part double precision; seconds and epochs have fractions that DuckDB drops or rounds. */
const datePart: FunctionRule = (invocation) => {
  const [part, value] = invocation.args;
  const written = part ? literalText(part.node)?.toLowerCase() : undefined;
  if (!part || !value || invocation.args.length !== 2) return unsupported(invocation, "it takes 2 arguments");
  if (!written || !WHOLE_PARTS.has(written))
    unsupported(invocation, `the field must be one of ${[...WHOLE_PARTS].join(", ")}`);
  const isDate = value.type.kind === "date" && !CLOCK_PARTS.has(written);
  if (value.type.kind === "timestamptz") invocation.env.findings.timeZoneDependent = true;
  else if (value.type.kind !== "timestamp" && !isDate) unsupported(invocation, "cast the value to timestamp");
  const type = invocation.fromSyntax ? numeric(18, 0) : TYPES.double;
  return { node: cast(call("date_part", [part.node, value.node]), type), type };
};

/** AT TIME ZONE with a zone's name: an offset such as '+2' has the opposite sign in DuckDB's time zone library. */
const atTimeZone: FunctionRule = (invocation) => {
  const [zone, value] = invocation.args;
  const name = zone ? literalText(zone.node) : null;
  if (
    !zone ||
    !value ||
    invocation.args.length !== 2 ||
    name === null ||
    !/^(UTC|GMT|[A-Z][a-z]+(\/[A-Z][A-Za-z_]+)+)$/.test(name)
  ) {
    return unsupported(invocation, "name the zone, for example 'UTC' or 'Europe/Berlin'");
  }
  const made = call("timezone", [zone.node, value.node]);
  if (value.type.kind === "timestamptz") return { node: made, type: TYPES.timestamp };
  if (value.type.kind === "timestamp") return { node: made, type: TYPES.timestamptz };
  return unsupported(invocation, "it is supported for timestamps only");
};

const modulo: FunctionRule = (invocation) => {
  const [value, divisor] = invocation.args;
  const by = divisor ? literalInteger(divisor.node) : null;
  const isWhole = value && divisor && isInteger(value.type) && isInteger(divisor.type);
  if (!isWhole || by === null || by === 0n || invocation.args.length !== 2) {
    return refuse(
      GATE.division,
      "mod is supported for whole numbers and a constant only",
      "x % 0 is an error in PostgreSQL and NULL in DuckDB",
    );
  }
  const result = value.type.kind === "bigint" || divisor.type.kind === "bigint" ? TYPES.bigint : value.type;
  return { node: call("mod", [value.node, divisor.node]), type: result };
};

export const FUNCTIONS: Readonly<Record<string, FunctionRule>> = {
  length: onText(TYPES.integer, ["text"]),
  char_length: (invocation) => onText(TYPES.integer, ["text"])({ ...invocation, name: "length" }),
  character_length: (invocation) => onText(TYPES.integer, ["text"])({ ...invocation, name: "length" }),
  trim: trimmed,
  ltrim: trimmed,
  rtrim: trimmed,
  btrim: (invocation) => trimmed({ ...invocation, name: "trim" }),
  substr: substring,
  substring,
  left: onText(TYPES.text, ["text", ANY_COUNT]),
  right: onText(TYPES.text, ["text", ANY_COUNT]),
  replace: onText(TYPES.text, ["text", "text", "text"]),
  strpos: onText(TYPES.integer, ["text", "text"]),
  position: onText(TYPES.integer, ["text", "text"]),
  split_part: onText(TYPES.text, ["text", "literal", START]),
  lpad: onText(TYPES.text, ["text", COUNT, "literal"]),
  rpad: onText(TYPES.text, ["text", COUNT, "literal"]),
  starts_with: onText(TYPES.boolean, ["text", "text"]),
  md5: onText(TYPES.text, ["text"]),
  concat: joined,
  concat_ws: joined,
  greatest: arms,
  least: arms,
  nullif,
  abs: absolute,
  round: rounding,
  trunc: rounding,
  floor: rounding,
  ceil: rounding,
  ceiling: rounding,
  mod: modulo,
  date_trunc: dateTrunc,
  date_part: datePart,
  timezone: atTimeZone,
};
