/** What PostgreSQL's own tree says of a query: what of it is chance, and how changes keep it where PostgreSQL runs it. */

import { doubtOf, type Scales } from "./doubts.ts";
import { isExact } from "./exact.ts";
import { sumsFloats } from "./floats.ts";
import type { TableColumns } from "./joins.ts";
import { type Kind, kindOf } from "./kinds.ts";
import { type StateParts, stateParts } from "./state.ts";
import { refuseChance } from "./total-order.ts";
import { parseSelect } from "./tree.ts";

export interface Shape {
  readonly kind: Kind;
  /** Of a query over one table that is made of groups and their aggregates; whether the engine keeps those is not known here. */
  readonly state: StateParts | null;
  /** The same with state that PostgreSQL keeps from the rows that are grouped: how changes keep these. */
  readonly grouped: GroupedRows | null;
  /** Then rows are brought in a fixed order. */
  readonly sumsFloats: boolean;
  /** Why the engine does not run the query whole, although it may run each part of it. */
  readonly doubt: string | null;
}

export interface GroupedRows {
  readonly parts: StateParts;
  readonly query: string;
  readonly kind: Kind;
}

export interface KnownColumns {
  readonly floats: ReadonlySet<string>;
  readonly scales: Scales;
  readonly tables: TableColumns;
}

const NO_COLUMNS: KnownColumns = { floats: new Set(), scales: new Map(), tables: new Map() };

/** Refuses (LQ…) what is chance. `view` as pg_get_viewdef prints it, with an empty search_path; `columns`: of its tables. */
export function shapeOf(view: string, columns: KnownColumns = NO_COLUMNS): Shape {
  const query = parseSelect(view);
  refuseChance(query);
  const isFloat = sumsFloats(query, columns.floats);
  const doubt = isFloat ? "sums of floats depend on the order in which they are added" : doubtOf(query, columns.scales);
  const kind = isFloat
    ? recomputed("sums of floats depend on the order of rows: they are recomputed")
    : kindOf(query, columns.tables);
  const parts = printable(() => stateParts(query));
  return {
    kind,
    state: certain(parts, columns.scales),
    grouped: parts === null || isFloat ? null : groupedRows(parts, columns),
    sumsFloats: isFloat,
    doubt,
  };
}

/** The printer does not know all of PostgreSQL's syntax. */
function printable(take: () => StateParts | null): StateParts | null {
  try {
    return take();
  } catch {
    return null;
  }
}

/** What PostgreSQL computes over the state is in no doubt. */
function certain(state: StateParts | null, scales: Scales): StateParts | null {
  return state === null || !state.isPlain || doubtOf(parseSelect(state.query), scales) !== null ? null : state;
}

function groupedRows(parts: StateParts, { scales, tables }: KnownColumns): GroupedRows | null {
  const kind = kindOf(parts.rows, tables);
  if (kind.name === "recompute" || !parts.summed.every((argument) => isExact(argument, parts.rows, scales)))
    return null;
  return { parts, query: parts.rowsQuery, kind };
}

function recomputed(reason: string): Kind {
  return { name: "recompute", reason };
}
