// Turns a call of an engine relation into the statement that DuckDB runs.
import { onlyStatement, statement, strings, walk } from "./ast.ts";
import {
  booleanConstant,
  cast,
  column,
  integerConstant,
  NO_TABLE,
  named,
  nullConstant,
  select,
  subqueryTable,
  textConstant,
} from "./build.ts";
import { rawChanges, signedRelation } from "./changes.ts";
import { describePlan } from "./describe.ts";
import type { Relation, ScopeColumn } from "./gate/env.ts";
import { gate } from "./gate/gate.ts";
import { decompose } from "./incremental.ts";
import { ENGINE_SCHEMA } from "./plan-call.ts";
import { gatePlan, type PlanSources, parsePlan, planOptions, readSources, requireTable } from "./plan-sources.ts";
import { badPlan, refusableAsync } from "./refusal.ts";
import { TYPES, typeOfColumn } from "./sql-types.ts";
import { deltaQuery, stateColumns, stateQuery } from "./states.ts";
import type { Ast, CompiledCall, EngineFacts, Node, Plan, PlanCall, PlannerServices, Refusal } from "./types.ts";

interface Rows {
  readonly node: Node;
  readonly columns: readonly ScopeColumn[];
}

export function compilePlanCall(
  call: PlanCall,
  services: PlannerServices,
  facts: EngineFacts,
): Promise<CompiledCall | Refusal> {
  return refusableAsync(async () => {
    const rows = await relationRows(call, services, facts);
    const relation = engineRelation(call, rows);
    const query = onlyStatement(call.statement) ?? {};
    // What else was pushed down (conditions, aggregates, order, limit) passes the gate like any query.
    const outer = gate(query, {
      relation: (schema) => (schema === ENGINE_SCHEMA ? relation : null),
      allowUnorderedLimit: true,
    });
    return { ok: true, sql: await services.print(statement(outer.node)), settings: call.plan?.settings ?? new Map() };
  });
}

function relationRows(call: PlanCall, services: PlannerServices, facts: EngineFacts): Promise<Rows> {
  const plan = call.plan;
  if (plan === null) return Promise.resolve(pingRow(facts));
  switch (call.relation) {
    case "ping":
      return Promise.resolve(pingRow(facts));
    case "describe":
      return describeRow(plan, services);
    case "recompute":
      return recompute(plan, call, services);
    case "delta":
      return delta(plan, call, services);
    case "changes":
      return changes(plan, call, services);
  }
}

/** The rows with the pseudo columns in front, as constants. */
function engineRelation(call: PlanCall, rows: Rows): Relation {
  const pseudo: readonly (readonly [string, Node | null, ScopeColumn["type"]])[] = [
    ["plan", call.planText === null ? null : textConstant(call.planText), TYPES.text],
    [
      "from_snapshot",
      call.fromSnapshot === null ? null : cast(integerConstant(call.fromSnapshot), TYPES.bigint),
      TYPES.bigint,
    ],
    [
      "to_snapshot",
      call.toSnapshot === null ? null : cast(integerConstant(call.toSnapshot), TYPES.bigint),
      TYPES.bigint,
    ],
    ["snapshots", call.snapshotsText === null ? null : textConstant(call.snapshotsText), TYPES.text],
  ];
  const asked = namesIn(call.statement);
  const given = pseudo.filter(([name, node]) => node !== null && asked.has(name));
  const selected = [
    ...given.map(([name, node]) => named(node ?? {}, name)),
    ...rows.columns.map((item) => named(column("q", item.name), item.name)),
  ];
  return {
    columns: [...given.map(([name, , type]) => ({ name, type })), ...rows.columns],
    from: (alias, aliases) =>
      subqueryTable(select({ select: selected, from: subqueryTable(rows.node, "q") }), alias, aliases),
  };
}

/** A plan is long: it is given back only to those who ask for it. */
function namesIn(ast: Ast): ReadonlySet<string> {
  return new Set([...walk(ast)].flatMap((node) => strings(node, "column_names").slice(-1)));
}

function pingRow(facts: EngineFacts): Rows {
  const problem = facts.problem ?? null;
  const node = select({
    select: [
      named(booleanConstant(problem === null), "ok"),
      named(textConstant(facts.version), "version"),
      named(cast(textConstant(facts.startedAt), TYPES.timestamptz), "started_at"),
      named(problem === null ? cast(nullConstant(), TYPES.text) : textConstant(problem), "problem"),
    ],
    from: NO_TABLE,
  });
  return {
    node,
    columns: [
      { name: "ok", type: TYPES.boolean },
      { name: "version", type: TYPES.text },
      { name: "started_at", type: TYPES.timestamptz },
      { name: "problem", type: TYPES.text },
    ],
  };
}

async function describeRow(plan: Plan, services: PlannerServices): Promise<Rows> {
  const description = JSON.stringify(await describePlan(plan, services));
  const node = select({ select: [named(textConstant(description), "description")], from: NO_TABLE });
  return { node, columns: [{ name: "description", type: TYPES.text }] };
}

async function recompute(plan: Plan, call: PlanCall, services: PlannerServices): Promise<Rows> {
  const sources = await sourcesOf(plan, call, services);
  if (plan.shape === "rows") return gatePlan(sources);
  const parts = decompose(sources.query, planOptions(sources));
  return { node: stateQuery(parts), columns: stateColumns(parts) };
}

async function delta(plan: Plan, call: PlanCall, services: PlannerServices): Promise<Rows> {
  if (plan.shape !== "state") badPlan("a delta needs a plan of shape state");
  const sources = await sourcesOf(plan, call, services);
  const [only] = sources.tables.values();
  if (!only || sources.tables.size !== 1) return badPlan("a delta needs a plan over one table");
  const signed = signedRelation({ ...only, snapshots: call.snapshots, toSnapshot: call.toSnapshot ?? 0n });
  const options = planOptions(sources);
  const parts = decompose(sources.query, {
    ...options,
    relation: (schema, name) => {
      const known = options.relation(schema, name);
      return known && { ...known, from: signed.from };
    },
  });
  return { node: deltaQuery(parts, signed.signColumn), columns: stateColumns(parts) };
}

async function sourcesOf(plan: Plan, call: PlanCall, services: PlannerServices): Promise<PlanSources> {
  return readSources(plan, await parsePlan(plan, services), call.toSnapshot, services);
}

async function changes(plan: Plan, call: PlanCall, services: PlannerServices): Promise<Rows> {
  if (plan.table === null) return badPlan("a plan of changes names a table");
  const toSnapshot = call.toSnapshot ?? 0n;
  const columns = await requireTable(plan.table, toSnapshot, services);
  return {
    node: rawChanges({ table: plan.table, columns, snapshots: call.snapshots, toSnapshot }),
    columns: [
      { name: "snapshot_id", type: TYPES.bigint },
      { name: "rowid", type: TYPES.bigint },
      { name: "sign", type: TYPES.smallint },
      ...columns.map((item) => ({ name: item.name, type: typeOfColumn(item.type) })),
    ],
  };
}
