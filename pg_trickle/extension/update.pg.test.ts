/** ALTER EXTENSION … UPDATE from 0.1.0, with stream tables, holds and rewinds, while the engine is down. */
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TrickleDatabase } from "../../stack/database.ts";
import { failure, insertEvents, type Sql } from "../../test/support/summary-table.ts";
import { openTrickle } from "../../test/support/trickle.ts";
import { openOldTrickle } from "./testing/old-version.ts";
import { schemaDump } from "./testing/schema-dump.ts";
import { changeSources, fill, leaveOperations, QUERIES, rows } from "./testing/updated-tables.ts";

const UPDATE = "0.1.0--0.2.0";
/** Everything that a person or an operator has left in the database. */
/** `claims`: the table of the rewinds' claims, by the name that it has in that version. */
const stateSql = (claims: string) => `
  select jsonb_build_object(
    'holds', (select jsonb_agg(h order by h.stream_table_id, to_jsonb(h)::text) from pgtrickle_internal.holds h),
    'operations', (select jsonb_agg(o order by o.uid) from pgtrickle_rewind.operations o),
    'claims', (select jsonb_agg(c order by to_jsonb(c)::text) from ${claims} c),
    'steps', (select jsonb_agg(s order by to_jsonb(s)::text) from pgtrickle_rewind.steps s),
    'tables', (
      select jsonb_agg(to_jsonb(s) - '{manifest_ids,definition_refresh,layout}'::text[] order by s.id)
      from pgtrickle_internal.stream_tables s),
    'refreshes', (
      select jsonb_agg(to_jsonb(r) - '{manifest_ids,files_read,is_mended}'::text[]
        || jsonb_build_object('strategy', replace(r.strategy, 'Recompute', 'Full')) order by r.id)
      from pgtrickle_internal.refreshes r),
    'fingerprints', (select jsonb_agg(to_jsonb(f) - 'environment_id' order by f.refresh_id) from pgtrickle_internal.fingerprints f)
  )::text as state`;

let old: TrickleDatabase;
let before: string;
let busy: { code: string; message: string };

async function state(claims: string): Promise<string> {
  return String((await rows(old.pool(), stateSql(claims)))[0]?.["state"]);
}

async function changesView(table: string, sql: Sql = old.pool()): Promise<string> {
  const [row] = await rows(sql, "select 'pgtrickle_changes.changes_' || $1::regclass::oid as name", [table]);
  return String(row?.["name"]);
}

async function lastRefresh(table: string) {
  const [row] = await rows(
    old.pool(),
    "select strategy, reason from pgtrickle.refresh_history where pgt_name = $1 order by refresh_id desc limit 1",
    [table],
  );
  return row;
}

/** While somebody is in the middle of a commit to the lake. */
async function updateBusy(): Promise<{ code: string; message: string }> {
  const writer = await old.pool().connect();
  try {
    await writer.query("begin; lock table ducklake.ducklake_delete_file in row exclusive mode");
    return await failure(old.pool().query("alter extension pg_trickle update"));
  } finally {
    await writer.query("rollback");
    writer.release();
  }
}

/** By another superuser than the extension's owner. */
async function updateAsAnother(): Promise<void> {
  const client = new Client({ connectionString: old.url });
  await client.connect();
  try {
    await client.query("create role another_superuser superuser");
    await client.query("set session authorization another_superuser");
    await client.query("alter extension pg_trickle update");
    expect((await client.query("select current_user::text as name")).rows).toEqual([{ name: "another_superuser" }]);
    await client.query("reset session authorization");
    await client.query("drop role another_superuser");
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  old = await openOldTrickle(UPDATE);
  const pool = old.pool();
  await fill(old);
  await leaveOperations(pool);
  await pool.query("create role update_reader");
  await pool.query(`grant select on ${await changesView("active")} to update_reader`);
  await pool.query(`create view public.pending_events as select change, value from ${await changesView("active")}`);
  await changeSources(old);
  await old.lake.kill();
  before = await state("pgtrickle_rewind.locks");
  busy = await updateBusy();
  await updateAsAnother();
});

