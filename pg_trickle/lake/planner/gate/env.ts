// What every rule of the gate works with. A rule takes a node of the user's query and gives a new node built from the
// parts that it understood, with its PostgreSQL type; what it does not understand it refuses, so nothing slips through
// by not being looked at.
import { isObject, text } from "../ast.ts";
import { GATE, refuse } from "../refusal.ts";
import type { SqlType } from "../sql-types.ts";
import type { Json, Node } from "../types.ts";

export interface Typed {
  readonly node: Node;
  readonly type: SqlType;
}

export interface ScopeColumn {
  readonly name: string;
  readonly type: SqlType;
  /** What it is in the lake, where that is no column of its name; given the table's alias. */
  readonly expression?: (alias: string) => Node;
}

export interface ScopeRelation {
  readonly alias: string;
  /** As written, so that `schema.table.column` can be understood; empty where an alias was given. */
  readonly schema: string;
  readonly columns: readonly ScopeColumn[];
}

export interface Scope {
  readonly relations: readonly ScopeRelation[];
  /** Columns merged by USING: they must stay unqualified. */
  readonly merged: ReadonlyMap<string, SqlType>;
  readonly ctes: ReadonlyMap<string, readonly ScopeColumn[]>;
  readonly parent: Scope | null;
}

export const EMPTY_SCOPE: Scope = { relations: [], merged: new Map(), ctes: new Map(), parent: null };

/** A lake table as the query may use it. */
export interface Relation {
  readonly columns: readonly ScopeColumn[];
  /** The FROM item that stands for it. */
  from(alias: string, columnAliases: readonly string[]): Node;
}

/** What the gate finds out on its way; one object for a whole query. */
export interface Findings {
  readonly relations: string[];
  timeZoneDependent: boolean;
  hasExactAverage: boolean;
}

export interface CheckedQuery {
  readonly node: Node;
  readonly columns: readonly ScopeColumn[];
}

export interface Env {
  readonly scope: Scope;
  readonly findings: Findings;
  /** False for the queries of stream tables, whose answer must be the same whenever it is computed. */
  readonly allowUnorderedLimit: boolean;
  relation(schema: string, name: string): Relation | null;
  check(node: Node): Typed;
  /** Like check, for what is given out as it is: an average may be. */
  output(node: Node): Typed;
  query(node: Node, scope: Scope): CheckedQuery;
  within(scope: Scope): Env;
}

const HARMLESS = new Set(["class", "type", "alias", "query_location"]);

/** Refuses a node with a member set that the rule does not know about: dropping it would change the meaning. */
export function onlyMembers(node: Node, known: readonly string[]): void {
  for (const [key, value] of Object.entries(node)) {
    if (HARMLESS.has(key) || known.includes(key) || isDefault(value)) continue;
    const what = text(node, "function_name") || text(node, "class") || text(node, "type");
    refuse(GATE.clause, `"${key}" of ${what.toLowerCase()} is not supported`, "leave that part of the query out");
  }
}

function isDefault(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && (isEmptyOrder(value) || Object.keys(value).length === 0);
}

function isEmptyOrder(value: Node): boolean {
  const orders = value["orders"];
  return value["type"] === "ORDER_MODIFIER" && Array.isArray(orders) && orders.length === 0;
}

/** The text of a quoted literal (also one cast to text), else null. */
export function literalText(node: Node): string | null {
  const inner = text(node, "class") === "CAST" && isTextCast(node) ? node["child"] : node;
  if (!isObject(inner) || text(inner, "class") !== "CONSTANT") return null;
  const value = inner["value"];
  const content = isObject(value) ? value["value"] : null;
  return typeof content === "string" ? content : null;
}

function isTextCast(node: Node): boolean {
  const type = node["cast_type"];
  return isObject(type) && type["id"] === "VARCHAR";
}

/** The value of an integer literal, also in `'-5'::integer`, else null. */
export function literalInteger(node: Node): bigint | null {
  const inner = text(node, "class") === "CAST" ? node["child"] : node;
  if (!isObject(inner) || text(inner, "class") !== "CONSTANT") return null;
  const value = inner["value"];
  const type = isObject(value) ? value["type"] : null;
  if (!isObject(value) || !isObject(type) || type["id"] === "DECIMAL") return null;
  const content = value["value"];
  const digits = content === null || content === undefined || isObject(content) ? "" : String(content);
  return /^[+-]?\d+$/.test(digits) ? BigInt(digits) : null;
}
