// Names and values in the few statements that the engine writes itself.
import { splitTable } from "./relations.ts";

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `main.events` as DuckDB finds it whatever its current database is. */
export function lakeName(table: string): string {
  const { schema, name } = splitTable(table);
  return `lake.${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The same for PostgreSQL, where a backslash may mean something: it depends on the session. */
export function postgresText(value: string): string {
  return value.includes("\\") ? `E${text(value.replaceAll("\\", "\\\\"))}` : text(value);
}

export function textList(values: readonly string[]): string {
  return `[${values.map(text).join(", ")}]`;
}

export function integers(values: readonly number[]): string {
  return `[${values.join(", ")}]::bigint[]`;
}
