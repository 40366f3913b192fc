// Turns a call of an engine relation into the statement that DuckDB runs.
import { onlyStatement, statement, strings, walk } from "./ast.ts";
import {
  baseTable,
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
import { CHANGED, ChangedRows } from "./changed-rows.ts";
import { describeQuery } from "./describe-query.ts";
import type { Relation, ScopeColumn } from "./gate/env.ts";
import { gate } from "./gate/gate.ts";
import { decompose } from "./incremental.ts";
import { ENGINE_SCHEMA } from "./plan-call.ts";
import { gatePlan, type PlanSources, parsePlan, planOptions, readSources, requireTable } from "./plan-sources.ts";
import { readDeltaReads, readSealReads } from "./reads.ts";
import { badPlan, refusableAsync } from "./refusal.ts";
import { sealRows } from "./seal.ts";
import { TYPES, typeOfColumn } from "./sql-types.ts";
import { deltaQuery, stateColumns, stateQuery } from "./states.ts";
import { storedRows } from "./stored.ts";
import type {
  Ast,
  Column,
  CompiledCall,
  EngineFacts,
  Node,
  Plan,
  PlanCall,
  PlannerServices,
  Refusal,
} from "./types.ts";

interface Rows {
  readonly node: Node;
  readonly columns: readonly ScopeColumn[];
  readonly changed?: ChangedRows;
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
    return {
      ok: true,
      sql: await services.print(statement(outer.node)),
      settings: call.plan?.settings ?? new Map(),
      changed: rows.changed ?? null,
    };
  });
}

function relationRows(call: PlanCall, services: PlannerServices, facts: EngineFacts): Promise<Rows> {
  const plan = call.plan;
  if (call.folder !== null) return Promise.resolve(storedRows(call.folder, facts.dataPath));
  if (plan === null) return Promise.resolve(factsRow(call, facts));
  switch (call.relation) {
    case "stored":
    case "ping":
    case "counters":
    case "create_table":
      return Promise.resolve(factsRow(call, facts));
    case "describe":
      return describeRow(plan, services);
    case "recompute":
      return recompute(plan, call, services);
    case "delta":
      return delta(plan, call, { services, facts });
    case "seal":
      return Promise.resolve(sealRows(readSealReads(call.readsText ?? ""), call.toSnapshot ?? 0n, facts.dataPath));
    case "changes":
      return changes(plan, call, { services, facts });
  }
}

