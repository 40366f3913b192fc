// For tests only: real DuckDB behind PlannerServices.
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { readAst, writeAst } from "./ast.ts";
import type { Ast, Column, PlannerServices } from "./types.ts";

export interface TestDuckdb {
  readonly connection: DuckDBConnection;
  readonly services: PlannerServices;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  close(): void;
}

/** DuckDB in memory with a database `lake`, set up by the given statements. */
export async function startTestDuckdb(...setup: readonly string[]): Promise<TestDuckdb> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("set global integer_division = true; set global TimeZone = 'UTC'");
  await connection.run("set global disabled_optimizers = 'statistics_propagation'");
  for (const sql of setup) await connection.run(sql);
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  const one = async (sql: string, value: string): Promise<string> => {
    const reader = await connection.runAndReadAll(sql, [value]);
    return String(reader.getRows()[0]?.[0]);
  };
  const services: PlannerServices = {
    parse: async (sql) => readAst(await one("select json_serialize_sql($1::varchar, skip_default := false)", sql)),
    print: (ast: Ast) => one("select json_deserialize_sql($1::json)", writeAst(ast)),
    sourceColumns: async (table, snapshot) => describeTable(table, snapshot, rows),
    describe: async (ast) => columnsOf(await rows(`describe ${await services.print(ast)}`)),
  };
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, services, rows, close };
}

function columnsOf(rows: readonly (readonly unknown[])[]): readonly Column[] {
  return rows.map((row) => ({ name: String(row[0]), type: String(row[1]) }));
}

async function describeTable(
  table: string,
  snapshot: bigint | null,
  rows: TestDuckdb["rows"],
): Promise<readonly Column[] | null> {
  const [schema, name] = table.split(".");
  const at = snapshot === null ? "" : ` at (version => ${snapshot})`;
  try {
    return columnsOf(await rows(`describe select * from lake."${schema}"."${name}"${at}`));
  } catch (error) {
    if (String(error).includes("does not exist")) return null;
    throw error;
  }
}
