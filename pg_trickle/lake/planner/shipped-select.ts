// SELECT statements of user `lake`.
import { onlyStatement, statement, syntaxError } from "./ast.ts";
import { parseQueryText } from "./dialect.ts";
import type { Relation } from "./gate/env.ts";
import { type GateOptions, gate } from "./gate/gate.ts";
import { bindParameters } from "./parameters.ts";
import { hiddenPlace, placeColumns, placeText } from "./place.ts";
import { forbidden, GATE, RefusedError, refuse } from "./refusal.ts";
import { namedTables, tableRelation } from "./relations.ts";
import { TYPES } from "./sql-types.ts";
import { type Token, tokenWord } from "./tokens.ts";
import type { LakeRelation, Node, ParameterValue, PlannerServices, ShippedStatement } from "./types.ts";

export const LAKE_SCHEMA = "main";

/** `events@42`: the table at a snapshot. */
export const PINNED = /^(.+)@(\d{1,18})$/;

/** The parsed query of a SELECT's tokens. */
export async function parseQuery(tokens: readonly Token[], services: PlannerServices): Promise<Node> {
  const ast = await parseQueryText(tokens, services);
  const problem = syntaxError(ast);
  if (problem !== null) refuse(GATE.syntax, `the statement can not be read: ${problem}`, "use plain SQL");
  return onlyStatement(ast) ?? refuse(GATE.statement, "only one statement is served at a time", "send them one by one");
}

/** Without FOR UPDATE at the end: DuckDB does not parse it, and the engine serialises writers itself. */
export function withoutLocking(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.length - 1;
  const isLock = ["update", "share"].includes(tokenWord(tokens[last])) && tokenWord(tokens[last - 1]) === "for";
  return isLock ? tokens.slice(0, -2) : tokens;
}

export async function translateSelect(
  query: Node,
  parameter: ParameterValue,
  services: PlannerServices,
): Promise<ShippedStatement> {
  const relations = await lakeRelations(query, services);
  const bound = bindParameters(query, parameter);
  const checked = gate(bound, shippedOptions(relations));
  if (checked.findings.hasExactAverage) {
    refuse(
      GATE.average,
      "avg over exact numbers has other digits in DuckDB than in PostgreSQL",
      "select sum(x) and count(x)",
    );
  }
  const ctidColumns = checked.columns.flatMap((item, index) => (item.type.kind === "tid" ? [index] : []));
  const sql = await services.print(statement(checked.node));
  return { ok: true, kind: "select", sql, relations: [...relations.values()].map((item) => item.lake), ctidColumns };
}

interface KnownRelation {
  readonly lake: LakeRelation;
  readonly relation: Relation;
}

/** `main.events` and `main."events@42"`; any other schema is none of this user's business. */
export async function lakeRelations(
  query: Node,
  services: PlannerServices,
): Promise<ReadonlyMap<string, KnownRelation>> {
  const found = new Map<string, KnownRelation>();
  for (const { schema, name } of namedTables(query)) {
    if (schema === "") continue;
    if (schema !== LAKE_SCHEMA)
      forbidden(`relation "${schema}.${name}" is not a lake table`, "only tables of schema main are served");
    found.set(`${schema}.${name}`, await lakeRelation(name, services));
  }
  return found;
}

export async function lakeRelation(name: string, services: PlannerServices): Promise<KnownRelation> {
  const pinned = PINNED.exec(name);
  const table = `${LAKE_SCHEMA}.${pinned?.[1] ?? name}`;
  const snapshot = pinned?.[2] === undefined ? null : BigInt(pinned[2]);
  const columns = await services.sourceColumns(table, snapshot);
  if (!columns)
    throw new RefusedError(
      "LT007",
      "LT007",
      `table "${table}" does not exist in the lake`,
      "it was dropped or renamed, or not made yet",
    );
  const plain = tableRelation(table, snapshot, columns);
  const known = placeColumns(columns);
  const place = (alias: string) => (known === null ? hiddenPlace(table) : placeText(alias, known));
  const ctid = { name: "ctid", type: TYPES.tid, expression: place };
  return { lake: { table, snapshot }, relation: { ...plain, columns: [...plain.columns, ctid] } };
}

export function shippedOptions(relations: ReadonlyMap<string, KnownRelation>): GateOptions {
  return {
    allowUnorderedLimit: true,
    relation: (schema, name) => relations.get(`${schema}.${name}`)?.relation ?? null,
  };
}
