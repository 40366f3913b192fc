// Types between the lake's catalog, which has names of its own for them, and PostgreSQL, by the names of format_type(): the types by
// which the engine sends and takes their values (duck/fields.ts, duck/casts.ts), and no other.
import { notSupported } from "./refusal.ts";

/** Of `ducklake_column`: those of top level have no parent, the parts of a nested type do. */
export interface CatalogColumn {
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  /** Such as `int64`, `decimal(12,2)`, `list`, `struct`. */
  readonly type: string;
  readonly isNotNull: boolean;
  /** Its default, where that is a plain value; as text, without quotes. */
  readonly literalDefault: string | null;
}

const POSTGRES_TYPES: Readonly<Record<string, string>> = {
  boolean: "boolean",
  int8: "smallint",
  uint8: "smallint",
  int16: "smallint",
  uint16: "integer",
  int32: "integer",
  uint32: "bigint",
  int64: "bigint",
  uint64: "numeric",
  int128: "numeric",
  uint128: "numeric",
  float32: "real",
  float64: "double precision",
  varchar: "text",
  json: "json",
  blob: "bytea",
  uuid: "uuid",
  date: "date",
  time: "time without time zone",
  timetz: "time with time zone",
  timestamp: "timestamp without time zone",
  timestamp_s: "timestamp without time zone",
  timestamp_ms: "timestamp without time zone",
  timestamp_ns: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  interval: "interval",
};

/** PostgreSQL's type of a column of the catalog; null if it has none. `all` has the column's parts too. */
export function postgresType(column: CatalogColumn, all: readonly CatalogColumn[]): string | null {
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(column.type);
  if (decimal) return `numeric(${decimal[1]},${decimal[2]})`;
  if (column.type !== "list") return POSTGRES_TYPES[column.type] ?? null;
  const element = all.find((part) => part.parent === column.id);
  const type = element ? postgresType(element, all) : null;
  // PostgreSQL does not tell arrays of different dimensions apart.
  return type === null || type.endsWith("[]") ? type : `${type}[]`;
}

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  boolean: "BOOLEAN",
  smallint: "SMALLINT",
  integer: "INTEGER",
  bigint: "BIGINT",
  real: "FLOAT",
  "double precision": "DOUBLE",
  text: "VARCHAR",
  json: "JSON",
  bytea: "BLOB",
  uuid: "UUID",
  date: "DATE",
  "time without time zone": "TIME",
  "timestamp without time zone": "TIMESTAMP",
  "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
  interval: "INTERVAL",
};

/** Written as an element of an array, these would be other values in the lake. */
const NO_ELEMENTS: readonly string[] = ["bytea", "interval", "json"];

const MAX_DIGITS = 38;
const TYPES_HINT =
  "there are boolean, smallint, integer, bigint, numeric(p,s) of up to 38 digits, real, double precision, text, uuid, date, time, timestamp, timestamptz, interval, bytea, json, and arrays of most of them";

/** DuckDB's type for a column of a new lake table; refuses what the lake would keep as something else. */
export function duckdbType(column: string, type: string): string {
  const found = type.endsWith("[]") ? arrayType(type.slice(0, -2)) : scalarType(type);
  return found ?? notSupported(`column "${column}" is ${type}, which a lake table cannot have`, hintFor(type));
}

function scalarType(type: string): string | null {
  const numeric = /^numeric\((\d+),(\d+)\)$/.exec(type);
  if (!numeric) return DUCKDB_TYPES[type] ?? null;
  const [digits, scale] = [Number(numeric[1]), Number(numeric[2])];
  return digits <= MAX_DIGITS && scale <= digits ? `DECIMAL(${digits},${scale})` : null;
}

function arrayType(element: string): string | null {
  const type = NO_ELEMENTS.includes(element) ? null : scalarType(element);
  return type === null ? null : `${type}[]`;
}

function hintFor(type: string): string {
  if (/^numeric(?:\[\])?$/.test(type)) return "give it digits, such as numeric(18,2): a lake has no others";
  if (/^(?:character|bpchar)/.test(type)) return "make it text: a lake does not limit the length of text";
  return TYPES_HINT;
}