afterAll(async () => {
  await old?.pool().query("drop owned by update_reader; drop role update_reader");
  await old?.drop();
});

test("holds, rewinds, registry and history are what they were", async () => {
  expect(before).toContain("not verified");
  expect(JSON.parse(await state("pgtrickle_rewind.claims"))).toEqual(JSON.parse(before));
});

test("which columns the queries name is known, unless their source is gone", async () => {
  const known = await rows(
    old.pool(),
    `select t.table_name as name, s.lake_table, s.lake_columns
     from pgtrickle_internal.sources s join pgtrickle_internal.stream_tables t on t.id = s.stream_table_id
     where t.table_name in ('active', 'paused', 'joined', 'orphaned') order by 1, 2`,
  );
  expect(known.map(({ name, lake_table, lake_columns }) => [name, lake_table, lake_columns])).toEqual([
    ["active", "events", ["event_type", "value"]],
    ["joined", "events", ["event_type"]],
    ["joined", "kinds", ["kind", "label"]],
    ["orphaned", "growing", null],
    ["paused", "events", []],
  ]);
});

test("the guard is on the lake's catalog at once, nobody need call anything", async () => {
  const [found] = await rows(
    old.pool(),
    `select count(*)::int as wanted, count(t.oid)::int as there from pgtrickle_guard.wanted() w
     left join pg_trigger t on (t.tgrelid, t.tgname, t.tgfoid) = (w.relation, w.name, w.function)`,
  );
  expect(found).toEqual({ wanted: expect.any(Number), there: found?.["wanted"] });
  expect(found?.["wanted"]).toBeGreaterThan(5);
});

test("while somebody writes to the lake it gives up, and works when it is run again", () => {
  expect(busy).toMatchObject({ code: "55P03", message: "canceling statement due to lock timeout" });
});

test("whatever was granted on and built on a view of pending changes stays", async () => {
  const view = await changesView("active");
  expect(await rows(old.pool(), `select has_table_privilege('update_reader', '${view}', 'select') as may`)).toEqual([
    { may: true },
  ]);
  expect(await rows(old.pool(), "select to_regclass('public.pending_events')::text as name")).toEqual([
    { name: "pending_events" },
  ]);
});

test("a view of pending changes whose source is gone is gone too, and the stream table is not", async () => {
  const found = await rows(
    old.pool(),
    `select to_regclass('${await changesView("orphaned")}') as view, count(*)::int as n from orphaned`,
  );
  expect(found).toEqual([{ view: null, n: 2 }]);
});

test("everything is as in a database that began with the present version", async () => {
  const fresh = await openTrickle();
  try {
    const pool = fresh.pool();
    await fill(fresh);
    await changeSources(fresh);
    // What the update does where a source has changed, and what was granted before it.
    for (const table of ["outgrown", "orphaned"]) {
      await pool.query("select pgtrickle_internal.drop_changes_view(pgtrickle_internal.resolve($1))", [table]);
    }
    await pool.query("select pgtrickle_internal.create_changes_view(pgtrickle_internal.resolve('outgrown'))");
    await pool.query(`grant select on ${await changesView("active", pool)} to update_reader`);
    const [updated, made] = [await schemaDump(old.pool()), await schemaDump(pool)];
    expect(made.length).toBeGreaterThan(1_000);
    const layouts = "select table_name, layout from pgtrickle_internal.stream_tables order by id";
    expect(await rows(old.pool(), layouts)).toEqual(await rows(pool, layouts));
    expect({
      missing: made.filter((line) => !updated.includes(line)),
      surplus: updated.filter((line) => !made.includes(line)),
    }).toEqual({ missing: [], surplus: [] });
  } finally {
    await fresh
      .pool()
      .query("drop owned by update_reader")
      .catch(() => {});
    await fresh.drop();
  }
});

