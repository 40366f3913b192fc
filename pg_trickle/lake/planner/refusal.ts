// What the planner says no with. Inside the planner a refusal is thrown, so that a check deep in a tree stays one line;
// the entry points turn it into a value. Codes are stable: they are shown to people and tested by name.
import type { Refusal } from "./types.ts";

export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly sqlState: string;
  readonly code: string;
  readonly hint: string;

  constructor(sqlState: string, code: string, message: string, hint: string) {
    super(message);
    this.sqlState = sqlState;
    this.code = code;
    this.hint = hint;
  }
}

/** Reasons of the gate. */
export const GATE = {
  syntax: "LG001",
  statement: "LG002",
  relation: "LG003",
  tableFunction: "LG004",
  volatile: "LG005",
  function: "LG006",
  operator: "LG007",
  cast: "LG008",
  type: "LG009",
  clause: "LG010",
  column: "LG011",
  division: "LG013",
  literal: "LG014",
  aggregate: "LG015",
  average: "LG016",
  window: "LG017",
  limit: "LG018",
  parameter: "LG019",
  locale: "LG020",
} as const;

/** Reasons why a query that may run can not be kept by deltas. */
export const NOT_INCREMENTAL = {
  source: "LI001",
  join: "LI002",
  having: "LI003",
  distinct: "LI004",
  clause: "LI005",
  noAggregate: "LI006",
  output: "LI007",
  aggregate: "LI008",
  distinctAggregate: "LI009",
  filter: "LI010",
  inexactSum: "LI011",
  inexactKey: "LI012",
  groupingSets: "LI013",
  keyType: "LI014",
  hiddenPlace: "LI015",
  recomputed: "LI016",
} as const;

/** What has no answer at a snapshot, because it is chance. */
export const CHANCE = {
  limit: "LQ001",
  distinctOn: "LQ002",
  window: "LQ003",
  aggregate: "LQ004",
  array: "LQ005",
  sample: "LQ006",
} as const;

type Code<Codes extends Readonly<Record<string, string>>> = Codes[keyof Codes];

/** What each of them refuses: docs/reference/errors.md is made from this table. The hint of the error says how to write it. */
export const REFUSED: Readonly<Record<Code<typeof GATE> | Code<typeof NOT_INCREMENTAL> | Code<typeof CHANCE>, string>> =
  {
    LG001: "text that cannot be read, or is not plain SQL",
    LG002: "something else than one SELECT",
    LG003: "a relation that is no lake table of the query, or two under one name",
    LG004: "a table function",
    LG005: "a function or a column that depends on the time or the session",
    LG006: "a function that is not known to give PostgreSQL's answer in DuckDB",
    LG007: "an operator that is not known to give PostgreSQL's answer in DuckDB",
    LG008: "a cast between types that the two read or write differently",
    LG009: "types that cannot be compared or mixed",
    LG010: "a clause, a kind of join or of subquery",
    LG011: "a column that is not known, is ambiguous, or has its name twice; `*`",
    LG013: "a division whose answer differs between the two",
    LG014: "a literal that is not in its plain form",
    LG015: "an aggregate of that type, or with several arguments",
    LG016: "`avg` over exact numbers, other than as a plain column",
    LG017: "a window function",
    LG018: "LIMIT without ORDER BY, or not by a constant",
    LG019: "a parameter",
    LG020: "a collation other than `C`",
    LI001: "FROM that is not one lake table",
    LI002: "a join",
    LI003: "HAVING",
    LI004: "SELECT DISTINCT",
    LI005: "UNION, EXCEPT, INTERSECT, WITH, LIMIT or OFFSET",
    LI006: "no grouping and no aggregate",
    LI007: "a column that is neither a group key nor a plain aggregate",
    LI008: "an aggregate other than count, sum and avg",
    LI009: "an aggregate over DISTINCT values",
    LI010: "FILTER of an aggregate",
    LI011: "a sum over numbers that are not exact",
    LI012: "grouping by a float",
    LI013: "ROLLUP, CUBE or GROUPING SETS",
    LI014: "grouping by a type without exact equality",
    LI015: "a column whose name hides where the lake keeps a row",
    LI016: "a query that changes keep neither row by row nor part by part",
    LQ001: "LIMIT or OFFSET without a total order",
    LQ002: "DISTINCT ON without a total order",
    LQ003: "a window function that tells apart rows which its order does not",
    LQ004: "an aggregate that keeps the order of its values, without a total order",
    LQ005: "ARRAY(SELECT …) without a total order",
    LQ006: "TABLESAMPLE",
  };

export const LATER_HINT =
  "Write it with plain columns, count(*), count(x), sum(x) or avg(x) and GROUP BY, or use mode AUTO or FULL, which recompute it at each refresh.";

export const AVERAGE_HINT =
  "use avg(…) only as a plain column of a query grouped over one table, or select sum(…) and count(…) and divide in PostgreSQL";

export function refuse(code: string, message: string, hint: string): never {
  throw new RefusedError("LT003", code, message, hint);
}

export function badPlan(message: string, hint = "plans are made by the extension"): never {
  throw new RefusedError("LT002", "LT002", message, hint);
}

export function badPseudoColumn(message: string, hint: string): never {
  throw new RefusedError("LT001", "LT001", message, hint);
}

export function notSupported(message: string, hint: string): never {
  throw new RefusedError("LT005", "LT005", message, hint);
}

/** What the user of the connection may never do. */
export function forbidden(message: string, hint: string): never {
  throw new RefusedError("42501", GATE.relation, message, hint);
}

export function asRefusal(error: unknown): Refusal {
  if (!(error instanceof RefusedError)) throw error;
  return { ok: false, sqlState: error.sqlState, code: error.code, message: error.message, hint: error.hint };
}

/** Runs a step of the planner and gives a thrown refusal back as a value; every other error goes on. */
export function refusable<T>(step: () => T): T | Refusal {
  try {
    return step();
  } catch (error) {
    return asRefusal(error);
  }
}

export async function refusableAsync<T>(step: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await step();
  } catch (error) {
    return asRefusal(error);
  }
}
