// The ctids of one transaction. PostgreSQL's ctid has 48 bits, a place (planner/place.ts) is a path and a number: so each
// file, or each span of 2^24 positions of one, gets a number when a row of it is read, and the ctid is that number and the
// position within the span. Memory grows with the files read, not with the rows.
import { randomInt } from "node:crypto";
import { LakeError, SQL_STATE } from "../errors.ts";

/** Where a span of rows is. An empty name: by row id alone (planner/place.ts says when). */
export interface PlaceFile {
  readonly name: string;
  /** Of rows that are inlined in the catalog: the snapshot that made them; empty for those of files. */
  readonly snapshot: string;
  /** In which of the transaction's views of the lake it was read. */
  readonly view: number;
}

export interface Place {
  readonly ctid: string;
  readonly file: PlaceFile;
  readonly position: string;
}

/** Rows of a file are the same in every view; of others that is known only where the snapshot that made them is. */
export function isLasting(file: PlaceFile): boolean {
  return isStored(file) || (file.name !== "" && file.snapshot !== "");
}

/** In a data file: a path has a slash, the name of a catalog's table has none. */
export function isStored(file: PlaceFile): boolean {
  return file.name.includes("/");
}

interface Span extends PlaceFile {
  readonly first: bigint;
}

const SPAN_BITS = 24n;
const SPAN_ROWS = 2 ** 24;
/** Offset 0 is no ctid, block 2^32 - 1 is none either. */
const OFFSETS = 2 ** 15;
const SPAN_NUMBERS = 2 ** 23 - 1;
/** Row ids from here on were given inside a transaction, and others may have them too. */
const PROVISIONAL_ROW_IDS = 10n ** 18n;
export const MAX_SPANS = 100_000;

// Counted through the transactions of all sessions, so that a ctid that somebody has kept from an earlier one is unknown
// now and not another row's.
let nextSpan = randomInt(SPAN_NUMBERS);

export class Places {
  readonly #numbers = new Map<string, number>();
  readonly #spans = new Map<number, Span>();
  #last = { key: "", number: 0 };
  #view = 1;

  get view(): number {
    return this.#view;
  }

  /** The ctid of a place as DuckDB gave it. */
  ctidOf(place: string): string {
    const colon = place.indexOf(":");
    const position = place.slice(0, colon);
    // Most rows are in the same span as the one before.
    const low = position.length < 8 ? Number(position) : Number(BigInt(position) % BigInt(SPAN_ROWS));
    const high = position.length < 8 ? 0n : BigInt(position) >> SPAN_BITS;
    const number = this.#number(`${high}${place.slice(colon)}`);
    return `(${number * (SPAN_ROWS / OFFSETS) + Math.floor(low / OFFSETS)},${(low % OFFSETS) + 1})`;
  }

  placeOf(ctid: string | null): Place {
    const match = /^\((\d{1,10}),(\d{1,5})\)$/.exec(ctid ?? "");
    if (match === null) throw new LakeError("22P02", `invalid ctid: ${ctid}`);
    const [block, offset] = [Number(match[1]), Number(match[2])];
    const perBlock = SPAN_ROWS / OFFSETS;
    const span = this.#spans.get(Math.floor(block / perBlock));
    if (span === undefined || offset < 1 || offset > OFFSETS) throw unknownCtid(ctid);
    const position = span.first + BigInt((block % perBlock) * OFFSETS + offset - 1);
    return { ctid: match[0], file: span, position: String(position) };
  }

  /** The transaction sees the lake anew: rows that are not sure to be the same get new ctids, their old ones are too old. */
  renew(): void {
    this.#view += 1;
    this.#last = { key: "", number: 0 };
    for (const [key, number] of this.#numbers) {
      const span = this.#spans.get(number);
      if (span !== undefined && !isLasting(span)) this.#numbers.delete(key);
    }
  }

  clear(): void {
    this.#numbers.clear();
    this.#spans.clear();
    this.#last = { key: "", number: 0 };
  }

  #number(key: string): number {
    if (key === this.#last.key) return this.#last.number;
    const number = this.#numbers.get(key) ?? this.#newSpan(key);
    this.#last = { key, number };
    return number;
  }

  /** `<span>:<snapshot>:<name>` */
  #newSpan(key: string): number {
    if (this.#spans.size >= MAX_SPANS) throw tooManyFiles();
    const [high = "0", snapshot = ""] = key.split(":", 2);
    const span = {
      first: BigInt(high) << SPAN_BITS,
      snapshot,
      name: key.slice(high.length + snapshot.length + 2),
      view: this.#view,
    };
    if (span.name === "" && span.first + BigInt(SPAN_ROWS) > PROVISIONAL_ROW_IDS) throw sharedRowIds();
    while (this.#spans.has(nextSpan)) nextSpan = (nextSpan + 1) % SPAN_NUMBERS;
    const number = nextSpan;
    nextSpan = (nextSpan + 1) % SPAN_NUMBERS;
    this.#spans.set(number, span);
    this.#numbers.set(key, number);
    return number;
  }
}

const BY_CONDITION =
  "Change them by a statement that the lake can run itself: a condition on its own columns, with constants.";

function unknownCtid(ctid: string | null): LakeError {
  return new LakeError(SQL_STATE.invalidParameter, `ctid ${ctid} is not one that this transaction has read`, {
    hint: "A ctid of a lake table is good in the transaction that read it; read the row again, or use a condition on its columns.",
  });
}

function tooManyFiles(): LakeError {
  return new LakeError(
    "54000",
    `one transaction can change rows one by one in at most ${MAX_SPANS} files of the lake`,
    {
      hint: `${BY_CONDITION} Or merge the table's files first (ducklake_merge_adjacent_files).`,
    },
  );
}

function sharedRowIds(): LakeError {
  return new LakeError(
    SQL_STATE.notSupported,
    "these rows share their row ids with others, and a column of their table hides the file that would tell them apart",
    { hint: `${BY_CONDITION} Or rename the column "filename" or "file_row_number".` },
  );
}
