// Aggregates that give PostgreSQL's answer, exactly, in DuckDB.
import { call } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import { describeType, isExactNumber, isFloat, numeric, type SqlType, TYPES } from "../sql-types.ts";
import type { Node } from "../types.ts";
import { requireBoolean } from "./coercion.ts";
import type { Env, Typed } from "./env.ts";

export interface AggregateCall {
  readonly name: string;
  readonly args: readonly Typed[];
  readonly distinct: boolean;
  readonly filter: Typed | null;
  readonly env: Env;
}

type AggregateRule = (invocation: AggregateCall, only: Typed) => SqlType;

const ORDERED = new Set([
  "smallint",
  "integer",
  "bigint",
  "numeric",
  "real",
  "double",
  "text",
  "date",
  "timestamp",
  "timestamptz",
]);

function refuseArgument(invocation: AggregateCall, only: Typed): never {
  return refuse(
    GATE.aggregate,
    `${invocation.name}(${describeType(only.type)}) is not supported`,
    "cast its argument to an exact number",
  );
}

/** The type of sum(x) in PostgreSQL, or null where the engines differ. */
export function sumType(type: SqlType): SqlType | null {
  if (type.kind === "smallint" || type.kind === "integer") return TYPES.bigint;
  if (type.kind === "bigint") return numeric(38, 0);
  if (type.kind === "numeric") return numeric(38, type.scale ?? 0);
  return type.kind === "double" ? TYPES.double : null;
}

const RULES: Readonly<Record<string, AggregateRule>> = {
  count: () => TYPES.bigint,
  sum: (invocation, only) => sumType(only.type) ?? refuseArgument(invocation, only),
  avg: (invocation, only) => {
    if (only.type.kind === "double") return TYPES.double;
    if (!isExactNumber(only.type) || isFloat(only.type)) return refuseArgument(invocation, only);
    invocation.env.findings.hasExactAverage = true;
    return TYPES.average;
  },
  min: (invocation, only) => (ORDERED.has(only.type.kind) ? only.type : refuseArgument(invocation, only)),
  max: (invocation, only) => (ORDERED.has(only.type.kind) ? only.type : refuseArgument(invocation, only)),
  bool_and: (_invocation, only) => requireBoolean(only, "the argument of bool_and").type,
  bool_or: (_invocation, only) => requireBoolean(only, "the argument of bool_or").type,
};

export function isAggregate(name: string): boolean {
  return name === "count_star" || Object.hasOwn(RULES, name) || name === "every";
}

export function checkAggregate(written: AggregateCall): Typed {
  const name = written.name === "every" ? "bool_and" : written.name;
  const filter: Node | null = written.filter ? requireBoolean(written.filter, "a filter").node : null;
  if (name === "count_star") return { node: call(name, [], { filter }), type: TYPES.bigint };
  const [only] = written.args;
  const rule = RULES[name];
  if (!only || !rule || written.args.length !== 1) {
    return refuse(
      GATE.aggregate,
      `${name} with ${written.args.length} arguments is not supported`,
      "aggregates take one argument here",
    );
  }
  return {
    node: call(name, [only.node], { filter, distinct: written.distinct }),
    type: rule({ ...written, name }, only),
  };
}
