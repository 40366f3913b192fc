// Which tables the lake has now and their columns, from its catalog: DuckDB's own list of them reads all other catalogs too.
import { METADATA_CATALOG } from "../duck/instance.ts";
import type { Lake } from "../duck/lake.ts";
import type { CatalogColumn } from "../planner/catalog-types.ts";
import { quoteIdentifier } from "../planner/quoting.ts";
import { LAKE_SCHEMA } from "../planner/shipped-select.ts";

export interface CatalogTable {
  readonly name: string;
  /** In their order, each before its parts. */
  readonly columns: readonly CatalogColumn[];
}

export interface CatalogQuery {
  readonly lake: Lake;
  readonly metadataSchema: string;
  readonly signal: AbortSignal;
}

/** Tables of schema `main`, by name. */
export async function catalogTables(query: CatalogQuery): Promise<readonly CatalogTable[]> {
  const found = new Map<string, CatalogColumn[]>();
  for (const [table, id, parent, name, type, nullsAllowed, literalDefault] of await ask(query, TABLES)) {
    const columns = found.get(String(table)) ?? [];
    found.set(String(table), columns);
    columns.push({
      id: String(id),
      parent: orNull(parent),
      name: String(name),
      type: String(type),
      isNotNull: nullsAllowed === false,
      literalDefault: orNull(literalDefault),
    });
  }
  return [...found].map(([name, columns]) => ({ name, columns }));
}

/** Names of views of schema `main`. */
export async function catalogViews(query: CatalogQuery): Promise<readonly string[]> {
  return (await ask(query, VIEWS)).map(([name]) => String(name));
}

const orNull = (value: unknown): string | null => (value === null ? null : String(value));

type InCatalog = (table: string) => string;

const CURRENT_SCHEMA = (at: InCatalog) =>
  `${at("ducklake_schema")} s on s.schema_id = t.schema_id and s.end_snapshot is null and s.schema_name = '${LAKE_SCHEMA}'`;

const TABLES = (at: InCatalog) => `
  select t.table_name, c.column_id::varchar, c.parent_column::varchar, c.column_name, c.column_type, c.nulls_allowed,
    case when c.default_value_type = 'literal' and c.default_value <> 'NULL' then c.default_value end
  from ${at("ducklake_table")} t join ${CURRENT_SCHEMA(at)}
  join ${at("ducklake_column")} c on c.table_id = t.table_id and c.end_snapshot is null
  where t.end_snapshot is null order by t.table_name, c.column_order, c.column_id`;

const VIEWS = (at: InCatalog) =>
  `select t.view_name from ${at("ducklake_view")} t join ${CURRENT_SCHEMA(at)} where t.end_snapshot is null`;

/** On a connection of its own in autocommit: what is committed now. */
function ask({ lake, metadataSchema, signal }: CatalogQuery, sql: (at: InCatalog) => string) {
  const at = (table: string) => `${METADATA_CATALOG}.${quoteIdentifier(metadataSchema)}.${table}`;
  return lake.healing(async () => {
    const connection = await lake.connect();
    try {
      return await connection.all(sql(at), signal);
    } finally {
      connection.close();
    }
  });
}
