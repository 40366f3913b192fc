// What stands in FROM: lake tables by name, subqueries, joins, VALUES. Nothing else: no function, no file, no catalog.
import { child, isObject, list, nodes, strings, text } from "../ast.ts";
import { baseTable, NO_TABLE, select, star, subqueryTable } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import { type SqlType, TYPES } from "../sql-types.ts";
import type { Json, Node } from "../types.ts";
import { unify } from "./coercion.ts";
import {
  type CheckedQuery,
  EMPTY_SCOPE,
  type Env,
  onlyMembers,
  type Scope,
  type ScopeColumn,
  type ScopeRelation,
} from "./env.ts";

export interface CheckedFrom {
  readonly node: Node;
  readonly relations: readonly ScopeRelation[];
  readonly merged: ReadonlyMap<string, SqlType>;
}

export function checkFrom(node: Node, env: Env): CheckedFrom {
  switch (text(node, "type")) {
    case "EMPTY":
      return { node: NO_TABLE, relations: [], merged: new Map() };
    case "BASE_TABLE":
      return checkTable(node, env);
    case "SUBQUERY":
      return checkDerived(node, env);
    case "JOIN":
      return checkJoin(node, env);
    case "TABLE_FUNCTION":
      return refuse(
        GATE.tableFunction,
        `table function ${functionName(node)} is not supported`,
        "only lake tables can be read",
      );
    default:
      return refuse(
        GATE.clause,
        `${text(node, "type").toLowerCase()} in from is not supported`,
        "only lake tables can be read",
      );
  }
}

function functionName(node: Node): string {
  return text(child(node, "function") ?? {}, "function_name");
}

function checkTable(node: Node, env: Env): CheckedFrom {
  const [catalog, schema, name] = [text(node, "catalog_name"), text(node, "schema_name"), text(node, "table_name")];
  if (catalog !== "") refuseRelation(`${catalog}.${schema}.${name}`);
  onlyMembers(node, ["schema_name", "table_name", "column_name_alias"]);
  const alias = text(node, "alias") || name;
  const aliases = strings(node, "column_name_alias");
  const cte = schema === "" ? cteColumns(name, env.scope) : null;
  if (cte) {
    const from = baseTable({ table: name, alias, columnAliases: aliases });
    return single(from, alias, "", renamed(cte, aliases));
  }
  const relation = env.relation(schema, name);
  const shown = schema ? `${schema}.${name}` : name;
  if (!relation) return refuseRelation(shown);
  if (!env.findings.relations.includes(shown)) env.findings.relations.push(shown);
  return single(
    relation.from(alias, aliases),
    alias,
    text(node, "alias") ? "" : schema,
    renamed(relation.columns, aliases),
  );
}

function refuseRelation(name: string): never {
  return refuse(
    GATE.relation,
    `relation "${name}" is not a table of this query's lake`,
    "only lake tables can be read",
  );
}

function cteColumns(name: string, from: Scope): readonly ScopeColumn[] | null {
  for (let scope: Scope | null = from; scope !== null; scope = scope.parent) {
    const found = scope.ctes.get(name);
    if (found) return found;
  }
  return null;
}

function single(node: Node, alias: string, schema: string, columns: readonly ScopeColumn[]): CheckedFrom {
  return { node, relations: [{ alias, schema, columns }], merged: new Map() };
}

function renamed(columns: readonly ScopeColumn[], aliases: readonly string[]): readonly ScopeColumn[] {
  if (aliases.length > columns.length) refuse(GATE.column, "there are more column aliases than columns", "");
  return columns.map((item, index) => ({ ...item, name: aliases[index] ?? item.name }));
}

function checkDerived(node: Node, env: Env): CheckedFrom {
  onlyMembers(node, ["subquery", "column_name_alias"]);
  const query = child(child(node, "subquery") ?? {}, "node") ?? {};
  const alias = text(node, "alias");
  if (alias === "") refuse(GATE.clause, "a subquery in from needs an alias", "give it one");
  const aliases = strings(node, "column_name_alias");
  const checked = valuesOf(query, env) ?? env.query(query, { ...EMPTY_SCOPE, parent: env.scope });
  const columns = renamed(checked.columns, aliases);
  requireDistinctNames(columns);
  return single(subqueryTable(checked.node, alias, aliases), alias, "", columns);
}

