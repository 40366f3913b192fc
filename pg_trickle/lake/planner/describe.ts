// What a plan's query is: refused, or its columns, and whether deltas can keep it.
import { statement } from "./ast.ts";
import { NO_TABLE, named, select } from "./build.ts";
import { type Decomposition, decompose } from "./incremental.ts";
import { gateFreely, parsePlan, planOptions, readSources, refuseAverage } from "./plan-sources.ts";
import { asRefusal, refusable } from "./refusal.ts";
import type {
  Column,
  Description,
  Incremental,
  IncrementalOutput,
  NotIncremental,
  Plan,
  PlannerServices,
  Refusal,
} from "./types.ts";

/** What the gate says is an answer; a plan or a table that is wrong stays an error. */
export async function describePlan(plan: Plan, services: PlannerServices): Promise<Description> {
  try {
    return await description(plan, services);
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal.sqlState !== "LT003") throw error;
    return withoutState(refusal);
  }
}

function withoutState({ ok, code, message, hint }: Refusal): NotIncremental {
  return { ok, code, message, hint };
}

async function description(plan: Plan, services: PlannerServices): Promise<Description> {
  const sources = await readSources(plan, await parsePlan(plan, services), null, services);
  const checked = gateFreely(sources);
  const parts = refusable(() => decompose(sources.query, planOptions(sources)));
  const isRefused = "sqlState" in parts;
  if (isRefused && checked.findings.hasExactAverage) refuseAverage();
  const columns = await services.describe(statement(checked.node));
  return {
    ok: true,
    tables: checked.findings.relations,
    columns,
    time_zone_dependent: checked.findings.timeZoneDependent,
    incremental: isRefused ? withoutState(parts) : await incremental(parts, columns, services),
  };
}

async function incremental(
  parts: Decomposition,
  columns: readonly Column[],
  services: PlannerServices,
): Promise<Incremental> {
  const keys = await Promise.all(
    parts.keys.map(async (key, index) => {
      const printed = await services.print(statement(select({ select: [named(key.written, "")], from: NO_TABLE })));
      return { column: `k${index + 1}`, output: key.output, expression: printed.replace(/^SELECT /, "") };
    }),
  );
  const outputs = parts.outputs.map(
    (item, index): IncrementalOutput =>
      item.kind === "sum"
        ? { column: item.column, kind: "sum", state: item.state, type: columns[index]?.type ?? "" }
        : (item as IncrementalOutput),
  );
  return { ok: true, keys, outputs, states: parts.states.length, global: parts.keys.length === 0 };
}
