/** What a member of pgtrickle_admin could try in order to have its own code run with the rights of the extension's owner. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";
import { until } from "../support/until.ts";

const trickle = useTrickle();
const ROLE = `creator_${process.pid}`;
let creator: Client;

async function connect(): Promise<Client> {
  const url = new URL(trickle().url);
  url.username = ROLE;
  url.password = "creator";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  return client;
}

/** Whether the creator's own function has run as somebody else; a sequence tells it through a rollback too. */
async function hasRun(): Promise<boolean> {
  const { rows } = await trickle().pool().query<{ has_run: boolean }>("select is_called as has_run from hostile.ran");
  return rows[0]?.has_run ?? true;
}

beforeAll(async () => {
  const pool = trickle().pool();
  await insertEvents(pool, "click", 10);
  await pool.query(`create role ${ROLE} login password 'creator' in role pgtrickle_admin`);
  await pool.query(`create schema hostile authorization ${ROLE}`);
  await pool.query(`grant usage on schema lake to ${ROLE}; grant select on lake.events to ${ROLE}`);
  creator = await connect();
  await creator.query(`
    create sequence hostile.ran;
    create function hostile.spy(anyelement) returns boolean language plpgsql as
      $$ begin if current_user <> '${ROLE}' then perform nextval('hostile.ran'); end if; return true; end $$`);
});

afterAll(async () => {
  await creator.end();
  const pool = trickle().pool();
  await pool.query(
    "select pgtrickle.drop_stream_table(format('%I.%I', pgt_schema, pgt_name)) from pgtrickle.pgt_stream_tables",
  );
  await pool.query(`drop owned by ${ROLE} cascade`);
  await pool.query(`drop role ${ROLE}`);
});

describe("what is not PostgreSQL's own", () => {
  test.each([
    [
      "a domain that has the name of a type of the lake engine",
      "create domain pg_temp.tinyint as bigint check (hostile.spy(value))",
      "value::pg_temp.tinyint",
    ],
    [
      "a domain in another schema",
      "create domain hostile.tinyint as bigint check (hostile.spy(value))",
      "value::hostile.tinyint",
    ],
    [
      "an operator",
      "create function hostile.plus(bigint, bigint) returns bigint language plpgsql immutable as $$ begin perform hostile.spy(1); return $1; end $$; create operator hostile.+ (leftarg = bigint, rightarg = bigint, function = hostile.plus)",
      "value operator(hostile.+) value",
    ],
  ])("cannot be in a query: %s", async (_name, definition, expression) => {
    await creator.query(definition);
    const query = `select ${expression} as v, count(*) as n from lake.events group by 1`;
    const { code, detail } = await failure(
      creator.query("select pgtrickle.create_stream_table('hostile', 'mine', $1, null, 'FULL')", [query]),
    );
    expect({ code, detail }).toEqual({ code: "TR009", detail: "USER_OBJECT" });
    expect(await hasRun()).toBe(false);
  });
});

test.each([
  "select c.relname::text as name, count(*) as n from lake.events, pg_class c group by 1",
  "select event_type, (select max(rolname::text) from pg_roles) as name from lake.events",
])("a relation of PostgreSQL is no source: %s", async (query) => {
  const { code } = await failure(
    creator.query("select pgtrickle.create_stream_table('hostile', 'system', $1, null, 'FULL')", [query]),
  );
  expect(code).toBe("TR016");
});

describe("another relation in the place of a stream table", () => {
  test.each(["fingerprint", "rows"])("is not read by verify at level %s", async (level) => {
    await creator.query(`select pgtrickle.create_stream_table('hostile', 'swapped',
      'select event_type, count(*) as n from lake.events group by event_type', null, 'DIFFERENTIAL')`);
    const other = await connect();
    await other.query("begin");
    await other.query("select pgtrickle.drop_stream_table('hostile.swapped')");
    await other.query("create view hostile.swapped as select 'x' as event_type, 1 as n where hostile.spy(1)");
    const verified = failure(creator.query("select * from pgtrickle.verify('hostile.swapped', $1)", [level]));
    await until(async () => {
      const { rows } = await trickle()
        .pool()
        .query(
          "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%pgtrickle.verify%' and pid <> pg_backend_pid()",
        );
      return rows.length > 0;
    });
    await other.query("commit");
    const { code } = await verified;
    await other.query("drop view hostile.swapped");
    await other.end();
    expect({ code, hasRun: await hasRun() }).toEqual({ code: "TR001", hasRun: false });
  });
});

describe("settings of the session", () => {
  test("do not turn a literal of the query into code", async () => {
    const query = String.raw`select event_type, count(*) as n from lake.events
      where event_type <> 'x\' and event_type <> ') and hostile.spy(1)) --' group by event_type`;
    await creator.query("select pgtrickle.create_stream_table('hostile', 'literal', $1, null, 'DIFFERENTIAL')", [
      query,
    ]);
    await creator.query("set standard_conforming_strings = off");
    const { rows } = await creator.query("select ok from pgtrickle.verify('hostile.literal', 'rows')");
    await creator.query("reset standard_conforming_strings");
    expect({ ok: rows[0]?.ok, hasRun: await hasRun() }).toEqual({ ok: true, hasRun: false });
  });

  test("do not change what is stored of a query", async () => {
    const query = String.raw`select event_type, count(*) as n from lake.events where event_type <> 'x\y' group by event_type`;
    await creator.query("select pgtrickle.create_stream_table('hostile', 'plain', $1, null, 'DIFFERENTIAL')", [query]);
    await creator.query(
      "set standard_conforming_strings = off; set quote_all_identifiers = on; set extra_float_digits = 0",
    );
    await creator.query("select pgtrickle.create_stream_table('hostile', 'odd', $1, null, 'DIFFERENTIAL')", [
      query.replace("\\", "\\\\"),
    ]);
    await creator.query("reset standard_conforming_strings; reset quote_all_identifiers; reset extra_float_digits");
    const stored = await trickle()
      .pool()
      .query(
        "select distinct view_definition, frontier from pgtrickle_internal.stream_tables where table_name in ('plain', 'odd')",
      );
    expect(stored.rows).toHaveLength(1);
  });
});

test("every function with rights of its own fixes what names and literals in it mean", async () => {
  const { rows } = await trickle()
    .pool()
    .query(
      `select p.oid::regprocedure::text as name from pg_proc p
     join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
     join pg_extension e on e.oid = d.refobjid and e.extname = 'pg_trickle'
     where p.prosecdef and not p.proconfig @>
       array['search_path=pg_catalog, pg_temp', 'standard_conforming_strings=on', 'quote_all_identifiers=off']`,
    );
  expect(rows).toEqual([]);
});

test("temporary tables of the session do not take the place of a source", async () => {
  await creator.query(`select pgtrickle.create_stream_table('hostile', 'shadowed',
    'select event_type, count(*) as n from lake.events group by event_type', null, 'DIFFERENTIAL')`);
  await insertEvents(trickle().pool(), "later", 1);
  await creator.query("create temporary view events as select 'x' as event_type where hostile.spy(1)");
  const { rows } = await creator.query("select ok from pgtrickle.verify('hostile.shadowed', 'rows')");
  await creator.query("drop view pg_temp.events");
  expect({ ok: rows[0]?.ok, hasRun: await hasRun() }).toEqual({ ok: true, hasRun: false });
});