/** DuckDB takes the first of two columns whose names differ in case only; PostgreSQL tells them apart. */
export function requireDistinctNames(columns: readonly ScopeColumn[]): void {
  const names = columns.map((item) => item.name.toLowerCase());
  const twice = columns.find((item, index) => names.indexOf(item.name.toLowerCase()) !== index);
  if (twice) refuse(GATE.column, `the query has two columns named "${twice.name}"`, "give each column its own name");
}

/** `(VALUES …)`, which the parser wraps as `select * from valueslist`. */
function valuesOf(query: Node, env: Env): CheckedQuery | null {
  const from = child(query, "from_table") ?? {};
  const [only] = nodes(query, "select_list");
  if (text(from, "type") !== "EXPRESSION_LIST" || text(only ?? {}, "class") !== "STAR") return null;
  const rows = list(from, "values").map((row) => (Array.isArray(row) ? row.filter(isObject).map(env.check) : []));
  const width = rows[0]?.length ?? 0;
  const cells = Array.from({ length: width }, (_, index) =>
    unify(
      rows.flatMap((row) => row[index] ?? []),
      "values",
    ),
  );
  const values: Json = rows.map((_, row) => cells.map((cell) => cell.values[row]?.node ?? null));
  const columns = cells.map((cell, index) => ({ name: `col${index}`, type: cell.type ?? TYPES.text }));
  const table = {
    type: "EXPRESSION_LIST",
    alias: "valueslist",
    sample: null,
    query_location: from["query_location"] ?? null,
  };
  return {
    node: select({ select: [star()], from: { ...table, expected_names: [], expected_types: [], values } }),
    columns,
  };
}

const JOINS = new Set(["INNER", "LEFT", "RIGHT", "FULL"]);

function checkJoin(node: Node, env: Env): CheckedFrom {
  onlyMembers(node, ["left", "right", "condition", "join_type", "ref_type", "using_columns"]);
  const [kind, refType] = [text(node, "join_type"), text(node, "ref_type")];
  if (!JOINS.has(kind) || !["REGULAR", "CROSS"].includes(refType)) {
    refuse(
      GATE.clause,
      `${refType.toLowerCase()} ${kind.toLowerCase()} join is not supported`,
      "use inner, left, right, full or cross join",
    );
  }
  const left = checkFrom(child(node, "left") ?? {}, env);
  const lateral = env.within({ ...EMPTY_SCOPE, relations: left.relations, merged: left.merged, parent: env.scope });
  const right = checkFrom(child(node, "right") ?? {}, lateral);
  const relations = [...left.relations, ...right.relations];
  requireDistinctAliases(relations);
  const using = strings(node, "using_columns");
  const merged = new Map([...left.merged, ...right.merged, ...mergedColumns(using, left, right)]);
  const both = env.within({ ...EMPTY_SCOPE, relations, merged, parent: env.scope });
  const condition = child(node, "condition");
  const joined = {
    type: "JOIN",
    alias: text(node, "alias"),
    sample: null,
    query_location: NO_TABLE["query_location"] ?? null,
    left: left.node,
    right: right.node,
    condition: condition ? both.check(condition).node : null,
    join_type: kind,
    ref_type: refType,
    using_columns: using,
    delim_flipped: false,
    duplicate_eliminated_columns: [],
  };
  return { node: joined, relations, merged };
}

function requireDistinctAliases(relations: readonly ScopeRelation[]): void {
  const names = relations.map((relation) => relation.alias.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(GATE.relation, `two tables in from are called "${twice}"`, "give each its own alias");
}

function mergedColumns(
  using: readonly string[],
  left: CheckedFrom,
  right: CheckedFrom,
): readonly (readonly [string, SqlType])[] {
  return using.map((name) => {
    const types = [left, right].map((side) => columnType(name, side));
    if (types[0]?.kind !== types[1]?.kind || !types[0])
      refuse(GATE.type, `using (${name}) joins columns of two types`, "cast one of them");
    return [name, types[0]];
  });
}

function columnType(name: string, side: CheckedFrom): SqlType | undefined {
  return (
    side.merged.get(name) ??
    side.relations.flatMap((relation) => relation.columns).find((item) => item.name === name)?.type
  );
}
