// Recorded writes into the lake. Rows go as text into a temporary table, then one statement casts them: one statement a run
// means one Parquet file a run, not one a batch.
import { castFromText, duckText } from "../duck/casts.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { lakeName, quoteIdentifier } from "../planner/quoting.ts";
import { PLACE_COLUMNS, placeChange, stagePlaces, textRowsWithPlaces } from "./apply-places.ts";
import { type ApplyTarget, STAGED, STAGING_TABLE } from "./apply-target.ts";
import type { ChangeRun, RowsRun, TextRow, WriteRun } from "./staged-writes.ts";

export async function applyRun(run: WriteRun, target: ApplyTarget): Promise<void> {
  if (run.kind === "change") await repeatChange(run, target);
  else await applyRows(run, target);
}

/** A statement that has been run before, in a view of the lake that others have changed since. */
async function repeatChange(run: ChangeRun, { connection, signal }: ApplyTarget): Promise<void> {
  const count = await connection.run(run.sql, signal);
  if (count === run.count) return;
  throw new LakeError(
    SQL_STATE.serializationFailure,
    `another client changed lake table ${run.table} first: a statement that had changed ${run.count} row(s) would change ${count} now`,
    { hint: "Nothing was committed; run the transaction again." },
  );
}

async function applyRows(run: RowsRun, target: ApplyTarget): Promise<void> {
  const { connection, signal } = target;
  const types = await columnTypes(run, target);
  const names = run.kind === "insert" ? run.columns : [...PLACE_COLUMNS, ...run.columns];
  // Named as in the lake table, because DuckDB names them when a value cannot be cast.
  const columns = names.map((name) => `${quoteIdentifier(name)} varchar`).join(", ");
  await connection.run(`create or replace temporary table ${STAGING_TABLE} (${columns})`, signal);
  const rows = duckRows(run.rows, types);
  if (run.kind === "insert") {
    await connection.append(STAGING_TABLE, names.length, rows, signal);
    await connection.run(insertSql(run, types), signal);
  } else {
    const files = await stagePlaces(run, target);
    await connection.append(STAGING_TABLE, names.length, textRowsWithPlaces(run, files, rows), signal);
    await placeChange({ run, files, types }, target);
  }
  await connection.run(`drop table ${STAGED}`, signal);
}

async function columnTypes(run: RowsRun, target: ApplyTarget): Promise<readonly string[]> {
  const known = new Map((await target.columnsOf(run.table)).map((column) => [column.name, column.type]));
  return run.columns.map((name) => {
    const type = known.get(name);
    if (type !== undefined) return type;
    throw new LakeError(SQL_STATE.undefinedColumn, `column "${name}" of lake table ${run.table} does not exist`);
  });
}

function* duckRows(rows: readonly TextRow[], types: readonly string[]): Generator<TextRow> {
  for (const row of rows) {
    yield row.map((value, index) => (value === null ? null : duckText(types[index] ?? "", value)));
  }
}

function insertSql(run: RowsRun, types: readonly string[]): string {
  const columns = run.columns.map(quoteIdentifier).join(", ");
  const values = types.map((type, index) => castFromText(type, `s.${quoteIdentifier(run.columns[index] ?? "")}`));
  return `insert into ${lakeName(run.table)} (${columns}) select ${values.join(", ")} from ${STAGED} as s`;
}
