// Statements of user `plans`: calls of the relations in schema `engine`, always at explicit snapshots, always on the
// second connection.

import type { CatalogWatch } from "../duck/catalog-watch.ts";
import { bringChangedRows, dropChangedRows } from "../duck/changed-rows.ts";
import type { LakeConnection } from "../duck/connection.ts";
import type { LakeHealth } from "../duck/health.ts";
import type { Lake } from "../duck/lake.ts";
import type { ReadCounters } from "../duck/read-counters.ts";
import type { RowSource } from "../duck/rows.ts";
import { deathIn } from "../errors.ts";
import { syntaxError } from "../planner/ast.ts";
import { compilePlanCall } from "../planner/compile-call.ts";
import { plainNames } from "../planner/dialect.ts";
import { readNewTable } from "../planner/new-table.ts";
import { readPlanCall } from "../planner/plan-call.ts";
import type { Ast, CompiledCall, EngineFacts, PlanCall, PlannerServices, Refusal } from "../planner/types.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";
import type { Admission } from "./admission.ts";
import type { AuxConnection } from "./aux-connection.ts";
import { bounded, type RowBound } from "./bounded-rows.ts";
import { type Execution, type PreparedQuery, type StatementContext, selected, WrappedRows } from "./execution.ts";
import { HealingRows } from "./healing-rows.ts";
import { makeTable } from "./new-tables.ts";
import { PingRows, readPing } from "./ping-rows.ts";
import { orThrow } from "./refusals.ts";
import type { SchemaCache } from "./schema-cache.ts";
import type { Turn } from "./turn.ts";

export interface PlanServices {
  readonly lake: Lake;
  readonly health: LakeHealth;
  readonly catalog: CatalogWatch;
  readonly aux: AuxConnection;
  readonly admission: Admission;
  readonly planner: (signal: () => AbortSignal) => PlannerServices;
  readonly zone: () => ZoneOffset;
  readonly facts: EngineFacts;
  readonly counters: ReadCounters;
  readonly schemas: SchemaCache;
  readonly turn: Turn;
  readonly metadataSchema: string;
}

const DEFAULT_ZONE = "UTC";

export function preparePlanQuery(sql: string, services: PlanServices): PreparedQuery {
  const columns = readPing(sql);
  if (columns === null) return { start: (context) => start(sql, services, context) };
  return {
    start: async () => selected(new PingRows(columns, await factsNow(services), services.zone())),
  };
}

/** Calls are long, and names that DuckDB does not read are rare: only what it cannot read is looked at word by word. */
async function parse(sql: string, planner: PlannerServices): Promise<Ast> {
  const ast = await planner.parse(sql);
  return syntaxError(ast) === null ? ast : planner.parse(plainNames(sql));
}

async function factsNow({ facts, health }: PlanServices): Promise<EngineFacts> {
  return { ...facts, problem: await health.problem() };
}

async function start(sql: string, services: PlanServices, context: StatementContext): Promise<Execution> {
  const { lake, admission } = services;
  const planner = services.planner(context.signal);
  const ast = await parse(sql, planner);
  const call = orThrow(readPlanCall(ast, (index) => context.values[index - 1] ?? null));
  const isPing = call.relation === "ping";
  if (!isPing) await services.catalog.beforeReading();
  // By the plan and not by the statement, which has other snapshots each time.
  const suspect = `${call.relation} ${call.planText ?? call.definition ?? ""}`;
  lake.suspects.refuse(suspect);
  const factsOfCall = await factsFor(call, services, context);
  const compiled = orThrow(await compile(call, planner, { ...services, facts: factsOfCall }));
  const bound = call.plan;
  const run = () => HealingRows.open(lake, () => open(compiled, services, { ...context, suspect, bound }));
  // A ping must be answered however busy the engine is.
  if (isPing) return selected(await run());
  const rows = await admission.run(context.signal(), run);
  return selected(new WrappedRows(rows, (step) => admission.run(context.signal(), step)));
}

/** What the call asks for beyond a query is done here. */
async function factsFor(call: PlanCall, services: PlanServices, { signal }: StatementContext): Promise<EngineFacts> {
  if (call.relation === "ping") return factsNow(services);
  if (call.definition === null) return services.facts;
  const { lake, catalog, turn, metadataSchema, admission, schemas } = services;
  const wanted = orThrow(readNewTable(call.definition));
  const table = await admission.run(signal(), () =>
    makeTable(wanted, { lake, catalog, turn, metadataSchema, signal: signal() }),
  );
  schemas.forget();
  return { ...services.facts, table };
}

/** With the columns of now where they decide: what is described is kept, and what is refused is looked at once more. */
async function compile(
  call: PlanCall,
  planner: PlannerServices,
  { facts, schemas }: PlanServices,
): Promise<CompiledCall | Refusal> {
  if (call.relation !== "describe") {
    const compiled = await compilePlanCall(call, planner, facts);
    if (compiled.ok) return compiled;
  }
  schemas.forget();
  return compilePlanCall(call, planner, facts);
}

interface PlanContext extends StatementContext {
  readonly suspect: string;
  readonly bound: RowBound | null;
}

function open(compiled: CompiledCall, services: PlanServices, context: PlanContext): Promise<RowSource> {
  const { aux, lake } = services;
  const watched = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      if (deathIn(error)?.diedOfIt) lake.suspects.blame(context.suspect);
      throw error;
    }
  };
  return aux.use((connection) =>
    watched(async () => {
      await connection.setTimeZone(compiled.settings.get("TimeZone") ?? DEFAULT_ZONE, context.signal());
      const rows = await openRows(compiled, services, { connection, signal: context.signal });
      return new WrappedRows(bounded(rows, context.bound), watched);
    }),
  );
}

interface Reading {
  readonly connection: LakeConnection;
  readonly signal: () => AbortSignal;
}

async function openRows(
  { sql, changed }: CompiledCall,
  { zone, counters }: PlanServices,
  { connection, signal }: Reading,
): Promise<RowSource> {
  if (changed !== null) await bringChangedRows({ connection, changed, signal: signal() }, counters);
  const rows = await connection.open(sql, zone(), signal);
  // Its tables go before the rows are sent: what is left of the result is kept in memory, and it is small.
  if (changed !== null) await dropChangedRows(connection, signal());
  return rows;
}
