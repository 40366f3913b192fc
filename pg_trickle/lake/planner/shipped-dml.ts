// INSERT, UPDATE and DELETE of user `lake`. Names are quoted anew and expressions are printed from their trees, so no
// text of the statement reaches DuckDB's parser a second time.

import { child, nodes, statement, text } from "./ast.ts";
import { NO_TABLE, select } from "./build.ts";
import {
  type DmlTarget,
  depths,
  identifier,
  indexOfKeyword,
  parenthesized,
  readTarget,
  refuseUnserved,
  splitAtCommas,
} from "./dml-tokens.ts";
import { adopt, convert, requireBoolean } from "./gate/coercion.ts";
import { EMPTY_SCOPE, type Env, type Typed } from "./gate/env.ts";
import { checkFrom } from "./gate/from.ts";
import { gateEnv } from "./gate/gate.ts";
import { bindParameters } from "./parameters.ts";
import { quoteIdentifier } from "./quoting.ts";
import { forbidden, GATE, notSupported, refuse } from "./refusal.ts";
import { LAKE } from "./relations.ts";
import { LAKE_SCHEMA, lakeRelations, PINNED, parseQuery, shippedOptions } from "./shipped-select.ts";
import { type SqlType, TYPES, typeOfColumn } from "./sql-types.ts";
import { type Token, tokenWord } from "./tokens.ts";
import type { InsertCell, Node, ParameterValue, PlannerServices, ShippedStatement } from "./types.ts";

/** UPDATE or DELETE with its expressions parsed. */
export interface ChangeStatement {
  readonly kind: "update" | "delete";
  readonly name: string;
  readonly columns: readonly string[];
  /** `select <new values> from main.<name> where <condition>` */
  readonly query: Node;
}

export async function readChange(tokens: readonly Token[], services: PlannerServices): Promise<ChangeStatement> {
  refuseUnserved(tokens);
  const kind = tokenWord(tokens[0]) === "update" ? "update" : "delete";
  const target = changeTarget(tokens, kind === "update" ? 1 : 2);
  const end = indexOfKeyword(tokens, "where", target.next);
  const head = tokens.slice(target.next, end);
  const assignments = kind === "update" ? readAssignments(head) : [];
  if (kind === "delete" && head.length > 0)
    notSupported("delete with an alias or a join is not supported", "write delete from … where …");
  const condition = tokens.slice(end + 1);
  if (end < tokens.length && condition.length === 0) refuse(GATE.syntax, "where has no condition", "give one");
  const query = await parseQuery(
    asSelect(
      assignments.map((item) => item.value),
      target.name,
      condition,
    ),
    services,
  );
  requireBareSelect(query, Math.max(assignments.length, 1));
  return { kind, name: target.name, columns: assignments.map((item) => item.column), query };
}

function changeTarget(tokens: readonly Token[], at: number): DmlTarget {
  const target = readTarget(tokens, at);
  const { schema, name } = target;
  if (schema !== LAKE_SCHEMA)
    forbidden(`relation "${schema}.${name}" is not a lake table`, "only tables of schema main can be changed");
  if (PINNED.test(name)) notSupported("a table pinned to a snapshot can not be changed", "change the table itself");
  return target;
}

interface Assignment {
  readonly column: string;
  readonly value: readonly Token[];
}

function readAssignments(head: readonly Token[]): readonly Assignment[] {
  if (tokenWord(head[0]) !== "set")
    notSupported("update with an alias or a join is not supported", "write update … set … where …");
  return splitAtCommas(head.slice(1)).map((part) => {
    if (part[1]?.text !== "=" || part.length < 3)
      notSupported("only set column = expression is supported", "set the columns one by one");
    return { column: identifier(part[0]), value: part.slice(2) };
  });
}

const symbol = (value: string): Token => ({ kind: "symbol", text: value });
const wordToken = (value: string): Token => ({ kind: "word", text: value });

function asSelect(values: readonly (readonly Token[])[], table: string, condition: readonly Token[]): readonly Token[] {
  const wrapped = (values.length === 0 ? [[wordToken("null")]] : values).flatMap((value, index) => [
    ...(index === 0 ? [] : [symbol(",")]),
    symbol("("),
    ...value,
    symbol(")"),
  ]);
  const name: Token = { kind: "quoted", text: quoteIdentifier(table) };
  const where = condition.length === 0 ? [] : [wordToken("where"), symbol("("), ...condition, symbol(")")];
  depths(condition);
  return [wordToken("select"), ...wrapped, wordToken("from"), wordToken(LAKE_SCHEMA), symbol("."), name, ...where];
}

