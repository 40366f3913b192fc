// For tests only: lake tables whose reading begins well and fails late, by a value or by a data file that is not there.
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { DuckdbClient } from "../../../stack/ducklake.ts";

/** More than DuckDB reads ahead, so that rows have been given when the failure comes. */
export const ROWS = 150_000;
const FILES = 10;

/** `id, v, w` in several data files; every `v` is 1 but the last one, which is given. */
export async function createLongTable(duckdb: DuckdbClient, name: string, lastValue = 1): Promise<void> {
  await duckdb.run(`create table lake.main.${name} (id bigint, v integer, w varchar)`);
  const each = ROWS / FILES;
  for (let file = 0; file < FILES; file += 1) {
    await duckdb.run(
      `insert into lake.main.${name} select i, if(i = ${ROWS - 1}, ${lastValue}, 1), repeat('x', 100)
       from range(${file * each}, ${(file + 1) * each}) r(i)`,
    );
  }
}

/** Takes one of the table's data files away, by age; gives what puts it back. */
export function loseFile(dataPath: string, name: string, position: number): () => void {
  return loseFileOf(join(dataPath, "main", name), position);
}

/** The same, of a table's folder. */
export function loseFileOf(folder: string, position: number): () => void {
  const lost = readdirSync(folder)
    .filter((file) => file.endsWith(".parquet"))
    .sort()
    .at(position);
  if (lost === undefined) throw new Error(`there is no data file in ${folder}`);
  const path = join(folder, lost);
  renameSync(path, `${path}.lost`);
  return () => renameSync(`${path}.lost`, path);
}
