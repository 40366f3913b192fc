/** What the login of the lake's catalog could try in order to have its own code run with the rights of the extension's owner. */
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();
const READER = "pgtrickle_catalog_reader";
const SPIED = "spied as ";

/** Runs as whoever reads what it is attached to, tells who that is, and hides PostgreSQL's own operators from what comes after. */
const SPY = `
  create function ducklake.spy(bigint) returns bigint language plpgsql immutable as $$
  begin
    raise notice '${SPIED}%', current_user;
    if current_user <> 'pgtrickle_catalog' then
      perform set_config('search_path', 'ducklake, pg_catalog', false);
    end if;
    return $1;
  end $$;
  create function ducklake.equals(bigint, bigint) returns boolean language plpgsql as $$
  begin
    raise notice '${SPIED}%', current_user;
    return $1 operator(pg_catalog.=) $2;
  end $$;
  create operator ducklake.= (leftarg = bigint, rightarg = bigint, function = ducklake.equals)`;

/** What reads the catalog, as people, scheduler and operator call it. */
const CALLS = [
  "select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')",
  "select pgtrickle.refresh('event_summary', 'FULL')",
  "select pgtrickle.reinitialize('event_summary')",
  "select * from pgtrickle.rewind(array['event_summary'], $1)",
  "select pgtrickle.plan_rewind(array['event_summary'], $1)",
  "select * from pgtrickle.snapshots('event_summary')",
  "select * from pgtrickle.verify('event_summary')",
  "select * from pgtrickle.at(null::public.event_summary, $1)",
  "select pgtrickle.explain('event_summary')",
  "select * from pgtrickle.pgt_stream_tables",
  "select pgtrickle_rewind.observe('nobody', array['event_summary'], $1, null)",
  "select pgtrickle_rewind.observe('nobody', array['event_summary'], null, now() - interval '1 second')",
  "select pgtrickle_rewind.find_marker('repaired')",
  "select pgtrickle.create_stream_table('public', 'another', 'select event_type, count(*) as n from lake.events group by event_type', null, 'DIFFERENTIAL')",
];

let good: number;

/** As its own login would. */
async function asCatalog(statements: string): Promise<void> {
  const client = new Client({ connectionString: trickle().url });
  await client.connect();
  await client.query("set role pgtrickle_catalog");
  await client.query(statements);
  await client.end();
}

/** The roles that the spy ran as, in a session of its own that ends with a rollback. */
async function spiedAs(call: string): Promise<string[]> {
  const client = new Client({ connectionString: trickle().url });
  const roles = new Set<string>();
  client.on("notice", ({ message }) => {
    if (message?.startsWith(SPIED)) roles.add(message.slice(SPIED.length));
  });
  await client.connect();
  await client.query("begin");
  // A refusal is an answer too.
  await client.query(call, call.includes("$1") ? [good] : []).catch(() => {});
  await client.query("rollback");
  await client.end();
  return [...roles];
}

beforeAll(async () => {
  const pool = trickle().pool();
  await insertEvents(pool, "click", 10);
  await createSummary(pool);
  good = await frontier(pool);
  await insertEvents(pool, "view", 5);
  await pool.query("select pgtrickle.refresh('event_summary')");
  await insertEvents(pool, "click", 5);
  await pool.query("insert into pgtrickle_internal.settings (name, value) values ('recompute_base_ms', 1000000)");
  const operation = "'c', 'repaired', 'n', 'n', 'k', array['event_summary']";
  await pool.query(
    `select pgtrickle_rewind.begin_repair('repaired', (pgtrickle_rewind.claim(${operation}) ->> 'token')::uuid)`,
  );
  await pool.query("select pgtrickle_rewind.orphan('repaired', 'c')");
  await asCatalog(SPY);
});

afterAll(() => asCatalog("drop operator ducklake.= (bigint, bigint); drop function ducklake.equals, ducklake.spy"));

test("every function that reads the catalog runs as the role that may do nothing else", async () => {
  const { rows } = await trickle()
    .pool()
    .query(
      `select p.proname as name, p.proowner::regrole::text as owner, p.prosecdef as is_definer
       from pg_proc p
       join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
       join pg_extension e on e.oid = d.refobjid and e.extname = 'pg_trickle'
       -- inlined_rows_sql() makes a text that only one of them runs, the other two one for people
       where p.proname not in ('inlined_rows_sql', 'inspect_storage', 'lake_data_path_problem') and p.prosrc ~ '(from|join|table|into|update) +ducklake[.]' and (p.proowner <> $1::regrole or not p.prosecdef)`,
      [READER],
    );
  expect(rows).toEqual([]);
});