/** The expressions must not have brought clauses of their own. */
function requireBareSelect(query: Node, width: number): void {
  const isBare =
    text(query, "type") === "SELECT_NODE" &&
    text(child(query, "from_table") ?? {}, "type") === "BASE_TABLE" &&
    nodes(query, "select_list").length === width &&
    nodes(query, "modifiers").length + nodes(query, "group_expressions").length === 0 &&
    !child(query, "having") &&
    !child(query, "qualify");
  if (!isBare) refuse(GATE.syntax, "the statement can not be read", "use set column = expression and where condition");
}

export async function bindChange(
  change: ChangeStatement,
  parameter: ParameterValue,
  services: PlannerServices,
): Promise<ShippedStatement> {
  const own = `${LAKE_SCHEMA}.${change.name}`;
  const relations = await lakeRelations(change.query, services);
  const bound = bindParameters(change.query, parameter);
  const outer = gateEnv(shippedOptions(relations));
  const from = checkFrom(child(bound, "from_table") ?? {}, outer);
  const env = outer.within({ ...EMPTY_SCOPE, relations: from.relations });
  const where = child(bound, "where_clause");
  const condition = where ? await printed(requireBoolean(env.check(where), "where").node, services) : null;
  const table = [LAKE, LAKE_SCHEMA, change.name].map(quoteIdentifier).join(".");
  const tail = condition === null ? "" : ` WHERE ${condition}`;
  if (change.kind === "delete") return { ok: true, kind: "delete", table: own, sql: `DELETE FROM ${table}${tail}` };
  const types = new Map((await services.sourceColumns(own, null))?.map((item) => [item.name, typeOfColumn(item.type)]));
  const sets = nodes(bound, "select_list").map(async (item, index) => {
    const name = change.columns[index] ?? "";
    const value = assigned(env.check(item), name, types.get(name) ?? refuseColumn(name), env);
    return `${quoteIdentifier(name)} = ${await printed(value, services)}`;
  });
  return {
    ok: true,
    kind: "update",
    table: own,
    sql: `UPDATE ${table} SET ${(await Promise.all(sets)).join(", ")}${tail}`,
  };
}

function refuseColumn(name: string): never {
  return refuse(GATE.column, `column "${name}" does not exist`, "use a column of the table");
}

/** PostgreSQL casts what is assigned to the column's type without writing it. */
function assigned(value: Typed, column: string, type: SqlType, env: Env): Node {
  if (type.kind === "other") return requirePlain(value, column);
  return value.type.kind === "literal" ? adopt(value, type).node : convert(value, type, env.findings).node;
}

function requirePlain(value: Typed, column: string): Node {
  if (value.type.kind === "null" || value.type.kind === TYPES.other.kind) return value.node;
  return refuse(GATE.type, `setting column "${column}" is not supported`, "its type exists in the lake only");
}

/** An expression's text, as DuckDB prints its tree. */
async function printed(node: Node, services: PlannerServices): Promise<string> {
  const sql = await services.print(statement(select({ select: [node], from: NO_TABLE })));
  return sql.replace(/^SELECT /, "");
}

// --- INSERT ---

type InsertStatement = Extract<ShippedStatement, { kind: "insert" }>;

/** `insert into main.events(a, b) values ($1, $2), …`: nothing but parameters and literals, so nothing to parse. */
export function readInsert(tokens: readonly Token[]): InsertStatement {
  refuseUnserved(tokens);
  const target = changeTarget(tokens, 2);
  const { inner, next } = parenthesized(tokens, target.next);
  const columns = splitAtCommas(inner).map((part) => identifier(part[0]));
  if (tokenWord(tokens[next]) !== "values") notSupported("only insert … values is supported", "send the rows");
  const rows = splitAtCommas(tokens.slice(next + 1)).map((row) => readRow(row, columns.length));
  return { ok: true, kind: "insert", table: `${LAKE_SCHEMA}.${target.name}`, columns, rows };
}

function readRow(row: readonly Token[], width: number): readonly InsertCell[] {
  const { inner, next } = parenthesized(row, 0);
  const cells = splitAtCommas(inner).map(readCell);
  if (next !== row.length || cells.length !== width)
    refuse(GATE.syntax, "a row has not as many values as columns", "give one value a column");
  return cells;
}

function readCell(part: readonly Token[]): InsertCell {
  const [token] = part;
  if (part.length === 1 && token?.kind === "parameter") return { parameter: Number(token.text.slice(1)) };
  if (part.length === 1 && tokenWord(token) === "null") return { literal: null };
  if (part.length === 1 && token?.kind === "number") return { literal: token.text };
  if (part.length === 1 && token?.kind === "string" && token.text.startsWith("'")) {
    return { literal: token.text.slice(1, -1).replaceAll("''", "'") };
  }
  return notSupported("only parameters and plain literals can be inserted", "send the values as parameters");
}
