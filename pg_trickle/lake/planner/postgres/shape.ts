/** What PostgreSQL's own tree says of a query: what of it is chance, and how changes keep it where PostgreSQL runs it. */

import { doubtOf, type Scales } from "./doubts.ts";
import { sumsFloats } from "./floats.ts";
import { type Kind, kindOf } from "./kinds.ts";
import { type StateParts, stateParts } from "./state.ts";
import { refuseChance } from "./total-order.ts";
import { allOf, parseSelect, type Tree } from "./tree.ts";

export interface Shape {
  readonly kind: Kind;
  /** Of a query over one table that is made of groups and their aggregates; whether the engine keeps those is not known here. */
  readonly state: StateParts | null;
  /** Then rows are brought in a fixed order. */
  readonly sumsFloats: boolean;
  /** Why the engine does not run the query whole, although it may run each part of it. */
  readonly doubt: string | null;
}

export interface NumberColumns {
  readonly floats: ReadonlySet<string>;
  readonly scales: Scales;
}

const NO_COLUMNS: NumberColumns = { floats: new Set(), scales: new Map() };

/** Refuses (LQ…) what is chance. `view` as pg_get_viewdef prints it, with an empty search_path; `columns`: of its tables. */
export function shapeOf(view: string, columns: NumberColumns = NO_COLUMNS): Shape {
  const query = parseSelect(view);
  refuseChance(query);
  const isFloat = sumsFloats(query, columns.floats);
  const doubt = isFloat ? "sums of floats depend on the order in which they are added" : doubtOf(query, columns.scales);
  const tables = allOf(query, "RangeVar").filter((range) => range["schemaname"] !== undefined);
  const [table] = tables;
  if (table === undefined || tables.length !== 1)
    return {
      kind: recomputed("a query over several tables, or that reads one several times, is recomputed"),
      state: null,
      sumsFloats: isFloat,
      doubt,
    };
  const kind = isFloat
    ? recomputed("sums of floats depend on the order of rows: they are recomputed")
    : kindOf(query, sourceOf(table));
  return { kind, state: certain(stateParts(query), columns.scales), sumsFloats: isFloat, doubt };
}

/** What PostgreSQL computes over the state is in no doubt. */
function certain(state: StateParts | null, scales: Scales): StateParts | null {
  return state === null || doubtOf(parseSelect(state.query), scales) !== null ? null : state;
}

function recomputed(reason: string): Kind {
  return { name: "recompute", reason };
}

function sourceOf(range: Tree) {
  return { schema: String(range["schemaname"]), table: String(range["relname"]) };
}
