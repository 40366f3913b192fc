// Statements of user `plans`: calls of the relations in schema `engine`, always at explicit snapshots, always on the
// second connection.

import { bringChangedRows, dropChangedRows } from "../duck/changed-rows.ts";
import type { LakeConnection } from "../duck/connection.ts";
import type { ReadCounters } from "../duck/read-counters.ts";
import type { ReadResult } from "../duck/rows.ts";
import { toLakeError } from "../errors.ts";
import { compilePlanCall } from "../planner/compile-call.ts";
import { readPlanCall } from "../planner/plan-call.ts";
import type { Ast, EngineFacts, PlannerServices } from "../planner/types.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";
import type { Admission } from "./admission.ts";
import type { AuxConnection } from "./aux-connection.ts";
import { type Execution, type PreparedQuery, type StatementContext, selected, WrappedRows } from "./execution.ts";
import { orThrow } from "./refusals.ts";

export interface PlanServices {
  readonly aux: AuxConnection;
  readonly admission: Admission;
  readonly planner: (signal: () => AbortSignal) => PlannerServices;
  readonly zone: () => ZoneOffset;
  readonly facts: EngineFacts;
  readonly counters: ReadCounters;
}

const DEFAULT_ZONE = "UTC";

export function preparePlanQuery(sql: string, services: PlanServices): PreparedQuery {
  return { start: (context) => start(sql, services, context) };
}

async function start(sql: string, services: PlanServices, context: StatementContext): Promise<Execution> {
  const planner = services.planner(context.signal);
  const ast: Ast = await planner.parse(sql);
  const call = orThrow(readPlanCall(ast, (index) => context.values[index - 1] ?? null));
  const compiled = orThrow(await compilePlanCall(call, planner, services.facts));
  const open = (connection: LakeConnection) => connection.open(compiled.sql, services.zone(), context.signal);
  const run = () =>
    services.aux.use(async (connection) => {
      await connection.setTimeZone(compiled.settings.get("TimeZone") ?? DEFAULT_ZONE, context.signal());
      if (compiled.changed === null) return open(connection);
      const step = { connection, changed: compiled.changed, signal: context.signal() };
      await bringChangedRows(step, services.counters).catch(rethrow);
      const rows = await open(connection);
      // Its tables go before the rows are sent: what is left of the result is kept in memory, and it is small.
      await dropChangedRows(connection, context.signal());
      return rows;
    });
  // A ping must be answered however busy the engine is.
  if (call.relation === "ping") return selected(await run());
  const rows = await services.admission.run(context.signal(), run);
  const around = (step: () => Promise<ReadResult>) => services.admission.run(context.signal(), step);
  return selected(new WrappedRows(rows, (step) => around(step).catch(rethrow)));
}

function rethrow(error: unknown): never {
  throw toLakeError(error);
}
