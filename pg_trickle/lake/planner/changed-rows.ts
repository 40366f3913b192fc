// The statements that bring the difference of two states of a lake table into a temporary table: the rows of files that came or
// went, and rows by file and position where deletions differ. Pure; the engine runs them and compares the counts in between.
//
// Positions are named one by one where they are few: only a constant list lets DuckDB leave out the rest of a file.
import { DataFiles, type DataFilesOptions, OPTIONS, ROW_ID, ROW_SNAPSHOT } from "./data-files.ts";
import { DELETIONS, DeletionReads } from "./deletion-reads.ts";
import { freeNames } from "./free-names.ts";
import { FEW_POSITIONS, groupsOf, type PlacesOfFile, positionsOf } from "./places-of-files.ts";
import { lakeName, quoteIdentifier, text, textList } from "./quoting.ts";
import type { DeltaReads, ReadFile } from "./reads.ts";
import type { Column } from "./types.ts";

export const CHANGED = "pg_trickle_changed";
const DATED = "temp.main.pg_trickle_dated";
const PLACES = "temp.main.pg_trickle_places";
const CHANGED_TABLE = `temp.main.${CHANGED}`;
export const SCRATCH_TABLES = [DELETIONS, DATED, PLACES, CHANGED_TABLE];

/** In place of a file's number: rows that the catalog holds itself. */
export const INLINED_FILE = -1;

interface RowSource {
  readonly file: string;
  readonly sign: string;
  /** Alias of the row with the table's columns; null: a row of NULLs. */
  readonly from: string | null;
  readonly at: string;
  readonly rowId: string;
}

export class ChangedRows {
  readonly reads: DeltaReads;
  readonly deletions: DeletionReads;
  readonly signColumn: string;
  /** The snapshot that brought or took a row (NULL: not known), and its row id; empty unless they were asked for. */
  readonly originColumns: readonly string[];
  readonly #fileColumn: string;
  readonly #columns: readonly Column[];
  readonly #data: DataFiles;