test("that role can log in nowhere, and has nothing but the catalog", async () => {
  const { rows } = await trickle()
    .pool()
    .query(
      `select rolcanlogin or rolsuper or rolcreaterole or rolcreatedb as is_mighty,
         (select array_agg(m.roleid::regrole::text) from pg_auth_members m where m.member = r.oid) as member_of,
         (select array_agg(m.member::regrole::text) from pg_auth_members m where m.roleid = r.oid) as members,
         (select array_agg(c.oid::regclass::text) from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname ~ '^pgtrickle' and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')
            and not has_table_privilege('public', c.oid, 'select')) as tables
       from pg_roles r where rolname = $1`,
      [READER],
    );
  expect(rows).toEqual([{ is_mighty: false, member_of: ["pgtrickle_catalog"], members: null, tables: null }]);
});

test("a table of inlined rows that carries an index is read with no rights but the catalog's own", async () => {
  const pool = trickle().pool();
  const { rows } = await pool.query<{ id: string }>("select table_id as id from ducklake.ducklake_table");
  const table = `ducklake.ducklake_inlined_data_${rows[0]?.id}_99`;
  await asCatalog(
    `create table ${table} (begin_snapshot bigint, end_snapshot bigint); create index on ${table} (ducklake.spy(1))`,
  );
  const roles = await spiedAs("select * from pgtrickle.snapshots('event_summary')");
  await asCatalog(`drop table ${table}`);
  expect(roles).toEqual([READER]);
});

describe("a snapshot is not pinned, and the session is left as it was, where the table of snapshots", () => {
  test.each([
    [
      "has an index on an expression",
      "create index hostile on ducklake.ducklake_snapshot (ducklake.spy(1))",
      "drop index ducklake.hostile",
    ],
    [
      "has statistics on an expression",
      "create statistics ducklake.hostile on ducklake.spy(1), snapshot_id from ducklake.ducklake_snapshot",
      "drop statistics ducklake.hostile",
    ],
    [
      "has a constraint",
      "alter table ducklake.ducklake_snapshot add constraint hostile check (ducklake.spy(1) = 1)",
      "alter table ducklake.ducklake_snapshot drop constraint hostile",
    ],
    [
      "has row security",
      "alter table ducklake.ducklake_snapshot enable row level security",
      "alter table ducklake.ducklake_snapshot disable row level security",
    ],
    [
      "is a view",
      "alter table ducklake.ducklake_snapshot rename to replaced; create view ducklake.ducklake_snapshot as select * from ducklake.replaced where ducklake.spy(1) = 1",
      "drop view ducklake.ducklake_snapshot; alter table ducklake.replaced rename to ducklake_snapshot",
    ],
  ])("%s", async (_name, attach, detach) => {
    await asCatalog(attach);
    const client = new Client({ connectionString: trickle().url });
    await client.connect();
    const refused = await failure(client.query("select pgtrickle.refresh('event_summary')"));
    const { rows } = await client.query("show search_path");
    await client.end();
    await asCatalog(detach);
    expect(refused).toMatchObject({ code: "42501", hint: expect.stringContaining("pgtrickle_catalog") });
    expect(rows).toEqual([{ search_path: '"$user", public' }]);
  });
});

describe.each([
  "ducklake_snapshot",
  "ducklake_snapshot_changes",
  "ducklake_table",
  "ducklake_schema",
  "ducklake_column",
  "ducklake_data_file",
  "ducklake_delete_file",
])("what is attached to %s runs with no rights but the catalog's own:", (table) => {
  describe("a view in its place", () => {
    beforeEach(() =>
      asCatalog(
        `alter table ducklake.${table} rename to replaced; create view ducklake.${table} as select * from ducklake.replaced where ducklake.spy(1) = 1`,
      ),
    );
    afterEach(() => asCatalog(`drop view ducklake.${table}; alter table ducklake.replaced rename to ${table}`));

    test("read by every call", async () => {
      const roles = await Promise.all(CALLS.map(spiedAs));
      expect([...new Set(roles.flat())]).toEqual([READER]);
    });
  });

  describe("an index", () => {
    beforeEach(() => asCatalog(`create index hostile on ducklake.${table} (ducklake.spy(1))`));
    afterEach(() => asCatalog("drop index ducklake.hostile"));

    test("planned by every call", async () => {
      const roles = await Promise.all(CALLS.map(spiedAs));
      expect([...new Set(roles.flat())]).toEqual([READER]);
    });
  });
});
