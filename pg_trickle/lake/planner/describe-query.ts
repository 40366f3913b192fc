/**
 * What can be done with the query of a stream table: whether the engine may run it whole, and how changes keep it. What the engine may
 * not run PostgreSQL runs over rows of the lake; refused is only what has no answer.
 */
import { describePlan } from "./describe.ts";
import { type NumberColumns, type Shape, shapeOf } from "./postgres/shape.ts";
import { asRefusal, GATE, LATER_HINT, NOT_INCREMENTAL } from "./refusal.ts";
import { isExactNumber, isFloat, typeOfColumn } from "./sql-types.ts";
import type { NotIncremental, Plan, PlannerServices, QueryDescription, QueryKind } from "./types.ts";

export async function describeQuery(plan: Plan, services: PlannerServices): Promise<QueryDescription | NotIncremental> {
  const engine = await describePlan(plan, services);
  const shape = readShape(plan.sql ?? "", await numberColumns(plan, services));
  if (shape === null) return engine.ok ? { ...engine, engine: { ok: true }, shape: null } : engine;
  if ("ok" in shape) return shape;
  const kind = await kindWithState(plan, shape, services);
  const known = { kind, sums_floats: shape.sumsFloats };
  if (!engine.ok) return runByPostgres(engine, known);
  return shape.doubt !== null
    ? runByPostgres(doubted(shape.doubt), known)
    : { ...engine, engine: { ok: true }, shape: known };
}

async function numberColumns(plan: Plan, services: PlannerServices): Promise<NumberColumns> {
  const tables = await Promise.all([...plan.tables.values()].map((table) => services.sourceColumns(table, null)));
  const all = tables.flatMap((columns) => columns ?? []).map(({ name, type }) => ({ name, type: typeOfColumn(type) }));
  return {
    floats: new Set(all.filter(({ type }) => isFloat(type)).map(({ name }) => name)),
    scales: new Map(all.filter(({ type }) => isExactNumber(type)).map(({ name, type }) => [name, type.scale ?? 0])),
  };
}

/** Null where PostgreSQL's parser does not know the text: then the engine alone decides. */
function readShape(sql: string, columns: NumberColumns): Shape | NotIncremental | null {
  try {
    return shapeOf(sql, columns);
  } catch (error) {
    if (error instanceof SyntaxError || (error as Error).name === "SqlError") return null;
    const { ok, code, message, hint } = asRefusal(error);
    return { ok, code, message, hint };
  }
}

async function kindWithState(plan: Plan, { kind, state }: Shape, services: PlannerServices): Promise<QueryKind> {
  if (state === null) return kind;
  const description = await describePlan({ ...plan, sql: state.query }, services);
  if (!description.ok || !description.incremental.ok) return kind;
  const { query, projection, having, printed } = state;
  return { name: "state", state_query: query, projection, having, printed, incremental: description.incremental };
}

const doubted = (message: string): NotIncremental => ({
  ok: false,
  code: GATE.type,
  message,
  hint: "PostgreSQL runs the query itself",
});

function runByPostgres(
  { ok, code, message, hint }: NotIncremental,
  shape: NonNullable<QueryDescription["shape"]>,
): QueryDescription {
  const { kind } = shape;
  const incremental: NotIncremental = {
    ok: false,
    code: NOT_INCREMENTAL.recomputed,
    message: kind.name === "recompute" ? kind.reason : "it is kept by changes without hidden state",
    hint: LATER_HINT,
  };
  return {
    ok: true,
    tables: [],
    columns: [],
    time_zone_dependent: false,
    incremental,
    engine: { ok, code, message, hint },
    shape,
  };
}
