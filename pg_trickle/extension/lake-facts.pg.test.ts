// What the extension reads from the local DuckLake catalog, against catalogs that DuckDB itself wrote; no engine runs.
import { beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";

const trickle = useTrickle({ engine: false });
let duckdb: DuckdbClient;

interface Changes {
  readonly is_readable: boolean;
  readonly reason: string | null;
  readonly snapshot_count: number | null;
}

async function value<T>(sql: string, values: unknown[] = []): Promise<T> {
  const { rows } = await trickle().pool().query<{ value: T }>(`select (${sql}) as value`, values);
  const [row] = rows;
  if (!row) throw new Error("no row");
  return row.value;
}

const head = () => value<string>("select pgtrickle_internal.lake_head()").then(Number);

async function tableId(name: string): Promise<number> {
  return Number(
    await value<string>("select table_id from pgtrickle_internal.lake_table_at('main', $1, $2)", [name, await head()]),
  );
}

async function changes(table: string, from: number, to: number): Promise<Changes> {
  const { rows } = await trickle()
    .pool()
    .query<Changes>("select * from pgtrickle_internal.table_changes($1, $2, $3)", [await tableId(table), from, to]);
  const [row] = rows;
  if (!row) throw new Error("no row");
  return row;
}

/** Runs the statements, each a snapshot of its own, and gives head before and after. */
async function commit(...statements: string[]): Promise<{ from: number; to: number }> {
  const from = await head();
  for (const statement of statements) await duckdb.run(statement);
  return { from, to: await head() };
}

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("create table lake.events (id bigint, kind varchar)");
  await duckdb.run('create table lake."other, table" (id bigint)');
  await duckdb.run("call lake.set_option('data_inlining_row_limit', 0)");
});

describe("which snapshots changed rows", () => {
  test("insertions, deletions and updates", async () => {
    const { from, to } = await commit(
      "insert into lake.events select i, 'a' from range(20) t(i)",
      "delete from lake.events where id < 3",
      "update lake.events set kind = 'b' where id = 5",
    );
    expect(to - from).toBe(3);
    expect(await changes("events", from, to)).toEqual({ is_readable: true, reason: null, snapshot_count: 3 });
  });

  test("a transaction of an insertion and a deletion is one snapshot", async () => {
    const { from, to } = await commit(
      "begin",
      "insert into lake.events values (100, 'c')",
      "delete from lake.events where id = 6",
      "commit",
    );
    expect(await changes("events", from, to)).toMatchObject({ is_readable: true, snapshot_count: 1 });
  });

  test("other tables do not count, whatever their names hold", async () => {
    const { from, to } = await commit(
      'insert into lake."other, table" values (1)',
      'create table lake."inserted_into_table:1" (id bigint)',
      'drop table lake."inserted_into_table:1"',
    );
    expect(await changes("events", from, to)).toMatchObject({ is_readable: true, snapshot_count: 0 });
  });

  test("inlined insertions and deletions count", async () => {
    await duckdb.run("call lake.set_option('data_inlining_row_limit', 50, table_name => 'other, table')");
    const { from, to } = await commit(
      'insert into lake."other, table" select i from range(5) t(i)',
      'delete from lake."other, table" where id = 2',
    );
    expect(await changes("other, table", from, to)).toMatchObject({ snapshot_count: 2 });
  });

  test("flushing and merging files are skipped", async () => {
    await commit(
      "insert into lake.events select i, 'm' from range(1000, 1010) t(i)",
      "insert into lake.events select i, 'm' from range(1010, 1020) t(i)",
    );
    const { from, to } = await commit(
      "call ducklake_flush_inlined_data('lake')",
      "call ducklake_merge_adjacent_files('lake')",
      "call ducklake_rewrite_data_files('lake', delete_threshold => 0)",
    );
    expect(to).toBeGreaterThan(from);
    expect(await changes("events", from, to)).toMatchObject({ is_readable: true, snapshot_count: 0 });
    expect(await changes("other, table", from, to)).toMatchObject({ is_readable: true, snapshot_count: 0 });
  });

  test("an unknown kind of change leaves it open", async () => {
    const at = await head();
    await trickle()
      .pool()
      .query(
        "update ducklake.ducklake_snapshot_changes set changes_made = changes_made || ',teleported_rows:1' where snapshot_id = $1",
        [at],
      );
    expect(await changes("events", at - 1, at)).toMatchObject({
      is_readable: false,
      reason: expect.stringContaining("teleported_rows"),
    });
  });
});

