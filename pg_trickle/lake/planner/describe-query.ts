/**
 * What can be done with the query of a stream table: whether the engine may run it whole, and how changes keep it. What the engine may
 * not run PostgreSQL runs over rows of the lake; refused is only what has no answer.
 */
import { describePlan } from "./describe.ts";
import { unquoted } from "./plan-sources.ts";
import { type Scales, SEVERAL_SCALES } from "./postgres/doubts.ts";
import { type KnownColumns, type Shape, shapeOf } from "./postgres/shape.ts";
import type { StateParts } from "./postgres/state.ts";
import { asRefusal, GATE, LATER_HINT, NOT_INCREMENTAL } from "./refusal.ts";
import { isExactNumber, isFloat, type SqlType, typeOfColumn } from "./sql-types.ts";
import type { Incremental, NotIncremental, Plan, PlannerServices, QueryDescription, QueryKind } from "./types.ts";

export async function describeQuery(plan: Plan, services: PlannerServices): Promise<QueryDescription | NotIncremental> {
  const engine = await describePlan(plan, services);
  const shape = readShape(plan.sql ?? "", await knownColumns(plan, services));
  if (shape === null) return engine.ok ? { ...engine, engine: { ok: true }, shape: null } : engine;
  if ("ok" in shape) return shape;
  const isWhole = engine.ok && shape.doubt === null;
  const kind = await kindWithState(plan, isWhole ? { ...shape, grouped: null } : shape, services);
  const known = { kind, sums_floats: shape.sumsFloats };
  if (!engine.ok) return runByPostgres(engine, known);
  return shape.doubt !== null
    ? runByPostgres(doubted(shape.doubt), known)
    : { ...engine, engine: { ok: true }, shape: known };
}

async function knownColumns(plan: Plan, services: PlannerServices): Promise<KnownColumns> {
  const tables = await Promise.all(
    [...plan.tables].map(
      async ([name, table]) => [unquoted(name), (await services.sourceColumns(table, null)) ?? []] as const,
    ),
  );
  const all = tables.flatMap(([, columns]) => columns).map(({ name, type }) => ({ name, type: typeOfColumn(type) }));
  return {
    tables: new Map(tables.map(([table, columns]) => [table, columns.map(({ name }) => name)])),
    floats: new Set(all.filter(({ type }) => isFloat(type)).map(({ name }) => name)),
    scales: scalesOf(all.filter(({ type }) => isExactNumber(type))),
  };
}

function scalesOf(columns: readonly { readonly name: string; readonly type: SqlType }[]): Scales {
  const found = new Map<string, number>();
  for (const { name, type } of columns) {
    const [known, scale] = [found.get(name), type.scale ?? 0];
    found.set(name, known === undefined || known === scale ? scale : SEVERAL_SCALES);
  }
  return found;
}

/** Null where PostgreSQL's parser does not know the text: then the engine alone decides. */
function readShape(sql: string, columns: KnownColumns): Shape | NotIncremental | null {
  try {
    return shapeOf(sql, columns);
  } catch (error) {
    if (error instanceof SyntaxError || (error as Error).name === "SqlError") return null;
    const { ok, code, message, hint } = asRefusal(error);
    return { ok, code, message, hint };
  }
}

/** Where the engine may run the query whole, that is faster than rows that are grouped in PostgreSQL: `grouped` is null then. */
async function kindWithState(plan: Plan, shape: Shape, services: PlannerServices): Promise<QueryKind> {
  const byEngine = shape.state === null ? null : await describePlan({ ...plan, sql: shape.state.query }, services);
  if (shape.state !== null && byEngine?.ok && byEngine.incremental.ok)
    return { ...stateKind(shape.state, byEngine.incremental), grouped: null, otherwise: shape.kind };
  if (shape.grouped === null) return shape.kind;
  const { parts, query, kind } = shape.grouped;
  return { ...stateKind(parts, parts.incremental), grouped: { query, kind }, otherwise: shape.kind };
}

function stateKind({ query, projection, having, printed }: StateParts, incremental: Incremental) {
  return { name: "state", state_query: query, projection, having, printed, incremental } as const;
}

const doubted = (message: string): NotIncremental => ({
  ok: false,
  code: GATE.type,
  message,
  hint: "Nothing to do: PostgreSQL computes this query.",
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
