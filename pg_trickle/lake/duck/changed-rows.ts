// Brings what a delta reads into a temporary table of its connection, and proves on the way that the files hold what the catalog
// says: each delete file as many positions, each data file as many rows. What does not agree is an error, never other rows.
import type { DuckDBValue } from "@duckdb/node-api";
import { LakeError, SQL_STATE } from "../errors.ts";
import { type ChangedRows, INLINED_FILE, SCRATCH_TABLES } from "../planner/changed-rows.ts";
import type { PlacesOfFile } from "../planner/places-of-files.ts";
import type { LakeConnection } from "./connection.ts";
import type { ReadCounters } from "./read-counters.ts";

interface Step {
  readonly connection: LakeConnection;
  readonly changed: ChangedRows;
  readonly signal: AbortSignal;
}

/** How many distinct positions are deleted, by file and side. */
type Deleted = ReadonlyMap<string, number>;

export async function bringChangedRows(step: Step, counters: ReadCounters): Promise<void> {
  const { connection, changed, signal } = step;
  const deleted = changed.deletions.isEmpty ? new Map<string, number>() : await bringDeletions(step);
  const places = changed.hasPlaces ? await bringPlaces(step) : [];
  await connection.run(changed.whole(), signal);
  for (const fetch of changed.fetches(places)) await connection.run(fetch, signal);
  const rows = await seal(step, expectedRows(changed, deleted, places));
  counters.count({ files: changed.reads.files.length, rows, positions: sum([...deleted.values()]) });
}

export async function dropChangedRows(connection: LakeConnection, signal: AbortSignal): Promise<void> {
  for (const table of SCRATCH_TABLES) await connection.run(`drop table if exists ${table}`, signal);
}

async function bringDeletions({ connection, changed, signal }: Step): Promise<Deleted> {
  await connection.run(changed.deletionsTable(), signal);
  const counted = await connection.all(changed.deletions.count(), signal);
  const stored = new Map(counted.map(([file, side, count]) => [`${file} ${side}`, Number(count)]));
  for (const { file, side, count } of changed.deletions.expected()) {
    const found = stored.get(`${file} ${side}`) ?? 0;
    if (found !== count) throw broken(`the delete file of ${pathOf(changed, file)}`, "positions", { found, count });
  }
  return new Map(counted.map(([file, side, , distinct]) => [`${file} ${side}`, Number(distinct)]));
}

async function bringPlaces({ connection, changed, signal }: Step): Promise<readonly PlacesOfFile[]> {
  if (changed.hasSince) await checkMerged({ connection, changed, signal });
  await connection.run(changed.places(), signal);
  const counted = await connection.all(changed.countPlaces(), signal);
  return counted.map(([file, count, lowest, highest, positions]) => ({
    file: Number(file),
    count: Number(count),
    lowest: BigInt(String(lowest)),
    highest: BigInt(String(highest)),
    positions: items(positions).map((position) => BigInt(String(position))),
  }));
}

/** Files made by a merge or flush must hold exactly what was consumed from the places where it was before. */
async function checkMerged({ connection, changed, signal }: Step): Promise<void> {
  await connection.run(changed.dated(), signal);
  const counted = await connection.all(changed.countDated(), signal);
  const found = new Map(counted.map(([file, count]) => [Number(file), Number(count)]));
  for (const [index, file] of changed.reads.files.entries()) {
    if (file.kind !== "since" || found.get(index) === file.rows) continue;
    throw broken(file.path, "rows", { found: found.get(index) ?? 0, count: file.rows });
  }
  const [consumed] = await connection.all(changed.countConsumed(), signal);
  const rows = Number(consumed?.[0] ?? 0);
  const { consumed: expected, since } = changed.reads;
  if (rows !== expected)
    throw broken(`what was merged since snapshot ${since}`, "rows", { found: rows, count: expected });
}

function items(list: DuckDBValue | undefined): readonly DuckDBValue[] {
  return typeof list === "object" && list !== null && "items" in list ? (list.items as readonly DuckDBValue[]) : [];
}

/** Rows of the table, by number of the file. */
function expectedRows(
  changed: ChangedRows,
  deleted: Deleted,
  places: readonly PlacesOfFile[],
): ReadonlyMap<number, number> {
  const { files, inlined } = changed.reads;
  const whole = files.flatMap((file, index): [number, number][] => {
    if (file.kind === "added") return [[index, file.rows - (deleted.get(`${index} new`) ?? 0)]];
    return file.kind === "removed" ? [[index, file.rows - (deleted.get(`${index} old`) ?? 0)]] : [];
  });
  const inside: [number, number][] =
    inlined === null || changed.originColumns.length > 0 ? [] : [[INLINED_FILE, inlined.new_rows + inlined.old_rows]];
  return new Map([...whole, ...places.map((place): [number, number] => [place.file, place.count]), ...inside]);
}

async function seal({ connection, changed, signal }: Step, expected: ReadonlyMap<number, number>): Promise<number> {
  const counted = await connection.all(changed.countChanged(), signal);
  const found = new Map<number, number>();
  for (const [file, , count] of counted) found.set(Number(file), (found.get(Number(file)) ?? 0) + Number(count));
  // Shown one by one, those of the catalog that both states have are left out, and not counted.
  if (changed.originColumns.length > 0) found.delete(INLINED_FILE);
  for (const file of new Set([...expected.keys(), ...found.keys()])) {
    const [rows, wanted] = [found.get(file) ?? 0, expected.get(file) ?? 0];
    if (rows !== wanted) throw broken(pathOf(changed, file), "rows", { found: rows, count: wanted });
  }
  return sum([...found.values()]);
}

function pathOf(changed: ChangedRows, file: number): string {
  return file === INLINED_FILE ? "the rows in the catalog" : (changed.reads.files[file]?.path ?? `file ${file}`);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function broken(
  what: string,
  unit: string,
  { found, count }: { readonly found: number; readonly count: number },
): LakeError {
  return new LakeError(SQL_STATE.sealBroken, `${what} has ${found} ${unit}, the catalog of the lake says ${count}`, {
    hint: "The lake has changed while it was read, or is damaged; the query is recomputed instead.",
  });
}