describe("a lake table at a snapshot", () => {
  test("has no id before its creation, another one after it was replaced, and its own schema version", async () => {
    const before = await head();
    await commit("create table lake.replaced (a bigint)");
    const first = await tableId("replaced");
    const version = () =>
      value<string>(
        "select schema_version from pgtrickle_internal.lake_table_at('main', 'replaced', pgtrickle_internal.lake_head())",
      );
    const created = await version();
    await commit("insert into lake.replaced values (1)", "create table lake.unrelated (a bigint)");
    expect(await version()).toBe(created);
    await commit("alter table lake.replaced add column b bigint");
    expect(await version()).not.toBe(created);
    await commit("alter table lake.replaced drop column b");
    expect(await version()).not.toBe(created);
    await commit("drop table lake.replaced", "create table lake.replaced (a bigint)");
    expect(await tableId("replaced")).not.toBe(first);
    expect(
      await value("select table_id from pgtrickle_internal.lake_table_at('main', 'replaced', $1)", [before]),
    ).toBeNull();
  });
});

describe("snapshots", () => {
  test("of the future and expired ones are refused, naming the usable range", async () => {
    const at = await head();
    await commit("insert into lake.events values (1, 'x')", "insert into lake.events values (2, 'x')");
    await duckdb.run(`call ducklake_expire_snapshots('lake', versions => [${at}])`);
    const check = (id: number) => trickle().pool().query("select pgtrickle_internal.check_snapshot($1)", [id]);
    const expired = await failure(check(at));
    expect(expired).toMatchObject({ code: "TR005", hint: expect.stringContaining(`${at - 1} and ${at + 1}`) });
    const future = await failure(check(at + 100));
    expect(future).toMatchObject({ code: "TR004", hint: expect.stringContaining(`to ${at + 2}`) });
    expect(await failure(check(-1))).toMatchObject({
      code: "TR021",
      message: expect.stringContaining("numbered from 0"),
    });
    expect(await value("select pgtrickle_internal.lake_has_hole($1, $2)", [at - 1, at + 1])).toBe(true);
    expect(await value("select pgtrickle_internal.lake_has_hole($1, $2)", [at + 1, at + 2])).toBe(false);
  });

  test("a pinned one is not expired before the transaction ends", async () => {
    const pinned = await head();
    await commit("insert into lake.events values (3, 'x')");
    const client = await trickle().pool().connect();
    try {
      await client.query("begin");
      await client.query("select pgtrickle_internal.pin_snapshot($1)", [pinned]);
      let isExpired = false;
      const expiry = duckdb.run(`call ducklake_expire_snapshots('lake', versions => [${pinned}])`).then(() => {
        isExpired = true;
      });
      await expect
        .poll(() =>
          value(
            "select count(*)::int from pg_stat_activity where usename = 'pgtrickle_catalog' and wait_event_type = 'Lock'",
          ),
        )
        .toBe(1);
      expect(isExpired).toBe(false);
      expect(await value("select pgtrickle_internal.snapshot_exists($1)", [pinned])).toBe(true);
      await client.query("commit");
      await expiry;
    } finally {
      client.release();
    }
    expect(await value("select pgtrickle_internal.snapshot_exists($1)", [pinned])).toBe(false);
  });
});

describe("attach_lake", () => {
  const attach = (port: number, sslmode: string | null) =>
    trickle()
      .pool()
      .query(
        "select pgtrickle.attach_lake(host => '/tmp', port => $1, lake_password => 'l', plans_password => 'p', catalog_password => 'catalog', sslmode => $2)",
        [port, sslmode],
      );
  const options = () => value<string[]>("select srvoptions from pg_foreign_server where srvname = 'lake'");

  test("is idempotent, and takes options back", async () => {
    await attach(7001, "require");
    expect(await options()).toEqual(expect.arrayContaining(["port=7001", "sslmode=require"]));
    await attach(7002, null);
    await attach(7002, null);
    expect(await options()).toContain("port=7002");
    expect((await options()).join()).not.toContain("sslmode");
  });

  test("lets sessions that write through server lake say who they are, also on a server that was there before", async () => {
    await attach(7001, null);
    await trickle().pool().query("alter server lake options (drop application_name)");
    await attach(7001, null);
    await attach(7001, null);
    expect(await options()).toContain("application_name=postgres_fdw\t%u\t%a");
    const engine = await value<string[]>("select srvoptions from pg_foreign_server where srvname = 'lake_engine'");
    expect(engine.join()).not.toContain("application_name");
  });

  test("lets the engine's role use its catalog and nothing else", async () => {
    expect(await value("select has_schema_privilege('pgtrickle_catalog', 'ducklake', 'create')")).toBe(true);
    for (const schema of ["pgtrickle_internal", "pgtrickle_state", "pgtrickle_lake", "lake"]) {
      expect(await value(`select has_schema_privilege('pgtrickle_catalog', '${schema}', 'usage')`), schema).toBe(false);
    }
    expect(
      await value("select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = 'pgtrickle_catalog'"),
    ).toBe(false);
  });
});
