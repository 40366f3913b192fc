// The vocabulary of the planner. The planner is pure: it turns DuckDB syntax trees into other DuckDB syntax trees, and
// asks DuckDB only through PlannerServices, so that no text of a statement is ever spliced into another one.
//
// Entry points:
//   plan-call.ts     readPlanCall(ast, parameter): PlanCall | Refusal                    the statement shipped for schema `engine`
//   compile-call.ts  compilePlanCall(call, services, facts): Promise<CompiledCall | Refusal>
//   shipped.ts       prepareShipped(text, services): Promise<PreparedStatement | Refusal>, whose bind(parameter) gives the
//                    ShippedStatement; translateShipped(text, parameter, services) does both. SELECT and DML of user `lake`
//   ast.ts           readAst(text), writeAst(ast): lossless JSON, for the implementer of PlannerServices
import type { LosslessNumber } from "lossless-json";
import type { ChangedRows } from "./changed-rows.ts";

/** A JSON value read by lossless-json: JSON.parse would spoil big integers in constants, silently. */
export type Json = null | boolean | string | LosslessNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** One node of the tree; which members it has is decided by `class` or `type`. */
export type Node = JsonObject;

/** What `json_serialize_sql(text, skip_default := false)` gives, unchanged: also a document that says `error: true`. */
export type Ast = JsonObject;

export interface Refusal {
  readonly ok: false;
  readonly sqlState: string;
  /** Stable reason code: LGnnn of the gate, LInnn "not incremental". Goes into DETAIL. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Column {
  readonly name: string;
  /** The type as DuckDB's DESCRIBE prints it, for example `DECIMAL(12,2)`. */
  readonly type: string;
}

/** What the planner needs from DuckDB. Errors of DuckDB itself are thrown and pass through the planner. */
export interface PlannerServices {
  /** `select json_serialize_sql($1::varchar, skip_default := false)`, read by lossless-json. Never throws on a syntax error. */
  parse(sql: string): Promise<Ast>;
  /** `select json_deserialize_sql($1::json)`, given by lossless-json's stringify. */
  print(ast: Ast): Promise<string>;
  /** Columns of a lake table such as `main.events`, at a snapshot or (null) now; null if there is no such table. */
  sourceColumns(table: string, snapshot: bigint | null): Promise<readonly Column[] | null>;
  /** `describe <statement>`, for a statement that the planner has built. */
  describe(ast: Ast): Promise<readonly Column[]>;
}

/** The value of `$<index>` (counted from 1) as text; null for SQL NULL or a parameter that was not given. */
export type ParameterValue = (index: number) => string | null;

// --- calls of plan relations (user `plans`) ---

export type PlanRelation =
  | "describe"
  | "recompute"
  | "delta"
  | "seal"
  | "changes"
  | "stored"
  | "counters"
  | "ping"
  | "create_table";

export interface PlanCall {
  readonly ok: true;
  readonly relation: PlanRelation;
  /** Null for what needs none: `stored`, `counters`, `ping`, `create_table`. */
  readonly plan: Plan | null;
  readonly planText: string | null;
  readonly toSnapshot: bigint | null;
  /** What `delta`, `changes` and `seal` read, file by file. */
  readonly readsText: string | null;
  /** Whose files `stored` lists, below the data path. */
  readonly folder: string | null;
  /** What `create_table` is to make. */
  readonly definition: string | null;
  /** The statement with its parameters replaced by constants and the conjuncts that gave the members above taken out. */
  readonly statement: Ast;
}

export interface Plan {
  /** Null in a plan of `changes`. */
  readonly sql: string | null;
  /** Relation name as the SQL spells it (`lake.events`) to lake table (`main.events`). */
  readonly tables: ReadonlyMap<string, string>;
  /** To be applied to the connection before the compiled statement runs. Only TimeZone gets this far. */
  readonly settings: ReadonlyMap<string, string>;
  readonly shape: "rows" | "state";
  /** Of a plan of `changes`. */
  readonly table: string | null;
  /** More rows are an error. */
  readonly maxRows: number | null;
  /** Of a plan of `changes`: columns of the table to the names that they are asked for by; all under their own (null). */
  readonly columns: ReadonlyMap<string, string> | null;
}

/** A compiled call: run `sql` on the aux connection, after applying `settings`. */
export interface CompiledCall {
  readonly ok: true;
  readonly sql: string;
  readonly settings: ReadonlyMap<string, string>;
  /** To be brought into a temporary table before `sql` runs. */
  readonly changed: ChangedRows | null;
}

/** Since the engine started: what deltas have looked into, and what the whole process has read of files and sockets. */
export interface DeltaCounters {
  readonly files: number;
  readonly rows: number;
  /** Deleted positions. */
  readonly positions: number;
  readonly processBytes: number;
}

