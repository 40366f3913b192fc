// Row-by-row changes: each touches the row at its place and no other. Counted before they are made, in the same view of the
// lake: a row that is gone or a place that two rows share ends the transaction.
import { castFromText } from "../duck/casts.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { lakeName, quoteIdentifier } from "../planner/quoting.ts";
import { type ApplyTarget, STAGED } from "./apply-target.ts";
import { isLasting, isStored, type PlaceFile } from "./places.ts";
import type { PlacesRun, TextRow } from "./staged-writes.ts";

const FILES_TABLE = "pg_trickle_files";
const FILES = `temp.main.${FILES_TABLE}`;
const [FILE, POSITION] = ["pg_trickle file", "pg_trickle position"] as const;
export const PLACE_COLUMNS = [FILE, POSITION] as const;
/** DuckLake skips the other files when it is told their names; beyond so many the statement would be longer than the scan. */
const NAMED_FILES = 1000;

/** The files of a run's rows, numbered. */
export type RunFiles = ReadonlyMap<PlaceFile, number>;

interface PlacesChange {
  readonly run: PlacesRun;
  readonly files: RunFiles;
  readonly types: readonly string[];
}

export async function stagePlaces(run: PlacesRun, target: ApplyTarget): Promise<RunFiles> {
  const { connection, signal, view } = target;
  const files = new Map<PlaceFile, number>();
  for (const { file } of run.places) if (!files.has(file)) files.set(file, files.size);
  const stale = [...files.keys()].some((file) => !isLasting(file) && file.view !== view);
  if (stale) throw movedRows(run.table);
  await connection.run(
    `create or replace temporary table ${FILES_TABLE} (file varchar, name varchar, snapshot varchar)`,
    signal,
  );
  const rows = [...files].map(([file, number]) => [String(number), file.name, file.snapshot]);
  await connection.append(FILES_TABLE, 3, rows, signal);
  return files;
}

export function* textRowsWithPlaces(run: PlacesRun, files: RunFiles, values: Iterable<TextRow>): Generator<TextRow> {
  let index = 0;
  for (const row of values) {
    const place = run.places[index];
    index += 1;
    if (place === undefined) throw new LakeError(SQL_STATE.internal, "a staged row has no place");
    yield [String(files.get(place.file)), place.position, ...row];
  }
}

/** Runs the change once its rows are in the staging table. */
export async function placeChange(change: PlacesChange, target: ApplyTarget): Promise<void> {
  const { connection, signal } = target;
  const { table, places } = change.run;
  const condition = atPlaces([...change.files.keys()]);
  const from = `${STAGED} as s, ${FILES} as f`;
  const [counts] = await connection.all(
    `select count(*), count(distinct s.${quoteIdentifier(FILE)} || ' ' || s.${quoteIdentifier(POSITION)})
      from ${lakeName(table)} as t, ${from} where ${condition}`,
    signal,
  );
  const [rows, found] = [Number(counts?.[0]), Number(counts?.[1])];
  if (rows > found) throw sharedPlaces(table, rows, found);
  if (found < places.length) throw goneRows(table, places.length - found, places.length);
  const changed = await connection.run(`${changeSql(change, from)} where ${condition}`, signal);
  if (changed !== places.length) {
    throw new LakeError(SQL_STATE.internal, `${changed} rows of lake table ${table} were changed for ${places.length}`);
  }
  await connection.run(`drop table ${FILES}`, signal);
}

function changeSql({ run, types }: PlacesChange, from: string): string {
  const target = `${lakeName(run.table)} as t`;
  if (run.kind === "delete") return `delete from ${target} using ${from}`;
  const items = run.columns.map((column, index) => {
    const name = quoteIdentifier(column);
    return `${name} = ${castFromText(types[index] ?? "", `s.${name}`)}`;
  });
  return `update ${target} set ${items.join(", ")} from ${from}`;
}

/** What is not needed is left out: row ids and snapshots of files would have to be read. */
function atPlaces(files: readonly PlaceFile[]): string {
  const position = `s.${quoteIdentifier(POSITION)}::bigint`;
  const joined = `f.file = s.${quoteIdentifier(FILE)}`;
  if (files.every((file) => file.name === "")) return `${joined} and t.rowid = ${position}`;
  const row = files.every(isStored)
    ? "t.file_row_number"
    : "case when contains(t.filename, '/') then t.file_row_number else t.rowid end";
  const conditions = [joined, "f.name = t.filename", `${row} = ${position}`];
  if (files.some((file) => file.snapshot !== "")) {
    conditions.push("(f.snapshot = '' or f.snapshot::bigint = t.snapshot_id)");
  }
  const names = [...new Set(files.map((file) => file.name))];
  if (names.length <= NAMED_FILES) conditions.push(`t.filename in (${names.map(literal).join(", ")})`);
  return conditions.join(" and ");
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function goneRows(table: string, gone: number, meant: number): LakeError {
  return new LakeError(
    SQL_STATE.serializationFailure,
    `${gone} of ${meant} row(s) of lake table ${table} that were to be changed one by one are not there any more`,
    { hint: "Another client has changed or moved them; run the transaction again." },
  );
}

function movedRows(table: string): LakeError {
  return new LakeError(
    SQL_STATE.serializationFailure,
    `rows of lake table ${table} that were to be changed one by one may have been changed by another client`,
    { hint: "They have no place of their own in a file by which to tell; run the transaction again." },
  );
}

function sharedPlaces(table: string, rows: number, places: number): LakeError {
  return new LakeError(
    SQL_STATE.notSupported,
    `rows of lake table ${table} are to be changed one by one, but ${rows} rows share ${places} place(s)`,
    {
      hint: "Change them by a statement that the lake can run itself: a condition on its own columns, with constants.",
    },
  );
}
