/** Statements as data: as SQL for either kind of client, and what they do to rows. Pure; it knows no transactions. */
import type { LakeTable } from "./script.ts";

export interface Row {
  /** Given by the fuzzer, once ever. */
  readonly id: number;
  readonly k: string | null;
  readonly v: number | null;
  /** The client that wrote it; most statements change rows of their own client only. */
  readonly owner: number;
}

export type Rows = ReadonlyMap<number, Row>;

/** Rows by their ids, or by columns, whoever owns them. */
export type Condition = { readonly ids: readonly number[] } | { readonly k: string | null; readonly below: number };

export type Change = { readonly add: number } | { readonly v: null } | { readonly k: string | null };

export type Statement = { readonly table: LakeTable } & (
  | { readonly kind: "insert"; readonly rows: readonly Row[] }
  | { readonly kind: "delete"; readonly where: Condition; readonly isRowByRow: boolean }
  | { readonly kind: "update"; readonly where: Condition; readonly change: Change; readonly isRowByRow: boolean }
  | { readonly kind: "updateFrom"; readonly ids: readonly number[]; readonly add: number }
  | { readonly kind: "merge"; readonly rows: readonly Row[] }
  | { readonly kind: "count"; readonly where: Condition }
);

export interface Effect {
  /** As the client is told it. */
  readonly count: number;
  /** Rows as they are afterwards; `null`: gone. */
  readonly changes: ReadonlyMap<number, Row | null>;
}

/** What it met depends on what others had committed, not only on what its own client knows. */
export function isBroad(statement: Statement): boolean {
  return "where" in statement && "k" in statement.where;
}

function meets(condition: Condition, row: Row): boolean {
  if ("ids" in condition) return condition.ids.includes(row.id);
  return row.k === condition.k && row.v !== null && row.v < condition.below;
}

function changed(row: Row, change: Change): Row {
  if ("add" in change) return { ...row, v: row.v === null ? null : row.v + change.add };
  return { ...row, ...change };
}

function mapped(rows: readonly Row[], map: (row: Row) => Row | null): Effect {
  return { count: rows.length, changes: new Map(rows.map((row) => [row.id, map(row)])) };
}

export function effectOf(statement: Statement, rows: Rows): Effect {
  const met = (condition: Condition) => [...rows.values()].filter((row) => meets(condition, row));
  switch (statement.kind) {
    case "insert":
      return mapped(statement.rows, (row) => row);
    case "delete":
      return mapped(met(statement.where), () => null);
    case "update":
      return mapped(met(statement.where), (row) => changed(row, statement.change));
    case "updateFrom":
      return mapped(met({ ids: statement.ids }), (row) => changed(row, { add: statement.add }));
    case "merge":
      // The owner of a row that is there stays.
      return mapped(statement.rows, (row) => ({ ...row, owner: rows.get(row.id)?.owner ?? row.owner }));
    case "count":
      return { count: met(statement.where).length, changes: new Map() };
  }
}

const text = (value: string | number | null) => {
  if (value === null) return "null";
  return typeof value === "string" ? `'${value}'` : String(value);
};

const valuesOf = (rows: readonly Row[]) =>
  rows.map(({ id, k, v, owner }) => `(${id}, ${text(k)}, ${text(v)}, ${owner})`).join(", ");

function conditionText(condition: Condition): string {
  if ("ids" in condition) return `id in (${condition.ids.join(", ")})`;
  const k = condition.k === null ? "k is null" : `k = '${condition.k}'`;
  return `${k} and v < ${condition.below}`;
}

function changeText(change: Change): string {
  if ("add" in change) return `v = v + ${change.add}`;
  return "k" in change ? `k = ${text(change.k)}` : "v = null";
}

/** What PostgreSQL does not ship makes postgres_fdw change the rows one by one. */
const NOT_SHIPPED = " and random() < 2";

function sqlText(statement: Statement, table: string): string {
  const rest = "isRowByRow" in statement && statement.isRowByRow ? NOT_SHIPPED : "";
  switch (statement.kind) {
    case "insert":
      return `insert into ${table} (id, k, v, owner) values ${valuesOf(statement.rows)}`;
    case "delete":
      return `delete from ${table} where ${conditionText(statement.where)}${rest}`;
    case "update":
      return `update ${table} set ${changeText(statement.change)} where ${conditionText(statement.where)}${rest}`;
    case "updateFrom":
      return `update ${table} as t set v = t.v + u.d from (values ${statement.ids
        .map((id) => `(${id}, ${statement.add})`)
        .join(", ")}) as u(id, d) where t.id = u.id`;
    case "merge":
      return `merge into ${table} as t using (values ${valuesOf(statement.rows)}) as s(id, k, v, owner) on t.id = s.id
        when matched then update set k = s.k, v = s.v
        when not matched then insert (id, k, v, owner) values (s.id, s.k, s.v, s.owner)`.replace(/\s+/g, " ");
    case "count":
      return `select count(*) as count from ${table} where ${conditionText(statement.where)}`;
  }
}

export const duckdbText = (statement: Statement): string => sqlText(statement, `lake.main.${statement.table}`);

export const postgresText = (statement: Statement): string => sqlText(statement, `lake.${statement.table}`);
