// Quoted literals, accepted only in spellings that PostgreSQL and DuckDB read alike.
import { cast, constant, textConstant } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import { describeType, type Kind, type SqlType } from "../sql-types.ts";
import type { Node } from "../types.ts";

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const TIME = String.raw`\d{2}:\d{2}:\d{2}(\.\d{1,6})?`;
const INTERVAL_PART = String.raw`[+-]?\d+ (year|mon|month|day|hour|minute|second)s?`;
const INTEGER = /^[+-]?\d{1,19}$/;
const FLOAT = /^([+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|-?infinity|nan)$/i;

const SPELLING: Readonly<Partial<Record<Kind, RegExp>>> = {
  smallint: INTEGER,
  integer: INTEGER,
  bigint: INTEGER,
  numeric: /^[+-]?(\d+(\.\d*)?|\.\d+)$/,
  real: FLOAT,
  double: FLOAT,
  boolean: /^(t|f|true|false)$/,
  date: new RegExp(`^(${DATE}|-?infinity)$`),
  time: new RegExp(`^${TIME}$`),
  timestamp: new RegExp(`^(${DATE} ${TIME}|${DATE}|-?infinity)$`),
  timestamptz: new RegExp(`^(${DATE} ${TIME}[+-]\\d{2}(:\\d{2})?|-?infinity)$`),
  interval: new RegExp(`^(${INTERVAL_PART}( ${INTERVAL_PART})*( [+-]?${TIME})?|[+-]?${TIME})$`),
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
};

/** The node for a literal read as a value of a type. */
export function typedLiteral(value: string, type: SqlType): Node {
  if (type.kind === "text") return textConstant(value);
  const spelling = SPELLING[type.kind];
  if (!spelling?.test(value)) {
    refuse(GATE.literal, `'${value}' as ${describeType(type)} is not supported`, "write it in its plain ISO form");
  }
  if (type.kind === "boolean") return constant({ id: "BOOLEAN", type_info: null }, value.startsWith("t"));
  return cast(textConstant(value), type);
}

/** The elements of a PostgreSQL array literal such as `{a,"b c",NULL}`. */
export function arrayElements(value: string): readonly (string | null)[] {
  if (!/^\{.*\}$/s.test(value)) refuse(GATE.literal, `'${value}' is not an array`, "write it as array[…]");
  const body = value.slice(1, -1);
  if (body.trim() === "") return [];
  const element = /\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}\\\s](?:[^",{}\\]|\\.)*?))\s*(?:,|$)/sy;
  const found: (string | null)[] = [];
  while (element.lastIndex < body.length) {
    const match = element.exec(body);
    if (!match) refuse(GATE.literal, `'${value}' is not a plain array`, "write it as array[…]");
    found.push(elementValue(match[1], match[2]));
  }
  return found;
}

function elementValue(quoted: string | undefined, bare: string | undefined): string | null {
  if (quoted === undefined && bare?.toUpperCase() === "NULL") return null;
  return (quoted ?? bare ?? "").replace(/\\(.)/gs, "$1");
}
