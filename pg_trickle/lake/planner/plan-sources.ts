// A plan's query together with the lake tables that it names, ready for the gate.
import { onlyStatement, syntaxError } from "./ast.ts";
import { parseQueryText } from "./dialect.ts";
import type { CheckedQuery, Findings } from "./gate/env.ts";
import { requireDistinctNames } from "./gate/from.ts";
import { type GateOptions, gate } from "./gate/gate.ts";
import { AVERAGE_HINT, badPlan, GATE, RefusedError, refuse } from "./refusal.ts";
import { namedTables, tableRelation } from "./relations.ts";
import { tokenize } from "./tokens.ts";
import type { Column, Node, Plan, PlannerServices, SourceTable } from "./types.ts";

export interface PlanSources {
  readonly query: Node;
  readonly snapshot: bigint | null;
  /** By name as in the tree: `schema.table` without quotes. */
  readonly tables: ReadonlyMap<string, SourceTable>;
}

export async function parsePlan(plan: Plan, services: PlannerServices): Promise<Node> {
  if (plan.sql === null) return badPlan("the plan has no sql");
  const ast = await parseQueryText(tokenize(plan.sql.replace(/;\s*$/, "")), services);
  const problem = syntaxError(ast);
  if (problem !== null) refuse(GATE.syntax, `the query can not be read: ${problem}`, "use plain SELECT statements");
  return onlyStatement(ast) ?? refuse(GATE.statement, "the plan is not one SELECT", "use one SELECT statement");
}

export async function readSources(
  plan: Plan,
  query: Node,
  snapshot: bigint | null,
  services: PlannerServices,
): Promise<PlanSources> {
  const byName = new Map([...plan.tables].map(([name, table]) => [unquoted(name), table] as const));
  const tables = new Map<string, SourceTable>();
  for (const { schema, name } of namedTables(query)) {
    const key = schema === "" ? name : `${schema}.${name}`;
    const table = byName.get(key);
    if (table !== undefined) tables.set(key, { table, columns: await requireTable(table, snapshot, services) });
  }
  return { query, snapshot, tables };
}

/** `"My schema".events` → `My schema.events`. */
export function unquoted(name: string): string {
  return name.replace(/"((?:[^"]|"")*)"/g, (_, inner: string) => inner.replaceAll('""', '"'));
}

export async function requireTable(
  table: string,
  snapshot: bigint | null,
  services: PlannerServices,
): Promise<readonly Column[]> {
  const columns = await services.sourceColumns(table, snapshot);
  if (columns) return columns;
  const when = snapshot === null ? "" : ` at snapshot ${snapshot}`;
  throw new RefusedError(
    "LT007",
    "LT007",
    `table "${table}" does not exist in the lake${when}`,
    "it was dropped or renamed, or not made yet",
  );
}

export function planOptions(sources: PlanSources): GateOptions {
  return {
    allowUnorderedLimit: false,
    relation: (schema, name) => {
      const source = sources.tables.get(schema === "" ? name : `${schema}.${name}`);
      return source ? tableRelation(source.table, sources.snapshot, source.columns) : null;
    },
  };
}

export function gateFreely(sources: PlanSources): CheckedQuery & { readonly findings: Findings } {
  const checked = gate(sources.query, planOptions(sources));
  requireDistinctNames(checked.columns);
  return checked;
}

/** For queries whose rows are fetched as they are. */
export function gatePlan(sources: PlanSources): CheckedQuery {
  const checked = gateFreely(sources);
  if (checked.findings.hasExactAverage) refuseAverage();
  return checked;
}

export function refuseAverage(): never {
  return refuse(GATE.average, "avg over exact numbers has other digits in DuckDB than in PostgreSQL", AVERAGE_HINT);
}
