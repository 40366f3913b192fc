// Staged rows into the lake: text into a temporary table, then one statement that casts it. One statement a run means one
// Parquet file a run, not one a batch.
import type { LakeConnection } from "../duck/connection.ts";
import { castFromText, duckText, lakeName, quoteIdentifier } from "../duck/names.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import type { Column } from "../planner/types.ts";
import type { StagedRun, TextRow } from "./staged-writes.ts";

const STAGING_TABLE = "pg_trickle_staged";
const STAGED = `temp.main.${STAGING_TABLE}`;
const ROWID = "pg_trickle rowid";
const STAGED_ROWID = `s.${quoteIdentifier(ROWID)}::bigint`;

export interface ApplyTarget {
  readonly connection: LakeConnection;
  readonly columnsOf: (table: string) => Promise<readonly Column[]>;
  readonly signal: AbortSignal;
}

export async function applyRun(run: StagedRun, target: ApplyTarget): Promise<void> {
  const { connection, signal } = target;
  const types = await columnTypes(run, target);
  const names = stagedColumns(run);
  const columns = names.map((name) => `${quoteIdentifier(name)} varchar`).join(", ");
  await connection.run(`create or replace temporary table ${STAGING_TABLE} (${columns})`, signal);
  await connection.append(STAGING_TABLE, names.length, textRows(run, types), signal);
  const changed = await connection.run(statement(run, types), signal);
  if (run.kind !== "insert") await refuseSharedRowIds(run.table, changed, target);
  await connection.run(`drop table ${STAGED}`, signal);
}

/**
 * DuckLake keeps the provisional row ids of rows that one transaction both inserted and updated, so that rows of different
 * transactions can share one. A change by row id would then hit a stranger's row as well.
 */
async function refuseSharedRowIds(table: string, changed: number, { connection, signal }: ApplyTarget): Promise<void> {
  const [counted] = await connection.all(`select count(distinct ${STAGED_ROWID}) from ${STAGED} as s`, signal);
  const meant = Number(counted?.[0] ?? 0);
  if (changed <= meant) return;
  throw new LakeError(
    SQL_STATE.notSupported,
    `${meant} row(s) of lake table ${table} are to be changed one by one, but ${changed} rows share their row ids`,
    {
      hint: "Change them by a statement that the lake can run itself: a condition on its own columns, with constants.",
    },
  );
}

/** Named as in the lake table, because DuckDB names them when a value cannot be cast. */
function stagedColumns(run: StagedRun): readonly string[] {
  return run.kind === "insert" ? run.columns : [ROWID, ...run.columns];
}

async function columnTypes(run: StagedRun, target: ApplyTarget): Promise<readonly string[]> {
  const known = new Map((await target.columnsOf(run.table)).map((column) => [column.name, column.type]));
  return run.columns.map((name) => {
    const type = known.get(name);
    if (type !== undefined) return type;
    throw new LakeError(SQL_STATE.undefinedColumn, `column "${name}" of lake table ${run.table} does not exist`);
  });
}

/** An update's first value is a rowid. */
function* textRows(run: StagedRun, types: readonly string[]): Generator<TextRow> {
  const offset = run.kind === "insert" ? 0 : 1;
  for (const row of run.rows) {
    yield row.map((value, index) => (value === null ? null : duckText(types[index - offset] ?? "", value)));
  }
}

function statement(run: StagedRun, types: readonly string[]): string {
  const target = lakeName(run.table);
  switch (run.kind) {
    case "insert": {
      const columns = run.columns.map(quoteIdentifier).join(", ");
      const values = types.map((type, index) => castFromText(type, staged(run.columns[index]))).join(", ");
      return `insert into ${target} (${columns}) select ${values} from ${STAGED} as s`;
    }
    case "update": {
      const items = run.columns.map((column, index) => {
        return `${quoteIdentifier(column)} = ${castFromText(types[index] ?? "", staged(column))}`;
      });
      return `update ${target} as t set ${items.join(", ")} from ${STAGED} as s where t.rowid = ${STAGED_ROWID}`;
    }
    case "delete":
      return `delete from ${target} where rowid in (select ${STAGED_ROWID} from ${STAGED} as s)`;
  }
}

function staged(column: string | undefined): string {
  return `s.${quoteIdentifier(column ?? "")}`;
}