  constructor(reads: DeltaReads, columns: readonly Column[], options: DataFilesOptions) {
    const ids = new Map(reads.columns.map((column) => [column.name, column]));
    this.reads = reads;
    this.#columns = columns.filter((column) => ids.has(column.name));
    const [sign = "", file = "", ...origin] = freeNames(columns, ["__sign", "__file", "__snapshot", "__row"]);
    this.signColumn = sign;
    this.#fileColumn = file;
    this.originColumns = options.withOrigin === true ? origin : [];
    this.#data = new DataFiles(this.#columns, ids, options);
    this.deletions = new DeletionReads(reads.files, this.#data);
  }

  /** Columns with parts are not read. */
  has(column: string): boolean {
    return this.#columns.some((item) => item.name === column);
  }

  get hasSince(): boolean {
    return this.#files("since").length > 0;
  }

  get hasPlaces(): boolean {
    return this.hasSince || this.#files("changed").length > 0;
  }

  deletionsTable(): string {
    return table(DELETIONS, this.deletions.select());
  }

  /** Of the files made by a merge or flush: which snapshot put each row there. */
  dated(): string {
    const files = this.#files("since");
    const paths = files.map(({ file }) => this.#data.path(file));
    return table(
      DATED,
      `select i.file, r.file_row_number as pos, r.${ROW_SNAPSHOT} as snap
      from read_parquet(${textList(paths)}, ${OPTIONS}) as r
      join ${this.#numbers(files)} on r.filename = i.path`,
    );
  }

  countDated(): string {
    return `select file, count(*)::bigint from ${DATED} group by all`;
  }

  /** Rows of those files that were there, and not deleted, at the snapshot that was consumed. */
  countConsumed(): string {
    return `select count(*)::bigint from ${DATED} d where d.snap <= ${this.reads.since}
      ${this.deletions.isEmpty ? "" : `and not exists (${this.deletions.at("d", "new")} and x.snap <= ${this.reads.since})`}`;
  }

  /** file, pos, sign: rows that are to be fetched one by one. */
  places(): string {
    const { since } = this.reads;
    const changed = this.#files("changed").map(({ index }) => index);
    const parts: string[] = [];
    if (changed.length > 0) {
      const files = `file in (${changed.join(", ")})`;
      const only = (side: "old" | "new", other: "old" | "new") =>
        `from ${DELETIONS} d where side = ${text(side)} and ${files} and not exists (${this.deletions.at("d", other)}) group by file, pos`;
      parts.push(`select file, pos, -1::tinyint as sign, min(snap) as snap ${only("new", "old")}`);
      parts.push(`select file, pos, 1::tinyint as sign, null::bigint as snap ${only("old", "new")}`);
    }
    if (this.hasSince) {
      const live = this.deletions.isEmpty ? "" : `and not exists (${this.deletions.at("d", "new")})`;
      parts.push(`select file, pos, 1::tinyint as sign, snap from ${DATED} d where d.snap > ${since} ${live}`);
    }
    if (this.hasSince && !this.deletions.isEmpty) {
      const later = `exists (${this.deletions.at("d", "new")} and x.snap > ${since})`;
      const earlier = `not exists (${this.deletions.at("d", "new")} and x.snap <= ${since})`;
      const at = `(select min(x.snap) from ${DELETIONS} x where x.side = 'new' and x.file = d.file and x.pos = d.pos)`;
      parts.push(
        `select file, pos, -1::tinyint as sign, ${at} as snap from ${DATED} d where d.snap <= ${since} and ${later} and ${earlier}`,
      );
    }
    return table(PLACES, parts.join(" union all "));
  }

  countPlaces(): string {
    return `select file, count(*)::bigint, min(pos), max(pos),
      case when count(*) <= ${FEW_POSITIONS} then list(pos) else [] end from ${PLACES} group by all`;
  }

  /** The table of the changed rows with what is read as a whole, empty of what is fetched by place. */
  whole(): string {
    const parts = [
      ...this.#wholeFiles("added", 1, "new"),
      ...this.#wholeFiles("removed", -1, "old"),
      ...this.#inlined(),
    ];
    const none = `${this.#row({ file: String(INLINED_FILE), sign: "0", from: null, at: "0", rowId: "0" })} where false`;
    return table(CHANGED_TABLE, parts.length === 0 ? none : parts.join(" union all "));
  }

  /**
   * The statements that fetch rows by place. Files with few places go into one scan with all of their positions: a scan of each
   * costs several times as much, and the row groups in which only another file has a place are few.
   */
  fetches(places: readonly PlacesOfFile[]): readonly string[] {
    const few = places.filter((place) => place.positions.length > 0);
    const many = places.filter((place) => place.positions.length === 0);
    const single = many.map((place) => this.#fetch([place], `between ${place.lowest} and ${place.highest}`));
    return [...groupsOf(few).map((group) => this.#fetch(group, `in (${positionsOf(group).join(", ")})`)), ...single];
  }

  #fetch(places: readonly PlacesOfFile[], condition: string): string {
    const wanted = new Set(places.map((place) => place.file));
    const files = this.reads.files.flatMap((file, index) => (wanted.has(index) ? [{ file, index }] : []));
    const from = `${this.#data.read(files.map(({ file }) => this.#data.path(file)))} as r
      join ${this.#numbers(files)} on r.filename = i.path
      join ${PLACES} p on p.file = i.file and p.pos = r.file_row_number`;
    const rowId = `coalesce(r.${ROW_ID}, i.first_row_id + r.file_row_number)`;
    const row = this.#row({ file: "i.file", sign: "p.sign", from: "r", at: "p.snap", rowId });
    return `insert into ${CHANGED_TABLE} ${row} from ${from} where r.file_row_number ${condition}`;
  }

  countChanged(): string {
    const [file, sign] = [quoteIdentifier(this.#fileColumn), quoteIdentifier(this.signColumn)];
    return `select ${file}, ${sign}, count(*)::bigint from ${CHANGED_TABLE} group by all`;
  }

  #row({ file, sign, from, at, rowId }: RowSource): string {
    const value = (column: Column) =>
      from === null
        ? `null::${column.type} as ${quoteIdentifier(column.name)}`
        : `${from}.${quoteIdentifier(column.name)}`;
    const [snapshot, row] = this.originColumns;
    const origin =
      snapshot === undefined || row === undefined
        ? []
        : [`(${at})::bigint as ${quoteIdentifier(snapshot)}`, `(${rowId})::bigint as ${quoteIdentifier(row)}`];
    const own = [
      `(${sign})::tinyint as ${quoteIdentifier(this.signColumn)}`,
      `(${file})::integer as ${quoteIdentifier(this.#fileColumn)}`,
    ];
    return `select ${[...this.#columns.map(value), ...own, ...origin].join(", ")}`;
  }

  #wholeFiles(kind: "added" | "removed", sign: number, side: "old" | "new"): readonly string[] {
    const files = this.#files(kind);
    if (files.length === 0) return [];
    const from = `${this.#data.read(files.map(({ file }) => this.#data.path(file)))} as r join ${this.#numbers(files)} on r.filename = i.path`;
    const isDeleted = `exists (select 1 from ${DELETIONS} x where x.side = ${text(side)} and x.file = i.file and x.pos = r.file_row_number)`;
    const indexes = files.map(({ index }) => index);
    const needed = this.deletions.ofAny(indexes, side);
    const at = sign > 0 ? `coalesce(r.${ROW_SNAPSHOT}, i.begin)` : "null";
    const rowId = `coalesce(r.${ROW_ID}, i.first_row_id + r.file_row_number)`;
    const row = this.#row({ file: "i.file", sign: String(sign), from: "r", at, rowId });
    return [`${row} from ${from} ${needed ? `where not ${isDeleted}` : ""}`];
  }

  /**
   * Rows that the catalog holds itself: all of both states, which take each other away in a sum. Whoever wants to see single rows
   * gets only those that one of the states has.
   */
  #inlined(): readonly string[] {
    const { inlined } = this.reads;
    if (inlined === null) return [];
    const part = (snapshot: number, other: number, sign: number) => {
      const at = sign > 0 ? "r.snapshot_id" : "null";
      const row = this.#row({ file: String(INLINED_FILE), sign: String(sign), from: "r", at, rowId: "r.rowid" });
      const rows = `${row} from ${this.#inCatalog("r", snapshot)}`;
      if (this.originColumns.length === 0) return rows;
      const same = "o.rowid = r.rowid and o.snapshot_id = r.snapshot_id";
      return `${rows} and not exists (select 1 from ${this.#inCatalog("o", other)} and ${same})`;
    };
    return [
      ...(inlined.new_rows > 0 ? [part(inlined.new, inlined.old, 1)] : []),
      ...(inlined.old_rows > 0 ? [part(inlined.old, inlined.new, -1)] : []),
    ];
  }

  #inCatalog(alias: string, snapshot: number): string {
    const table = lakeName(this.reads.table);
    return `${table} as ${alias} at (version => ${snapshot}) where ${alias}.filename not like '%.parquet'`;
  }

  #files(kind: ReadFile["kind"]): readonly { readonly file: ReadFile; readonly index: number }[] {
    return this.reads.files.flatMap((file, index) => (file.kind === kind ? [{ file, index }] : []));
  }

  #numbers(files: readonly { readonly file: ReadFile; readonly index: number }[]): string {
    const rows = files.map(
      ({ file, index }) =>
        `(${text(this.#data.path(file))}, ${index}::integer, ${file.begin}::bigint, ${file.first_row_id ?? "null"}::bigint)`,
    );
    return `(values ${rows.join(", ")}) as i(path, file, begin, first_row_id)`;
  }
}

function table(name: string, query: string): string {
  return `create or replace temporary table ${name} as ${query}`;
}
