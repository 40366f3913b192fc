// Rules that every object of the extension keeps, and what its installation promises; no engine runs.
import { describe, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";

const trickle = useTrickle({ engine: false });
const PUBLIC_SCHEMAS = "('pgtrickle', 'pgtrickle_rewind')";

const IS_MEMBER = `exists (
  select from pg_depend d join pg_extension e on e.oid = d.refobjid and e.extname = 'pg_trickle'
  where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass and d.classid = 'pg_proc'::regclass and d.objid = p.oid)`;

async function list(sql: string): Promise<string[]> {
  const { rows } = await trickle().pool().query<{ item: string }>(sql);
  return rows.map((row) => row.item);
}

describe("every function", () => {
  test("with rights of its own sets its search_path", async () => {
    const free = await list(
      `select p.oid::regprocedure::text as item from pg_proc p where ${IS_MEMBER} and p.prosecdef
       and not exists (select from unnest(p.proconfig) c where c like 'search_path=%') order by 1`,
    );
    expect(free).toEqual([]);
  });

  test("of the extension has a comment", async () => {
    const silent = await list(
      `select p.oid::regprocedure::text as item from pg_proc p where ${IS_MEMBER} and obj_description(p.oid, 'pg_proc') is null order by 1`,
    );
    expect(silent).toEqual([]);
  });

  test("of the extension has its rights granted or taken back, not left as PostgreSQL gives them", async () => {
    const members = await list(`select p.oid::regprocedure::text as item from pg_proc p where ${IS_MEMBER}`);
    expect(members.length).toBeGreaterThan(300);
    const left = await list(
      `select p.oid::regprocedure::text as item from pg_proc p where ${IS_MEMBER} and p.proacl is null order by 1`,
    );
    expect(left).toEqual([]);
  });

  test("that is private is executable by nobody, except the ones that a view or an invoker's part calls", async () => {
    const open = await list(
      `select p.oid::regproc::text as item from pg_proc p where ${IS_MEMBER} and has_function_privilege('public', p.oid, 'execute') order by 1`,
    );
    expect(open).toEqual([
      "pgtrickle.at",
      "pgtrickle.diff",
      "pgtrickle.explain",
      "pgtrickle.snapshots",
      "pgtrickle.verify",
      "pgtrickle_changes.pending",
      "pgtrickle_internal.holders",
      "pgtrickle_internal.lake_problem",
      "pgtrickle_internal.next_scrub_at",
      "pgtrickle_internal.scrub_summary",
      "pgtrickle_internal.status",
      "pgtrickle_reading.at",
      "pgtrickle_reading.diff",
      "pgtrickle_reading.explain",
      "pgtrickle_reading.proof",
      "pgtrickle_reading.snapshots",
      "pgtrickle_reading.verify",
    ]);
    const usable = await list(
      "select nspname as item from pg_namespace where nspname like 'pgtrickle%' and has_schema_privilege('public', oid, 'usage')",
    );
    for (const schema of ["pgtrickle_internal", "pgtrickle_lake", "pgtrickle_state", "pgtrickle_rewind"]) {
      expect(usable).not.toContain(schema);
    }
  });
});

describe("every table", () => {
  test("has a comment, a primary key, and named checks", async () => {
    const tables =
      "c.relkind in ('r', 'v') and c.relnamespace::regnamespace::text in ('pgtrickle', 'pgtrickle_internal')";
    expect(
      await list(
        `select c.oid::regclass::text as item from pg_class c where ${tables} and obj_description(c.oid, 'pg_class') is null`,
      ),
    ).toEqual([]);
    expect(
      await list(
        `select c.oid::regclass::text as item from pg_class c where ${tables} and c.relkind = 'r' and not exists
         (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p')`,
      ),
    ).toEqual([]);
    expect(
      await list(
        "select conname as item from pg_constraint where connamespace = 'pgtrickle_internal'::regnamespace and contype = 'c' and conname ~ '_check[0-9]*$'",
      ),
    ).toEqual([]);
  });

  test("of state is carried by a dump", async () => {
    const dumped = await list(
      "select unnest(extconfig)::regclass::text as item from pg_extension where extname = 'pg_trickle' order by 1",
    );
    for (const name of ["stream_tables", "sources", "holds", "refreshes", "settings", "installation"]) {
      expect(dumped).toContain(`pgtrickle_internal.${name}`);
    }
  });
});

describe("the installation", () => {
  test("can be taken back, again and again", async () => {
    const client = await trickle().pool().connect();
    try {
      for (let round = 0; round < 2; round += 1) {
        await client.query("begin");
        await client.query("drop extension pg_trickle cascade");
        expect((await client.query(`select from pg_namespace where nspname in ${PUBLIC_SCHEMAS}`)).rowCount).toBe(0);
        await client.query("create extension pg_trickle");
        await client.query("rollback");
      }
    } finally {
      client.release();
    }
  });

  test("makes its roles without a login, but for the catalog's", async () => {
    expect(
      await list(
        "select rolname || ' ' || rolcanlogin as item from pg_roles where rolname like 'pgtrickle%' order by 1",
      ),
    ).toEqual([
      "pgtrickle_admin false",
      "pgtrickle_catalog true",
      "pgtrickle_catalog_reader false",
      "pgtrickle_scheduler false",
      "pgtrickle_top false",
    ]);
  });

  test("has only settings that exist, and says which there are", async () => {
    const pool = trickle().pool();
    await expect(pool.query("select pgtrickle_internal.setting('no_such')")).rejects.toThrow(/no_such/);
    const names = await list("select name as item from pgtrickle_internal.setting_defaults()");
    expect(names.length).toBeGreaterThan(5);
    await pool.query("insert into pgtrickle_internal.settings values ('delta_base_ms', 1.5)");
    const { rows } = await pool.query("select pgtrickle_internal.setting('delta_base_ms')::float as value");
    expect(rows).toEqual([{ value: 1.5 }]);
  });
});
