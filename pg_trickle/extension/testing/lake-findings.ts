/** What pgtrickle.inspect_lake() finds in a test's lake, and a person who does what it says. */
import type { DuckdbClient } from "../../../stack/ducklake.ts";

export interface Finding {
  readonly table_name: string | null;
  readonly kind: string;
  readonly first_snapshot: number | null;
  readonly last_snapshot: number | null;
  readonly object: string;
  readonly message: string;
  readonly mend: string;
}

type Sql = <T extends object>(text: string, values?: unknown[]) => Promise<T[]>;

export function findings(sql: Sql, table: string | null = null): Promise<Finding[]> {
  return sql<Finding>(
    `select table_name, kind, first_snapshot::int, last_snapshot::int, object, message, mend
     from pgtrickle.inspect_lake($1)`,
    [table],
  );
}

/** Runs the statements of a mend in their order, each where the comment above it says. */
export async function mend(text: string, { sql, duckdb }: { sql: Sql; duckdb: DuckdbClient }): Promise<void> {
  let isInDuckdb = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("--")) isInDuckdb = line.includes("DuckDB");
    else if (isInDuckdb) await duckdb.run(line);
    else await sql(line);
  }
}
