// The answers to IMPORT FOREIGN SCHEMA. A lake has collations and generated columns of no kind; a default is told where it is a plain
// value, and taken by PostgreSQL only with import_default.
import { LakeError, SQL_STATE } from "../errors.ts";
import { type CatalogColumn, postgresType } from "../planner/catalog-types.ts";
import type { ImportQuery } from "../planner/import-schema.ts";
import { postgresText } from "../planner/quoting.ts";
import { LAKE_SCHEMA, PINNED } from "../planner/shipped-select.ts";
import { type CatalogQuery, type CatalogTable, catalogTables } from "./catalog-tables.ts";
import { type Execution, INTEGER_OID, selected, TextRow, TextRows } from "./execution.ts";

export async function answerImport(asked: ImportQuery, catalog: CatalogQuery): Promise<Execution> {
  const isServed = asked.schema === LAKE_SCHEMA;
  if (asked.kind === "schema") {
    return selected(isServed ? new TextRow("?column?", "1", INTEGER_OID) : new TextRows(["?column?"], []));
  }
  const tables = isServed ? await catalogTables(catalog) : [];
  const rows = tables.filter(({ name }) => isWanted(name, asked)).flatMap((table) => tableRows(table));
  return selected(new TextRows(asked.columns, rows));
}

function isWanted(name: string, { names, isExcept }: Extract<ImportQuery, { kind: "tables" }>): boolean {
  // What is called like a table at a snapshot cannot be named.
  return !PINNED.test(name) && (names === null || names.includes(name) !== isExcept);
}

/** relname, attname, type, attnotnull, default, attgenerated, collation and its schema. */
function tableRows({ name, columns }: CatalogTable): readonly (readonly (string | null)[])[] {
  return columns
    .filter(({ parent }) => parent === null)
    .map((column) => {
      const type = postgresType(column, columns) ?? noType(name, column);
      const byDefault = column.literalDefault === null ? null : `${postgresText(column.literalDefault)}::${type}`;
      return [name, column.name, type, column.isNotNull ? "t" : "f", byDefault, "", null, null];
    });
}

function noType(table: string, column: CatalogColumn): never {
  throw new LakeError(
    SQL_STATE.notSupported,
    `column "${column.name}" of lake table ${LAKE_SCHEMA}.${table} is a ${column.type}, for which PostgreSQL has no type`,
    {
      hint: `Import the others: import foreign schema ${LAKE_SCHEMA} except ("${table.replaceAll('"', '""')}") …; and make its foreign table by hand, without that column or with it as text.`,
    },
  );
}
