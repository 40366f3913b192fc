/** Lake tables `t (i, v)` and `other (i)` and plain DuckDB clients for the tests of the guard: no engine, new tables a test. */
import { afterAll } from "vitest";
import type { TrickleDatabase } from "../../../stack/database.ts";
import { type DuckdbClient, openDuckdb } from "../../../stack/ducklake.ts";
import { useTrickle } from "../../../test/support/trickle.ts";

interface AtSnapshot {
  readonly id: number;
  readonly rows: number;
}

/** For a test file; valid inside tests and hooks. */
export function useLakeTables(): LakeTables {
  const lake = new LakeTables(useTrickle({ engine: false, setupFile: false }));
  afterAll(() => lake.close());
  return lake;
}

class LakeTables {
  readonly trickle: () => TrickleDatabase;
  readonly #open: DuckdbClient[] = [];
  #firstSnapshot = 0;
  #tableId = -1;

  constructor(trickle: () => TrickleDatabase) {
    this.trickle = trickle;
  }

  get tableId(): number {
    return this.#tableId;
  }

  close(): void {
    for (const client of this.#open) client.close();
  }

  async sql<T extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.trickle().pool().query<T>(text, values)).rows;
  }

  async #number(text: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.sql<{ n: string }>(`select (${text}) as n`, values);
    return Number(row?.n);
  }

  /** The same two for all tests of a file. */
  async clients(): Promise<[DuckdbClient, DuckdbClient]> {
    while (this.#open.length < 2) this.#open.push(await openDuckdb({ ...this.trickle().attach, readOnly: false }));
    return this.#open as [DuckdbClient, DuckdbClient];
  }

  head(): Promise<number> {
    return this.#number("select max(snapshot_id) from ducklake.ducklake_snapshot");
  }

  async createTables(client: DuckdbClient, { rows }: { readonly rows: number }): Promise<void> {
    await client.run("drop table if exists lake.t");
    await client.run("drop table if exists lake.other");
    await client.run("create table lake.other (i integer)");
    await client.run("create table lake.t (i integer, v integer)");
    await client.run(`insert into lake.t select i, 0 from range(${rows}) r (i)`);
    this.#firstSnapshot = await this.head();
    this.#tableId = await this.#number(
      "select table_id from ducklake.ducklake_table where table_name = 't' and end_snapshot is null",
    );
  }

  /** As a DuckDB that attaches now counts them: in the files, not in the catalog. */
  async rowsAtEachSnapshot(): Promise<AtSnapshot[]> {
    const ids = await this.sql<{ id: number }>(
      "select snapshot_id::int as id from ducklake.ducklake_snapshot where snapshot_id >= $1 order by 1",
      [this.#firstSnapshot],
    );
    const reader = await openDuckdb({ ...this.trickle().attach, readOnly: true });
    try {
      const parts = ids.map(
        ({ id }) => `select ${id} as id, count(i)::integer as rows from lake.t at (version => ${id})`,
      );
      const rows = await reader.rows(`${parts.join(" union all ")} order by 1`);
      return rows.map((row) => ({ id: Number(row["id"]), rows: Number(row["rows"]) }));
    } finally {
      reader.close();
    }
  }

  /** The same from the list of commits, back from the rows that are there now: each that deleted took so many. */
  async rowsByCommits(deleted: number): Promise<AtSnapshot[]> {
    const commits = await this.sql<{ id: number; is_deletion: boolean }>(
      `select snapshot_id::int as id, changes_made = $2 as is_deletion
       from ducklake.ducklake_snapshot_changes where snapshot_id >= $1 order by 1 desc`,
      [this.#firstSnapshot, `deleted_from_table:${this.#tableId}`],
    );
    let rows = await this.#number(
      `select sum(d.record_count - coalesce(f.delete_count, 0)) from ducklake.ducklake_data_file d
       left join ducklake.ducklake_delete_file f on f.data_file_id = d.data_file_id and f.end_snapshot is null
       where d.table_id = $1 and d.end_snapshot is null`,
      [this.#tableId],
    );
    const found: AtSnapshot[] = [];
    for (const { id, is_deletion } of commits) {
      found.unshift({ id, rows });
      if (is_deletion) rows += deleted;
    }
    return found;
  }

  keptCount(): Promise<number> {
    return this.#number(
      "select count(*) from ducklake.ducklake_delete_file where table_id = $1 and end_snapshot is not null",
      [this.#tableId],
    );
  }

  inlinedCount(): Promise<number> {
    return this.#number(`select count(*) from ducklake.ducklake_inlined_delete_${this.#tableId}`);
  }

  damage(): Promise<Record<string, unknown>[]> {
    return this.sql("select * from pgtrickle_guard.damage() where table_id = $1", [this.#tableId]);
  }
}
