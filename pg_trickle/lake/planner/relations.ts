// Lake tables as the gate's relations: at a snapshot, now, or as signed changes.
import { text, walk } from "./ast.ts";
import { baseTable } from "./build.ts";
import type { Relation } from "./gate/env.ts";
import { typeOfColumn } from "./sql-types.ts";
import type { Ast, Column, Node } from "./types.ts";

/** The alias under which DuckDB has the lake attached. */
export const LAKE = "lake";

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** `main.events`. */
export function splitTable(table: string): TableName {
  const dot = table.indexOf(".");
  return dot < 0 ? { schema: "main", name: table } : { schema: table.slice(0, dot), name: table.slice(dot + 1) };
}

/** A lake table read at a snapshot, or (null) as the transaction sees it. */
export function lakeTable(
  table: string,
  snapshot: bigint | null,
  alias: string,
  columnAliases: readonly string[] = [],
): Node {
  const { schema, name } = splitTable(table);
  return baseTable({ catalog: LAKE, schema, table: name, alias, columnAliases, version: snapshot });
}

export function tableRelation(table: string, snapshot: bigint | null, columns: readonly Column[]): Relation {
  return {
    columns: columns.map((item) => ({ name: item.name, type: typeOfColumn(item.type) })),
    from: (alias, columnAliases) => lakeTable(table, snapshot, alias, columnAliases),
  };
}

/** Every table name in the tree, also those that are names of CTEs: to look columns up before the gate runs. */
export function namedTables(ast: Ast): readonly TableName[] {
  const found = new Map<string, TableName>();
  for (const node of walk(ast)) {
    if (text(node, "type") !== "BASE_TABLE") continue;
    const name = { schema: text(node, "schema_name"), name: text(node, "table_name") };
    found.set(`${name.schema}.${name.name}`, name);
  }
  return [...found.values()];
}
