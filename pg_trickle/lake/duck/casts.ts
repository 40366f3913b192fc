// Casts in DuckDB's spelling, for the few statements that the engine writes itself.

import { LakeError } from "../errors.ts";

const isList = (type: string): boolean => type.endsWith("]");
const isCalendar = (type: string): boolean => type.startsWith("DATE") || type.startsWith("TIMESTAMP");

/** PostgreSQL's text of a value as text that DuckDB's cast to the type understands. */
export function duckText(type: string, text: string): string {
  if (isList(type)) return JSON.stringify(readArray(text));
  if (isCalendar(type)) return text.endsWith(" BC") ? beforeChrist(text) : text;
  if (type === "INTERVAL") return intervalDuckText(text);
  return type === "HUGEINT" || type === "UHUGEINT" ? storableHugeint(type, text) : text;
}

/** Parquet keeps milliseconds. PostgreSQL writes a plus sign after a negative part, which DuckDB does not read. */
function intervalDuckText(text: string): string {
  if (/\.\d{4}/.test(text)) throw notStorable("INTERVAL", text, "Parquet keeps intervals to the millisecond.");
  return text.replaceAll("+", "");
}

const EXACT_DOUBLE = 2n ** 53n;

/** DuckDB writes HUGEINT into Parquet as DOUBLE: beyond 2^53 another number would be read back. */
function storableHugeint(type: string, text: string): string {
  const isInteger = /^-?\d+$/.test(text);
  const size = isInteger ? BigInt(text.replace("-", "")) : 0n;
  if (size > EXACT_DOUBLE) throw notStorable(type, text, "Make the column DECIMAL(38,0): it is exact.");
  return text;
}

function notStorable(type: string, text: string, hint: string): LakeError {
  return new LakeError("22003", `value ${text} cannot be stored exactly as ${type}`, { hint });
}

/** `0044-03-15 12:00:00+00 BC` is written `0044-03-15 (BC) 12:00:00+00` by DuckDB. */
function beforeChrist(text: string): string {
  const plain = text.slice(0, -" BC".length);
  const end = plain.indexOf(" ");
  return end === -1 ? `${plain} (BC)` : `${plain.slice(0, end)} (BC)${plain.slice(end)}`;
}

export function castFromText(type: string, reference: string): string {
  if (type === "BLOB") return `unhex(substr(${reference}, 3))`;
  if (isList(type)) return `${reference}::json::${type}`;
  return `${reference}::${type}`;
}

type ArrayItem = string | null | ArrayItem[];

/** A PostgreSQL array's text, any number of dimensions. */
function readArray(text: string): ArrayItem[] {
  const tokens = text.match(/[{}]|"(?:[^"\\]|\\.)*"|[^{},"]+/g) ?? [];
  const [array] = readItems(tokens[Symbol.iterator]());
  return Array.isArray(array) ? array : [];
}

function readItems(tokens: Iterator<string>): ArrayItem[] {
  const items: ArrayItem[] = [];
  for (let next = tokens.next(); !next.done && next.value !== "}"; next = tokens.next()) {
    items.push(next.value === "{" ? readItems(tokens) : readElement(next.value));
  }
  return items;
}

function readElement(token: string): string | null {
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  return token.toUpperCase() === "NULL" ? null : token;
}
