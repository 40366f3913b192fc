// Names of columns, resolved here and written out qualified, so that DuckDB can never take an output alias, a struct
// member or a hidden column (rowid, filename) for what PostgreSQL meant by the name.
import { strings } from "../ast.ts";
import { column } from "../build.ts";
import { GATE, refuse } from "../refusal.ts";
import type { Node } from "../types.ts";
import { type Env, onlyMembers, type Scope, type ScopeColumn, type ScopeRelation, type Typed } from "./env.ts";

const SESSION_WORDS = new Set([
  "current_catalog",
  "current_database",
  "current_date",
  "current_role",
  "current_schema",
  "current_time",
  "current_timestamp",
  "current_user",
  "localtime",
  "localtimestamp",
  "session_user",
  "system_user",
  "user",
]);

export function checkColumn(node: Node, env: Env): Typed {
  onlyMembers(node, ["column_names"]);
  const names = strings(node, "column_names");
  for (let scope: Scope | null = env.scope; scope !== null; scope = scope.parent) {
    const found = inScope(names, scope);
    if (found) return found;
  }
  return unknownColumn(names);
}

function unknownColumn(names: readonly string[]): never {
  const name = names.join(".");
  if (names.length === 1 && SESSION_WORDS.has(name.toLowerCase())) {
    refuse(
      GATE.volatile,
      `${name} depends on the time or the session`,
      "a stream table must give the same rows whenever it is computed",
    );
  }
  return refuse(GATE.column, `column "${name}" is not known`, "only the columns of the tables in from can be used");
}

function inScope(names: readonly string[], scope: Scope): Typed | null {
  const [only] = names;
  const merged = names.length === 1 && only !== undefined ? scope.merged.get(only) : undefined;
  if (only !== undefined && merged) return { node: column(only), type: merged };
  const found = scope.relations.flatMap((relation) => inRelation(names, relation));
  if (found.length > 1)
    refuse(GATE.column, `column "${names.join(".")}" is ambiguous`, "write the table's alias before it");
  return found[0] ?? null;
}

function inRelation(names: readonly string[], relation: ScopeRelation): readonly Typed[] {
  const name = names[names.length - 1];
  const match = relation.columns.find((candidate) => candidate.name === name);
  return match && isQualifiedBy(names.slice(0, -1), relation) ? [reference(relation, match)] : [];
}

function isQualifiedBy(qualifier: readonly string[], relation: ScopeRelation): boolean {
  if (qualifier.length === 0) return true;
  const table = qualifier[qualifier.length - 1];
  const schema = qualifier.length === 2 ? qualifier[0] : "";
  return qualifier.length <= 2 && table === relation.alias && (schema === "" || schema === relation.schema);
}

function reference(relation: ScopeRelation, match: ScopeColumn): Typed {
  return { node: match.expression?.(relation.alias) ?? column(relation.alias, match.name), type: match.type };
}