/** The rows with the pseudo columns in front, as constants. */
function engineRelation(call: PlanCall, rows: Rows): Relation {
  const pseudo: readonly (readonly [string, Node | null, ScopeColumn["type"]])[] = [
    ["plan", call.planText === null ? null : textConstant(call.planText), TYPES.text],
    [
      "to_snapshot",
      call.toSnapshot === null ? null : cast(integerConstant(call.toSnapshot), TYPES.bigint),
      TYPES.bigint,
    ],
    ["reads", call.readsText === null ? null : textConstant(call.readsText), TYPES.text],
    ["folder", call.folder === null ? null : textConstant(call.folder), TYPES.text],
    ["definition", call.definition === null ? null : textConstant(call.definition), TYPES.text],
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

function factsRow(call: PlanCall, facts: EngineFacts): Rows {
  if (call.relation === "create_table") return tableRow(facts);
  return call.relation === "counters" ? countersRow(facts) : pingRow(facts);
}

function tableRow({ table }: EngineFacts): Rows {
  if (table === undefined) return badPlan("the table has not been made");
  const node = select({
    select: [
      named(booleanConstant(table.isMade), "made"),
      named(textConstant(JSON.stringify(table.columns)), "columns"),
    ],
    from: NO_TABLE,
  });
  return {
    node,
    columns: [
      { name: "made", type: TYPES.boolean },
      { name: "columns", type: TYPES.text },
    ],
  };
}

function countersRow(facts: EngineFacts): Rows {
  const { files, rows, positions, processBytes } = facts.counters();
  const counts = { files, rows, positions, process_bytes: processBytes };
  const count = ([name, value]: readonly [string, number]) =>
    named(cast(integerConstant(BigInt(value)), TYPES.bigint), name);
  return {
    node: select({ select: Object.entries(counts).map(count), from: NO_TABLE }),
    columns: Object.keys(counts).map((name) => ({ name, type: TYPES.bigint })),
  };
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
  const description = JSON.stringify(await describeQuery(plan, services));
  const node = select({ select: [named(textConstant(description), "description")], from: NO_TABLE });
  return { node, columns: [{ name: "description", type: TYPES.text }] };
}

async function recompute(plan: Plan, call: PlanCall, services: PlannerServices): Promise<Rows> {
  const sources = await sourcesOf(plan, call, services);
  if (plan.shape === "rows") return gatePlan(sources);
  const parts = decompose(sources.query, planOptions(sources));
  return { node: stateQuery(parts), columns: stateColumns(parts) };
}

interface DeltaContext {
  readonly services: PlannerServices;
  readonly facts: EngineFacts;
}

/** The plan's query over the changed rows in the place of its table, each counted by its sign. */
async function delta(plan: Plan, call: PlanCall, { services, facts }: DeltaContext): Promise<Rows> {
  if (plan.shape !== "state") badPlan("a delta needs a plan of shape state");
  const sources = await sourcesOf(plan, call, services);
  const [only] = sources.tables.values();
  if (!only || sources.tables.size !== 1) return badPlan("a delta needs a plan over one table");
  const changed = new ChangedRows(readDeltaReads(call.readsText ?? ""), only.columns, { dataPath: facts.dataPath });
  const options = planOptions(sources);
  const parts = decompose(sources.query, {
    ...options,
    relation: (schema, name) => {
      const known = options.relation(schema, name);
      return (
        known && { ...known, from: (alias, aliases) => changedRelation(changed, only.columns, { alias, aliases }) }
      );
    },
  });
  return { node: deltaQuery(parts, changed.signColumn), columns: stateColumns(parts), changed };
}

interface Naming {
  readonly alias: string;
  readonly aliases: readonly string[];
}

/** The temporary table with the columns of the lake table in their order, and the sign. */
function changedRelation(changed: ChangedRows, columns: readonly Column[], { alias, aliases }: Naming): Node {
  const names = [...columns.filter((item) => changed.has(item.name)).map((item) => item.name), changed.signColumn];
  const ordered = select({ select: names.map((name) => column("changed", name)), from: changedTable() });
  return subqueryTable(ordered, alias, aliases);
}

async function sourcesOf(plan: Plan, call: PlanCall, services: PlannerServices): Promise<PlanSources> {
  return readSources(plan, await parsePlan(plan, services), call.toSnapshot, services);
}

async function changes(plan: Plan, call: PlanCall, { services, facts }: DeltaContext): Promise<Rows> {
  if (plan.table === null) return badPlan("a plan of changes names a table");
  const columns = await requireTable(plan.table, call.toSnapshot ?? 0n, services);
  const reads = readDeltaReads(call.readsText ?? "");
  const changed = new ChangedRows(reads, columns, { dataPath: facts.dataPath, withOrigin: true });
  const [snapshot = "", rowId = ""] = changed.originColumns;
  const askedAs = (name: string) => (plan.columns === null ? name : plan.columns.get(name));
  const own = columns.flatMap((item) => {
    const asked = changed.has(item.name) ? askedAs(item.name) : undefined;
    return asked === undefined ? [] : [{ ...item, asked }];
  });
  return {
    node: select({
      select: [
        named(column("changed", snapshot), "snapshot_id"),
        named(column("changed", rowId), "rowid"),
        named(column("changed", changed.signColumn), "sign"),
        ...own.map((item) => named(column("changed", item.name), item.asked)),
      ],
      from: changedTable(),
    }),
    columns: [
      { name: "snapshot_id", type: TYPES.bigint },
      { name: "rowid", type: TYPES.bigint },
      { name: "sign", type: TYPES.smallint },
      ...own.map((item) => ({ name: item.asked, type: typeOfColumn(item.type) })),
    ],
    changed,
  };
}

function changedTable(): Node {
  return baseTable({ catalog: "temp", schema: "main", table: CHANGED, alias: "changed" });
}