/** A lake table that was to be made, as it is now. */
export interface TableOutcome {
  /** False: there was one of that name before. */
  readonly isMade: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly not_null: boolean }[];
}

/** Facts that only the process knows, for `engine.ping`. */
export interface EngineFacts {
  /** Where data files are that the catalog names relative to it. */
  readonly dataPath: string;
  readonly version: string;
  /** ISO 8601 with offset. */
  readonly startedAt: string;
  /** What deltas have read since then. */
  readonly counters: () => DeltaCounters;
  /** Why the lake cannot be read at this moment; null or left out if it can. */
  readonly problem?: string | null;
  /** Of a call of `engine.create_table`, which has been carried out when it is compiled. */
  readonly table?: TableOutcome;
}

// --- the gate and the analysis ---

/** A relation that a gated query may use. */
export interface SourceTable {
  /** Lake table, `main.events`. */
  readonly table: string;
  readonly columns: readonly Column[];
}

export type IncrementalOutput =
  | { readonly column: string; readonly kind: "key"; readonly key: number }
  | { readonly column: string; readonly kind: "count_star" }
  | { readonly column: string; readonly kind: "count" | "avg"; readonly state: number }
  | { readonly column: string; readonly kind: "sum"; readonly state: number; readonly type: string };

export interface IncrementalKey {
  readonly column: string;
  readonly output: string | null;
  readonly expression: string;
}

export interface Incremental {
  readonly ok: true;
  readonly keys: readonly IncrementalKey[];
  readonly outputs: readonly IncrementalOutput[];
  readonly states: number;
  readonly global: boolean;
}

export interface NotIncremental {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The JSON of `engine.describe`. */
export type Description =
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string }
  | {
      readonly ok: true;
      readonly tables: readonly string[];
      readonly columns: readonly Column[];
      readonly time_zone_dependent: boolean;
      readonly incremental: Incremental | NotIncremental;
    };

/** How changes keep the rows of a query without groups. */
export type RowsKind =
  | { readonly name: "rows" }
  /** For each table the columns that its parts are told apart by: as many for each, in one order. */
  | {
      readonly name: "keyed";
      readonly keys: readonly {
        readonly schema: string;
        readonly table: string;
        readonly columns: readonly string[];
      }[];
    }
  | { readonly name: "recompute"; readonly reason: string };

/** How changes keep the rows of a query, other than by the hidden state of a plain one. */
export type QueryKind =
  | RowsKind
  | {
      readonly name: "state";
      /** A plain query with outputs o1, o2 …, which `incremental` is about. */
      readonly state_query: string;
      /** The outputs of the query as PostgreSQL computes them, over a relation o with those columns; and which rows there are. */
      readonly projection: readonly string[];
      readonly having: string | null;
      /** The whole query, printed by the same printer. */
      readonly printed: string;
      readonly incremental: Incremental;
      /** Null: the engine groups. Else PostgreSQL does, over the rows of this query: keys k1, k2 …, arguments a1, a2 … */
      readonly grouped: { readonly query: string; readonly kind: RowsKind } | null;
      /** Without hidden state. */
      readonly otherwise: RowsKind;
    };

/** Answer of `engine.describe`. */
export type QueryDescription = Extract<Description, { readonly ok: true }> & {
  /** Whether the engine may run the query whole, or why not. */
  readonly engine: { readonly ok: true } | NotIncremental;
  /** Null where only the engine could read the query. */
  readonly shape: { readonly kind: QueryKind; readonly sums_floats: boolean } | null;
};

// --- statements for lake tables (user `lake`) ---

/** `main.events`, or with a snapshot `main."events@42"`. */
export interface LakeRelation {
  readonly table: string;
  readonly snapshot: bigint | null;
}

/** A cell of INSERT … VALUES: the value of a parameter, or a literal's text (null: NULL). */
export type InsertCell = { readonly parameter: number } | { readonly literal: string | null };

export type ShippedStatement =
  | {
      readonly ok: true;
      readonly kind: "select";
      readonly sql: string;
      readonly relations: readonly LakeRelation[];
      /** Result columns (by position) that hold a place (place.ts): the session makes ctids of them. */
      readonly ctidColumns: readonly number[];
    }
  | {
      readonly ok: true;
      readonly kind: "update" | "delete";
      readonly sql: string;
      readonly table: string;
    }
  | {
      readonly ok: true;
      readonly kind: "insert";
      readonly table: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly InsertCell[])[];
    };

/** A statement read once and bound many times: reading costs a trip to DuckDB, binding only the printing. */
export interface PreparedStatement {
  readonly ok: true;
  readonly kind: ShippedStatement["kind"];
  bind(parameter: ParameterValue): Promise<ShippedStatement | Refusal>;
}
