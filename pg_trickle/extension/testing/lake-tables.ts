/** Lake tables and plain DuckDB clients for the tests of the guard: no engine, each test has tables of its own. */
import { afterAll } from "vitest";
import { type DuckdbClient, openDuckdb } from "../../../test/stack/ducklake.ts";
import { useTrickle } from "../../../test/support/trickle.ts";

interface AtSnapshot {
  readonly id: number;
  readonly rows: number;
}

export function useLakeTables() {
  const trickle = useTrickle({ engine: false, setupFile: false });
  const open: DuckdbClient[] = [];
  let firstSnapshot = 0;
  let tableId = 0;

  async function sql<T extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await trickle().pool().query<T>(text, values)).rows;
  }

  async function clients<N extends 1 | 2 | 3>(count: N): Promise<N extends 1 ? [DuckdbClient] : [DuckdbClient, DuckdbClient, DuckdbClient]> {
    for (let i = open.length; i < count; i++) open.push(await openDuckdb({ ...trickle().attach, readOnly: false }));
    return open.slice(0, count) as never;
  }

  async function head(): Promise<number> {
    const [row] = await sql<{ head: number }>("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
    return row?.head ?? -1;
  }

  async function createTables(client: DuckdbClient, { rows }: { readonly rows: number }): Promise<void> {
    await client.run("drop table if exists lake.t");
    await client.run("drop table if exists lake.other");
    await client.run("create table lake.other (i integer)");
    await client.run("create table lake.t (i integer, v integer)");
    await client.run(`insert into lake.t select i, 0 from range(${rows}) r (i)`);
    firstSnapshot = await head();
    const [table] = await sql<{ id: number }>(
      "select table_id::int as id from ducklake.ducklake_table where table_name = 't' and end_snapshot is null",
    );
    tableId = table?.id ?? -1;
  }

  /** As a DuckDB that attaches now counts them: in the files, not in the catalog. */
  async function rowsAtEachSnapshot(): Promise<AtSnapshot[]> {
    const ids = await sql<{ id: number }>(
      "select snapshot_id::int as id from ducklake.ducklake_snapshot where snapshot_id >= $1 order by 1",
      [firstSnapshot],
    );
    const reader = await openDuckdb({ ...trickle().attach, readOnly: true });
    try {
      const parts = ids.map(({ id }) => `select ${id} as id, count(i)::integer as rows from lake.t at (version => ${id})`);
      const rows = await reader.rows(`${parts.join(" union all ")} order by 1`);
      return rows.map((row) => ({ id: Number(row["id"]), rows: Number(row["rows"]) }));
    } finally {
      reader.close();
    }
  }

  /** The same from the list of commits: each that says it deleted took so many rows. */
  async function rowsByCommits({ inserted, deleted }: { readonly inserted: number; readonly deleted: number }): Promise<AtSnapshot[]> {
    const commits = await sql<{ id: number; is_deletion: boolean }>(
      `select s.snapshot_id::int as id, c.changes_made = $2 as is_deletion
       from ducklake.ducklake_snapshot s join ducklake.ducklake_snapshot_changes c using (snapshot_id) where snapshot_id >= $1 order by 1`,
      [firstSnapshot, `deleted_from_table:${tableId}`],
    );
    // Counted back from the head: the first commits may have expired.
    const all = await sql<{ live: string }>(
      `select sum(d.record_count - coalesce(f.delete_count, 0)) as live from ducklake.ducklake_data_file d
       left join ducklake.ducklake_delete_file f on f.data_file_id = d.data_file_id and f.end_snapshot is null
       where d.table_id = $1 and d.end_snapshot is null`,
      [tableId],
    );
    let rows = Number(all[0]?.live);
    const found: AtSnapshot[] = [];
    for (const { id, is_deletion } of commits.reverse()) {
      found.push({ id, rows });
      if (is_deletion) rows += deleted;
    }
    if (commits.at(-1)?.id === firstSnapshot && rows !== inserted) throw new Error(`the commits explain ${rows} rows of ${inserted}`);
    return found.reverse();
  }

  async function count(text: string): Promise<number> {
    const [row] = await sql<{ count: number }>(text, [tableId]);
    return row?.count ?? -1;
  }

  const keptCount = () =>
    count("select count(*)::int as count from ducklake.ducklake_delete_file where table_id = $1 and end_snapshot is not null");
  const inlinedCount = async () => {
    const [row] = await sql<{ count: number }>(`select count(*)::int as count from ducklake.ducklake_inlined_delete_${tableId}`);
    return row?.count ?? -1;
  };
  const damage = () => sql("select * from pgtrickle_guard.damage() where table_id = $1", [tableId]);

  afterAll(() => {
    for (const client of open) client.close();
  });

  return { trickle, sql, clients, head, createTables, rowsAtEachSnapshot, rowsByCommits, keptCount, inlinedCount, damage, tableId: () => tableId };
}
