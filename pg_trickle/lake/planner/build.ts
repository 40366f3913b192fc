// Makes nodes of DuckDB's syntax tree, with every member that json_deserialize_sql wants.
import { LosslessNumber } from "lossless-json";
import { type SqlType, typeNode } from "./sql-types.ts";
import type { Json, Node } from "./types.ts";

const NOWHERE: Json = new LosslessNumber("0");
const NO_ORDER: Node = { type: "ORDER_MODIFIER", orders: [] };

export function expression(className: string, type: string, members: Node): Node {
  return { class: className, type, alias: "", query_location: NOWHERE, ...members };
}

export function named(node: Node, alias: string): Node {
  return { ...node, alias };
}

export function column(...names: readonly string[]): Node {
  return expression("COLUMN_REF", "COLUMN_REF", { column_names: names });
}

export function star(): Node {
  const none: readonly Json[] = [];
  return expression("STAR", "STAR", {
    relation_name: "",
    exclude_list: none,
    replace_list: none,
    columns: false,
    expr: null,
    qualified_exclude_list: none,
    rename_list: none,
  });
}

export function textConstant(value: string): Node {
  return constant({ id: "VARCHAR", type_info: null }, value);
}

export function integerConstant(value: bigint | number): Node {
  const wide = BigInt(value);
  const id = wide >= -2147483648n && wide <= 2147483647n ? "INTEGER" : "BIGINT";
  return constant({ id, type_info: null }, new LosslessNumber(wide.toString()));
}

export function nullConstant(): Node {
  return expression("CONSTANT", "VALUE_CONSTANT", { value: { type: { id: "NULL", type_info: null }, is_null: true } });
}

export function constant(type: Node, value: Json): Node {
  return expression("CONSTANT", "VALUE_CONSTANT", { value: { type, is_null: false, value } });
}

export function booleanConstant(value: boolean): Node {
  return constant({ id: "BOOLEAN", type_info: null }, value);
}

export function cast(child: Node, type: SqlType): Node {
  return expression("CAST", "OPERATOR_CAST", { child, cast_type: typeNode(type), try_cast: false });
}

export interface CallOptions {
  readonly distinct?: boolean;
  readonly filter?: Node | null;
  readonly operator?: boolean;
  readonly orders?: readonly Node[];
}

export function call(name: string, children: readonly Node[], options: CallOptions = {}): Node {
  return expression("FUNCTION", "FUNCTION", {
    function_name: name,
    schema: "",
    children,
    filter: options.filter ?? null,
    order_bys: options.orders ? { type: "ORDER_MODIFIER", orders: options.orders } : NO_ORDER,
    distinct: options.distinct ?? false,
    is_operator: options.operator ?? false,
    export_state: false,
    catalog: "",
  });
}

export function operator(type: string, children: readonly Node[]): Node {
  return expression("OPERATOR", type, { children });
}

export function compare(type: string, left: Node, right: Node): Node {
  return expression("COMPARISON", type, { left, right });
}

export function conjunction(type: "CONJUNCTION_AND" | "CONJUNCTION_OR", children: readonly Node[]): Node {
  return expression("CONJUNCTION", type, { children });
}

/** All of the conditions, or null if there is none. */
export function allOf(conditions: readonly Node[]): Node | null {
  const [first, ...more] = conditions;
  if (!first) return null;
  return more.length === 0 ? first : conjunction("CONJUNCTION_AND", conditions);
}

export interface SelectParts {
  readonly select: readonly Node[];
  readonly from: Node;
  readonly where?: Node | null;
  readonly groups?: readonly Node[];
  readonly groupSets?: Json;
  readonly having?: Node | null;
  readonly modifiers?: readonly Node[];
  readonly ctes?: readonly Node[];
}

export function select(parts: SelectParts): Node {
  const groups = parts.groups ?? [];
  const allGroups = groups.length === 0 ? [] : [groups.map((_, index) => new LosslessNumber(String(index)))];
  return {
    type: "SELECT_NODE",
    modifiers: parts.modifiers ?? [],
    cte_map: { map: parts.ctes ?? [] },
    select_list: parts.select,
    from_table: parts.from,
    where_clause: parts.where ?? null,
    group_expressions: groups,
    group_sets: parts.groupSets ?? allGroups,
    aggregate_handling: "STANDARD_HANDLING",
    having: parts.having ?? null,
    sample: null,
    qualify: null,
  };
}

export function limit(count: Node | null, offset: Node | null = null): Node {
  return { type: "LIMIT_MODIFIER", limit: count, offset };
}

export const NO_TABLE: Node = { type: "EMPTY", alias: "", sample: null, query_location: NOWHERE };

export function subqueryTable(node: Node, alias: string, columnAliases: readonly string[] = []): Node {
  return {
    type: "SUBQUERY",
    alias,
    sample: null,
    query_location: NOWHERE,
    subquery: { node, named_param_map: [] },
    column_name_alias: columnAliases,
  };
}

export function tableFunction(node: Node, alias: string): Node {
  return {
    type: "TABLE_FUNCTION",
    alias,
    sample: null,
    query_location: NOWHERE,
    function: node,
    column_name_alias: [],
  };
}

export interface BaseTableParts {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  readonly alias: string;
  readonly columnAliases?: readonly string[];
  readonly version?: bigint | null;
}

export function baseTable(parts: BaseTableParts): Node {
  const version = parts.version ?? null;
  return {
    type: "BASE_TABLE",
    alias: parts.alias,
    sample: null,
    query_location: NOWHERE,
    schema_name: parts.schema ?? "",
    table_name: parts.table,
    column_name_alias: parts.columnAliases ?? [],
    catalog_name: parts.catalog ?? "",
    at_clause: version === null ? null : { unit: "VERSION", expr: integerConstant(version) },
  };
}
