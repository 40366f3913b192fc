/** Manifests as they are kept, and what a refresh reads. */
import { describe, expect, test } from "vitest";
import { duckdb, make, refresh, rows } from "./testing/counted-tables.ts";

describe("manifests", () => {
  test("are shared by tables that have consumed the same", async () => {
    await make("shared", "select 'a', i from range(50) r(i)");
    await rows("select pgtrickle.create_stream_table('shared_t', 'select k, sum(v) as s from lake.shared group by k')");
    await duckdb.run("insert into lake.shared values ('b', 1)");
    await rows("select pgtrickle.refresh('shared_s'), pgtrickle.refresh('shared_t')");
    const [ids] = await rows<{ ids: string }>(
      "select count(distinct manifest_ids)::text as ids from pgtrickle_internal.stream_tables where table_name in ('shared_s', 'shared_t')",
    );
    expect(ids).toEqual({ ids: "1" });
  });

  test("a table without one is recomputed once, and says so", async () => {
    await make("old", "select 'a', i from range(50) r(i)");
    await rows("update pgtrickle_internal.stream_tables set manifest_ids = null where table_name = 'old_s'");
    await duckdb.run("insert into lake.old values ('b', 1)");
    const { strategy, reason } = await refresh("old");
    expect(strategy).toBe("Full");
    expect(reason).toContain("it is recomputed once");
    await duckdb.run("insert into lake.old values ('b', 2)");
    expect(await refresh("old")).toMatchObject({ strategy: "Delta" });
  });

  test("go when nothing refers to them any more", async () => {
    await make("gone", "select 'a', i from range(50) r(i)");
    const left = async () => {
      const [count] = await rows<{ files: string }>(
        `select count(*)::text as files from pgtrickle_internal.manifest_files f
         where f.table_id = (select table_id from ducklake.ducklake_table where table_name = 'gone')`,
      );
      return count?.files;
    };
    expect(await left()).toBe("1");
    await rows("select pgtrickle.drop_stream_table('gone_s')");
    await rows("update pgtrickle_internal.manifests set recorded_at = recorded_at - interval '2 hours'");
    await rows("select pgtrickle.maintain()");
    expect(await left()).toBe("0");
  });
});

describe("a refresh reads what changed", () => {
  interface Counters {
    readonly files: number;
    readonly rows: number;
    readonly positions: number;
    readonly process_bytes: number;
  }

  async function counters(): Promise<Counters> {
    const [row] = await rows<Counters>(
      "select files::int, rows::int, positions::int, process_bytes::float8 from pgtrickle_lake.counters",
    );
    if (!row) throw new Error("the engine counts nothing");
    return row;
  }

  async function cost(size: number): Promise<Counters> {
    const name = `size${size}`;
    await make(name, `select 'k' || (i % 100), i from range(${size}) r(i)`);
    await duckdb.run(`delete from lake.${name} where v < 20`);
    await refresh(name);
    await duckdb.run(`delete from lake.${name} where v between ${size - 50} and ${size - 26}`);
    await duckdb.run(`insert into lake.${name} select 'k1', -i from range(25) r(i)`);
    const before = await counters();
    expect(await refresh(name)).toMatchObject({ strategy: "Delta" });
    const after = await counters();
    return {
      files: after.files - before.files,
      rows: after.rows - before.rows,
      positions: after.positions - before.positions,
      process_bytes: after.process_bytes - before.process_bytes,
    };
  }

  test("the same rows, and no more bytes, of a table that is a hundred times as large", {
    timeout: 240_000,
  }, async () => {
    const small = await cost(100_000);
    const large = await cost(10_000_000);
    expect(small).toMatchObject({ files: 2, rows: 50, positions: 65 });
    expect(large).toMatchObject({ files: 2, rows: 50, positions: 65 });
    expect(large.process_bytes).toBeLessThan(small.process_bytes * 2 + 1_000_000);
  });
});
