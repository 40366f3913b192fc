// The deletions of both states of the files that a delta reads, from delete files and from the catalog, in one temporary table.
import type { DataFiles } from "./data-files.ts";
import { integers, text, textList } from "./quoting.ts";
import type { Deletions, ReadFile } from "./reads.ts";

export const DELETIONS = "temp.main.pg_trickle_deletions";

export type Side = "old" | "new";

interface Deleted {
  /** Its place in the list of files. */
  readonly file: number;
  readonly side: Side;
  readonly deletions: Deletions;
}

/** What a delete file must hold. */
export interface StoredCount {
  readonly file: number;
  readonly side: Side;
  readonly count: number;
}

export class DeletionReads {
  readonly #data: DataFiles;
  readonly #deleted: readonly Deleted[];

  constructor(files: readonly ReadFile[], data: DataFiles) {
    this.#data = data;
    this.#deleted = files.flatMap((item, file) =>
      (["old", "new"] as const).flatMap((side) => {
        const deletions = item[side];
        return deletions !== undefined && hasAny(deletions) ? [{ file, side, deletions }] : [];
      }),
    );
  }

  get isEmpty(): boolean {
    return this.#deleted.length === 0;
  }

  ofAny(files: readonly number[], side: Side): boolean {
    const asked = new Set(files);
    return this.#deleted.some((item) => item.side === side && asked.has(item.file));
  }

  /** file, side, pos, snap (the snapshot that deleted it), stored (it is in a delete file). */
  select(): string {
    const inFiles = this.#inFiles();
    const inCatalog = this.#deleted.filter(({ deletions }) => deletions.positions.length > 0);
    const parts = [
      ...(inFiles.length === 0 ? [] : [this.#stored(inFiles)]),
      ...inCatalog.map(
        ({ file, side, deletions }) =>
          `select ${file}::integer as file, ${text(side)} as side, unnest(${integers(deletions.positions)}) as pos,
            unnest(${integers(deletions.snapshots)}) as snap, false as stored`,
      ),
    ];
    return parts.join(" union all ");
  }

  /** How many positions each delete file must have. */
  expected(): readonly StoredCount[] {
    return this.#inFiles().map(({ file, side, deletions }) => ({ file, side, count: deletions.count }));
  }

  /** file, side, how many are in delete files, how many there are. */
  count(): string {
    return `select file, side, (count(*) filter (where stored))::bigint, count(distinct pos)::bigint from ${DELETIONS} group by all`;
  }

  /** The deletions, as x, of the place that a row with columns file and pos names. */
  at(row: string, side: Side): string {
    return `select 1 from ${DELETIONS} x where x.side = ${text(side)} and x.file = ${row}.file and x.pos = ${row}.pos`;
  }

  #inFiles(): readonly Deleted[] {
    return this.#deleted.filter(({ deletions }) => deletions.path !== undefined);
  }

  #stored(deleted: readonly Deleted[]): string {
    const read = (isDated: boolean, at: string): readonly string[] => {
      const some = deleted.filter(({ deletions }) => (deletions.dated ?? false) === isDated);
      if (some.length === 0) return [];
      const paths = textList([...new Set(some.map((item) => this.#path(item)))]);
      return [
        `select filename, pos, ${at} as snap from read_parquet(${paths}, filename = true, hive_partitioning = false)`,
      ];
    };
    const rows = [...read(true, "_ducklake_internal_snapshot_id"), ...read(false, "null::bigint")].join(" union all ");
    const numbers = deleted.map(
      (item) => `(${text(this.#path(item))}, ${item.file}, ${text(item.side)}, ${item.deletions.begin ?? 0})`,
    );
    return `select i.file::integer as file, i.side, d.pos, coalesce(d.snap, i.begin::bigint) as snap, true as stored
      from (${rows}) as d join (values ${numbers.join(", ")}) as i(path, file, side, begin) on d.filename = i.path`;
  }

  #path({ deletions }: Deleted): string {
    return this.#data.path({ path: deletions.path ?? "", relative: deletions.relative ?? true });
  }
}

function hasAny(deletions: Deletions): boolean {
  return deletions.path !== undefined || deletions.positions.length > 0;
}
