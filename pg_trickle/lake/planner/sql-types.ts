// Types as the gate sees them: PostgreSQL's view of a value, because its rules decide what the right answer is.
import { LosslessNumber } from "lossless-json";
import { child, text } from "./ast.ts";
import type { Json, Node } from "./types.ts";

export type Kind =
  | "smallint"
  | "integer"
  | "bigint"
  | "numeric"
  | "real"
  | "double"
  | "text"
  | "boolean"
  | "date"
  | "time"
  | "timestamp"
  | "timestamptz"
  | "interval"
  | "uuid"
  | "array"
  /** A quoted literal without a cast: it takes the type of what it meets. */
  | "literal"
  | "null"
  /** avg(…) over exact numbers: right only when PostgreSQL divides, so nothing may be computed with it here. */
  | "average"
  /** A row's place (place.ts): equal or not, nothing else. */
  | "tid"
  /** May be passed through, counted and tested for NULL, nothing else. */
  | "other";

export interface SqlType {
  readonly kind: Kind;
  /** Of numeric: digits in all and after the point. */
  readonly width?: number;
  readonly scale?: number;
  /** Of array. */
  readonly element?: SqlType;
}

export const TYPES = {
  smallint: { kind: "smallint" },
  integer: { kind: "integer" },
  bigint: { kind: "bigint" },
  real: { kind: "real" },
  double: { kind: "double" },
  text: { kind: "text" },
  boolean: { kind: "boolean" },
  date: { kind: "date" },
  time: { kind: "time" },
  timestamp: { kind: "timestamp" },
  timestamptz: { kind: "timestamptz" },
  interval: { kind: "interval" },
  uuid: { kind: "uuid" },
  literal: { kind: "literal" },
  null: { kind: "null" },
  average: { kind: "average" },
  tid: { kind: "tid" },
  other: { kind: "other" },
} as const satisfies Record<string, SqlType>;

const BY_DUCKDB_ID: Readonly<Record<string, SqlType>> = {
  TINYINT: TYPES.smallint,
  SMALLINT: TYPES.smallint,
  INTEGER: TYPES.integer,
  BIGINT: TYPES.bigint,
  FLOAT: TYPES.real,
  DOUBLE: TYPES.double,
  VARCHAR: TYPES.text,
  BOOLEAN: TYPES.boolean,
  DATE: TYPES.date,
  TIME: TYPES.time,
  TIMESTAMP: TYPES.timestamp,
  "TIMESTAMP WITH TIME ZONE": TYPES.timestamptz,
  INTERVAL: TYPES.interval,
  UUID: TYPES.uuid,
};

const INTEGER_DIGITS: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 };
export const MAX_WIDTH = 38;

export function numeric(width: number, scale: number): SqlType {
  return { kind: "numeric", width: Math.min(width, MAX_WIDTH), scale };
}

/** The type of a column, from DESCRIBE's text. */
export function typeOfColumn(described: string): SqlType {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(described);
  if (decimal) return numeric(Number(decimal[1]), Number(decimal[2]));
  return BY_DUCKDB_ID[described] ?? TYPES.other;
}

/** The type that a CAST node of the tree names, or null for one that the gate does not know. */
export function typeOfNode(node: Node): SqlType | null {
  const info = child(node, "type_info");
  const id = text(node, "id");
  if (id === "DECIMAL" && info) return numeric(Number(info["width"]), Number(info["scale"]));
  if (id === "LIST" && info) {
    const element = typeOfNode(child(info, "child_type") ?? {});
    return element ? { kind: "array", element } : null;
  }
  return info === null ? (BY_DUCKDB_ID[id] ?? null) : null;
}

const ID_BY_KIND: Readonly<Partial<Record<Kind, string>>> = {
  smallint: "SMALLINT",
  integer: "INTEGER",
  bigint: "BIGINT",
  real: "FLOAT",
  double: "DOUBLE",
  text: "VARCHAR",
  boolean: "BOOLEAN",
  date: "DATE",
  time: "TIME",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMP WITH TIME ZONE",
  interval: "INTERVAL",
  uuid: "UUID",
};

/** The tree's node for a type; only for kinds that the gate builds casts to. */
export function typeNode(type: SqlType): Node {
  if (type.kind === "numeric") {
    return { id: "DECIMAL", type_info: decimalInfo(type.width ?? MAX_WIDTH, type.scale ?? 0) };
  }
  const id = ID_BY_KIND[type.kind];
  if (id === undefined) throw new TypeError(`no DuckDB type for ${type.kind}`);
  return { id, type_info: null };
}

function decimalInfo(width: number, scale: number): Json {
  return {
    type: "DECIMAL_TYPE_INFO",
    alias: "",
    extension_info: null,
    width: new LosslessNumber(String(width)),
    scale: new LosslessNumber(String(scale)),
  };
}

export function isInteger(type: SqlType): boolean {
  return type.kind === "smallint" || type.kind === "integer" || type.kind === "bigint";
}

export function isExactNumber(type: SqlType): boolean {
  return isInteger(type) || type.kind === "numeric";
}

export function isFloat(type: SqlType): boolean {
  return type.kind === "real" || type.kind === "double";
}

export function isNumber(type: SqlType): boolean {
  return isExactNumber(type) || isFloat(type);
}

export function isTextual(type: SqlType): boolean {
  return type.kind === "text" || type.kind === "literal" || type.kind === "null";
}

/** Adopts the type of whatever it meets. */
export function isUntyped(type: SqlType): boolean {
  return type.kind === "literal" || type.kind === "null";
}

/** An exact number as numeric: `bigint` is numeric(19,0). */
export function asNumeric(type: SqlType): SqlType {
  return type.kind === "numeric" ? type : numeric(INTEGER_DIGITS[type.kind] ?? MAX_WIDTH, 0);
}

export function describeType(type: SqlType): string {
  if (type.kind === "numeric") return `numeric(${type.width},${type.scale})`;
  if (type.kind === "array") return `${type.element ? describeType(type.element) : "?"}[]`;
  return type.kind;
}

const RANK: readonly Kind[] = ["smallint", "integer", "bigint", "numeric", "real", "double"];

/** The common type of two operands as PostgreSQL resolves it, or null where it would not. */
export function commonType(left: SqlType, right: SqlType): SqlType | null {
  if (left.kind === "null") return right;
  if (right.kind === "null" || right.kind === "literal") return left;
  if (left.kind === "literal") return right;
  if (left.kind === right.kind) return left.kind === "numeric" ? widerNumeric(left, right) : left;
  return isNumber(left) && isNumber(right) ? commonNumber(left, right) : null;
}

function commonNumber(left: SqlType, right: SqlType): SqlType {
  const isNumeric = left.kind === "numeric" || right.kind === "numeric";
  if (isNumeric && !isFloat(left) && !isFloat(right)) return widerNumeric(asNumeric(left), asNumeric(right));
  return RANK.indexOf(left.kind) > RANK.indexOf(right.kind) ? left : right;
}

function widerNumeric(left: SqlType, right: SqlType): SqlType {
  const scale = Math.max(left.scale ?? 0, right.scale ?? 0);
  const whole = Math.max((left.width ?? 0) - (left.scale ?? 0), (right.width ?? 0) - (right.scale ?? 0));
  return numeric(whole + scale, scale);
}
