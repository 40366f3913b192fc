// How data files of a lake table are read past DuckLake: by the ids of their columns, whatever those were called and typed when a
// file was written, with the value that stands for a column which came later.
import { text, textList } from "./quoting.ts";
import type { Column } from "./types.ts";

export interface ColumnId {
  readonly id: number;
  readonly initial: string | null;
}

export interface DataPath {
  readonly path: string;
  readonly relative: boolean;
}

/** Columns that DuckLake adds to files whose rows are of several snapshots; their ids are the same in every table. */
export const ROW_SNAPSHOT = "_ducklake_internal_snapshot_id";
export const ROW_ID = "_ducklake_internal_row_id";
const INTERNAL: readonly (readonly [name: string, id: number])[] = [
  [ROW_SNAPSHOT, 2147483539],
  [ROW_ID, 2147483540],
];

/** What a folder is called says nothing: the columns that a table is partitioned by are in its files. */
export const OPTIONS = "filename = true, file_row_number = true, hive_partitioning = false";

export interface DataFilesOptions {
  readonly dataPath: string;
  /** With ROW_SNAPSHOT and ROW_ID, NULL where a file has none. */
  readonly withOrigin?: boolean;
}

export class DataFiles {
  readonly #dataPath: string;
  readonly #schema: string;

  constructor(columns: readonly Column[], ids: ReadonlyMap<string, ColumnId>, options: DataFilesOptions) {
    const { dataPath, withOrigin = false } = options;
    this.#dataPath = dataPath.endsWith("/") ? dataPath : `${dataPath}/`;
    const internal = INTERNAL.map(([name, id]) => `${id}: {name: ${text(name)}, type: 'BIGINT', default_value: null}`);
    const own = columns.map(({ name, type }) => {
      const column = ids.get(name);
      const initial = column?.initial ?? null;
      return `${column?.id ?? 0}: {name: ${text(name)}, type: ${text(type)}, default_value: ${initial === null ? "null" : text(initial)}}`;
    });
    this.#schema = `schema = map {${[...own, ...(withOrigin ? internal : [])].join(", ")}}`;
  }

  path(file: DataPath): string {
    return file.relative ? `${this.#dataPath}${file.path}` : file.path;
  }

  read(paths: readonly string[]): string {
    return `read_parquet(${textList(paths)}, ${this.#schema}, ${OPTIONS})`;
  }
}
