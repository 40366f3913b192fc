/** Compares the lake, as a plain DuckDB reads it, with the model. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TrickleDatabase } from "../../../stack/database.ts";
import type { DuckdbClient } from "../../../stack/ducklake.ts";
import type { LakeModel, Summary } from "./lake-model.ts";

export class LakeCheck {
  readonly #trickle: TrickleDatabase;
  readonly #model: LakeModel;
  readonly #kept = new Set<string>();
  #reader: DuckdbClient;

  private constructor(trickle: TrickleDatabase, model: LakeModel, reader: DuckdbClient) {
    this.#trickle = trickle;
    this.#model = model;
    this.#reader = reader;
  }

  static async open(trickle: TrickleDatabase, model: LakeModel): Promise<LakeCheck> {
    return new LakeCheck(trickle, model, await trickle.duckdb());
  }

  /** Deletions that the guard has dated anew, seen so far. */
  get repairs(): number {
    return this.#kept.size;
  }

  /** What differs: at every retained snapshot, or at the newest two. */
  async compare(isFull: boolean): Promise<string[]> {
    await this.#noteKept();
    const { rows } = await this.#trickle
      .pool()
      .query("select snapshot_id::int as id from ducklake.ducklake_snapshot where snapshot_id > 2 order by 1");
    const ids = (rows as { id: number }[]).map(({ id }) => id).slice(isFull ? 0 : -2);
    const found = await this.#read(ids);
    const differences: string[] = [];
    for (const id of ids) {
      const has = JSON.stringify(found.get(id));
      const wanted = JSON.stringify(this.#model.at(id).summary);
      if (has !== wanted)
        differences.push(`at snapshot ${id} of ${ids.at(-1)} the lake has ${has}, the model ${wanted}`);
    }
    if (!isFull) return differences;
    return [...differences, ...(await this.#compareCount(ids.at(-1) as number)), ...(await this.#compareFiles())];
  }

  async #noteKept(): Promise<void> {
    const { rows } = await this.#trickle.pool().query(
      `select k.delete_file_id as id from ducklake.ducklake_delete_file k join ducklake.ducklake_delete_file l
         on l.data_file_id = k.data_file_id and l.begin_snapshot = k.end_snapshot`,
    );
    for (const { id } of rows as { id: string }[]) this.#kept.add(id);
  }

  /** From the catalog's counts, where a scan reads the files. */
  async #compareCount(head: number): Promise<string[]> {
    const [row] = await this.#reader.rows("select count(*)::integer as n from lake.t");
    const { count } = this.#model.at(head).summary;
    return row?.["n"] === count ? [] : [`count(*) is ${row?.["n"]}, the model has ${count}`];
  }

  async #read(ids: readonly number[]): Promise<Map<number, Summary>> {
    const part = (id: number) =>
      `select ${id} as id, count(i)::integer as count, coalesce(sum(i), 0)::double as i, coalesce(sum(v), 0)::double as v,
         coalesce(sum(i::bigint * v), 0)::double as product from lake.t at (version => ${id})`;
    const text = ids.map(part).join(" union all ");
    const rows = await this.#reader.rows(text).catch(async () => {
      // A flush beside an open reader makes it fail until it attaches anew, ducklake 1413.
      this.#reader = await this.#trickle.duckdb();
      return this.#reader.rows(text);
    });
    return new Map(rows.map((row) => [Number(row["id"]), summaryOf(row)]));
  }

  /** Kept delete files are there until their rows go. */
  async #compareFiles(): Promise<string[]> {
    const { rows } = await this.#trickle.pool().query(
      `select path from ducklake.ducklake_delete_file where table_id = 1
       union all select path from ducklake.ducklake_data_file where table_id = 1`,
    );
    const folder = join(this.#trickle.dataPath, "main/t");
    return (rows as { path: string }[])
      .filter(({ path }) => !existsSync(join(folder, path)))
      .map(({ path }) => `file ${path} is in the catalog and gone`);
  }
}

function summaryOf(row: Record<string, unknown>): Summary {
  return {
    count: Number(row["count"]),
    sumI: Number(row["i"]),
    sumV: Number(row["v"]),
    product: Number(row["product"]),
  };
}