describe("with an engine of the present version", () => {
  beforeAll(async () => {
    await old.restartLake();
    // Its source has changed its columns since.
    await old.pool().query("select pgtrickle.refresh('outgrown')");
  });

  test("a stream table is recomputed once and says so; from then on it goes by delta", async () => {
    const pool = old.pool();
    await pool.query("select pgtrickle.refresh('active')");
    expect(await lastRefresh("active")).toMatchObject({
      strategy: "Full",
      reason: expect.stringContaining("it is recomputed once"),
    });
    await insertEvents(pool, "click", 2);
    expect(await rows(pool, "select change, value from pending_events")).toEqual([
      { change: "+", value: "50" },
      { change: "+", value: "50" },
    ]);
    await pool.query("insert into pgtrickle_internal.settings (name, value) values ('recompute_base_ms', 1000000)");
    await pool.query("select pgtrickle.refresh('active')");
    expect(await lastRefresh("active")).toMatchObject({ strategy: "Delta" });
    expect(await rows(pool, "select event_type, n, total from active order by 1")).toEqual([
      { event_type: "click", n: "12", total: "600" },
      { event_type: "view", n: "3", total: "150" },
    ]);
    await pool.query("delete from pgtrickle_internal.settings");
  });

  test.each(Object.keys(QUERIES))("%s is what its query gives, and its pending changes can be read", async (table) => {
    const pool = old.pool();
    await pool.query(`select * from ${await changesView(table)}`);
    const [verified] = await rows(pool, "select * from pgtrickle.verify($1)", [table]);
    expect(verified).toMatchObject({ ok: true });
  });

  test("a table of the older version whose source is gone gets its query again, or another one, when the source is back", async () => {
    const pool = old.pool();
    await pool.query(
      "create foreign table lake.passing (kind text) server lake options (schema_name 'main', table_name 'growing')",
    );
    const query = "select kind, count(*) as n from lake.passing group by kind";
    await pool.query("select pgtrickle.alter_stream_table('orphaned', query => $1, mode => 'DIFFERENTIAL')", [query]);
    expect(await rows(pool, "select ok from pgtrickle.verify('orphaned', 'rows')")).toEqual([{ ok: true }]);
    expect(await rows(pool, `select * from ${await changesView("orphaned")}`)).toEqual([]);
  });

  test("DROP EXTENSION takes everything along, and a plain DuckDB writes on", async () => {
    const pool = old.pool();
    await pool.query("drop extension pg_trickle cascade");
    const left = await rows(
      pool,
      `select tgname as name from pg_trigger where not tgisinternal
       union all select indexname from pg_indexes where schemaname = 'ducklake' and indexname !~ '_pkey$'
       union all select nspname from pg_namespace where nspname ~ '^pgtrickle'
       union all select proname from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname ~ 'pgtrickle'
       union all select evtname from pg_event_trigger`,
    );
    expect(left).toEqual([]);
    const client = await old.duckdb({ readOnly: false });
    await client.run("insert into lake.kinds values ('view', 'View')");
    await client.run("delete from lake.kinds where kind = 'click'");
    expect(await client.rows("select kind from lake.kinds")).toEqual([{ kind: "view" }]);
  });
});

test("a database that no lake is attached to is updated too", async () => {
  const name = `unattached_${randomUUID().slice(0, 8)}`;
  await old.pool().query(`create database ${name}`);
  const url = new URL(old.url);
  url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.toString() });
  await client.connect();
  try {
    await client.query("create extension pg_trickle version '0.1.0' cascade");
    await client.query("alter extension pg_trickle update");
    expect(await rows(client, "select extversion from pg_extension where extname = 'pg_trickle'")).toEqual([
      { extversion: "0.2.0" },
    ]);
  } finally {
    await client.end();
    await old.pool().query(`drop database ${name}`);
  }
});
