/** Reading and restoring the past of a stream table: every way gives the rows of the query at that snapshot. */
import { Client, type PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents, summary } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";

const trickle = useTrickle();
const clients: Client[] = [];
/** Frontiers after each refresh, oldest first. */
const boundaries: number[] = [];

const pool = () => trickle().pool();

async function rows<T extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> {
  return (await pool().query<T>(text, values)).rows;
}

interface Moved {
  readonly to_snapshot: string;
  readonly strategy: string;
  readonly row_count: string;
  readonly fingerprint: string;
  readonly verified: string;
}

function rewind(snapshot: number, strategy = "Auto", assertions: unknown[] = [], tables = ["event_summary"]) {
  return rows<Moved>("select * from pgtrickle.rewind($1, $2, $3, $4)", [
    tables,
    snapshot,
    strategy,
    JSON.stringify(assertions),
  ]);
}

async function head(): Promise<number> {
  const [row] = await rows<{ head: number }>("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
  return row?.head ?? -1;
}

/** The table's query, run by PostgreSQL through a foreign table that is pinned to the snapshot. */
async function truth(snapshot: number) {
  await pool().query(
    `create foreign table if not exists lake.events_at_${snapshot} (event_type text, value bigint) server lake
     options (schema_name 'main', table_name 'events@${snapshot}')`,
  );
  return rows(
    `select event_type collate "C" as event_type, count(*) as event_count, sum(value) as total_value
     from lake.events_at_${snapshot} group by 1 order by 1`,
  );
}

async function corruptRows(statement: string): Promise<void> {
  const client = new Client({ connectionString: trickle().url });
  clients.push(client);
  await client.connect();
  await client.query("set session_replication_role = replica");
  await client.query(statement);
}

beforeAll(async () => {
  await insertEvents(pool(), "click", 10);
  await createSummary(pool());
  boundaries.push(await frontier(pool()));
  for (const type of ["view", "purchase", "CORRUPTED_EVENT"]) {
    await insertEvents(pool(), type, 5);
    await insertEvents(pool(), "click", 2);
    await pool().query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
    boundaries.push(await frontier(pool()));
  }
});

beforeEach(async () => {
  await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
  await rewind(boundaries.at(-1) ?? 0, "Full");
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});

describe("rewind", () => {
  test.each(["Auto", "Full", "Journal"])("%s to each boundary gives the rows of that snapshot", async (strategy) => {
    for (const boundary of boundaries.toReversed()) {
      const [moved] = await rewind(boundary, strategy);
      expect(await summary(pool())).toEqual(await truth(boundary));
      expect(Number(moved?.to_snapshot)).toBe(boundary);
      expect(await frontier(pool())).toBe(boundary);
    }
  });

  test("is deterministic: the same fingerprint by every way, at any time", async () => {
    const target = boundaries[1] ?? 0;
    const seen = new Set<string | undefined>();
    for (const strategy of ["Journal", "Full", "Auto"]) {
      await rewind(boundaries.at(-1) ?? 0);
      seen.add((await rewind(target, strategy))[0]?.fingerprint);
    }
    expect(seen.size).toBe(1);
  });

  test("Auto takes the journal at a boundary and the lake between two", async () => {
    const [, second, third] = boundaries as [number, number, number];
    expect((await rewind(second))[0]).toMatchObject({ strategy: "Journal", verified: "fingerprint" });
    expect((await rewind(third - 1))[0]).toMatchObject({ verified: "engine" });
    expect(await summary(pool())).toEqual(await truth(third - 1));
    expect((await failure(rewind((boundaries[0] ?? 0) + 1, "Journal"))).code).toBe("TR018");
  });

  test("a boundary reaches every snapshot up to the next change of the source", async () => {
    await pool().query("create schema if not exists other");
    const reader = await trickle().duckdb({ readOnly: false });
    await reader.run("create table if not exists lake.main.unrelated as select 1 as a");
    const later = await head();
    expect(later).toBeGreaterThan(boundaries.at(-1) ?? 0);
    await rewind(boundaries[0] ?? 0);
    expect((await rewind(later))[0]).toMatchObject({ strategy: "Journal" });
    expect(await frontier(pool())).toBe(later);
    expect(await summary(pool())).toEqual(await truth(later));
  });

  test("forwards again after a rewind", async () => {
    const [first] = boundaries as [number];
    const last = boundaries.at(-1) ?? 0;
    await rewind(first);
    expect((await rewind(last))[0]).toMatchObject({ strategy: "Journal" });
    expect(await summary(pool())).toEqual(await truth(last));
  });

  test("refuses a table that is not paused", async () => {
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    const error = await failure(rewind(boundaries[0] ?? 0));
    expect(error.code).toBe("TR007");
    expect(error.hint).toContain("pause_scheduler");
  });

  test("a journal rewind to damaged rows publishes nothing; Full mends them", async () => {
    const [first] = boundaries as [number];
    await corruptRows("update pgtrickle_internal.fingerprints set hash_sum = hash_sum + 1");
    const before = await summary(pool());
    const error = await failure(rewind(first, "Journal"));
    expect(error.code).toBe("TR010");
    expect(await summary(pool())).toEqual(before);
    await corruptRows("update pgtrickle_internal.fingerprints set hash_sum = hash_sum - 1");
    await corruptRows("insert into event_summary values ('forged', 1, 1)");
    expect((await failure(rewind(first, "Journal"))).code).toBe("TR010");
    await rewind(first, "Full");
    expect(await summary(pool())).toEqual(await truth(first));
  });

  test("a part of it cannot be committed", async () => {
    const before = await summary(pool());
    const error = await failure(
      pool().query("select pgtrickle_internal.stage_rewind_by_name(array['event_summary'], $1, 'Auto')", [
        boundaries[0],
      ]),
    );
    expect(error.code).toBe("TR012");
    expect(await summary(pool())).toEqual(before);
  });

  test("several tables come to one snapshot in one transaction, or none", async () => {
    await pool().query(
      "select pgtrickle.create_stream_table('public', 'total', 'select count(*) as n, sum(value) as s from lake.events', '1h', 'DIFFERENTIAL')",
    );
    const tables = ["event_summary", "total"];
    const before = await summary(pool());
    expect((await failure(rewind(boundaries[1] ?? 0, "Auto", [], tables))).code).toBe("TR007");
    expect(await summary(pool())).toEqual(before);
    await pool().query("select pgtrickle.pause_scheduler(array['total'])");
    const moved = await rewind(boundaries[1] ?? 0, "Auto", [], tables);
    expect(moved.map(({ to_snapshot }) => Number(to_snapshot))).toEqual([boundaries[1], boundaries[1]]);
    expect(await rows("select n from total")).toEqual(
      await rows("select sum(event_count)::bigint as n from event_summary"),
    );
    await pool().query("select pgtrickle.drop_stream_table('total')");
  });
});

describe("assertions", () => {
  const NO_CORRUPTED = {
    name: "no-corrupted",
    sql: "select count(*) = 0 from event_summary where event_type = 'CORRUPTED_EVENT'",
  };

  test("see the rows that will be published", async () => {
    await rewind(boundaries[2] ?? 0, "Auto", [NO_CORRUPTED]);
    const error = await failure(rewind(boundaries[3] ?? 0, "Auto", [NO_CORRUPTED]));
    expect(error.code).toBe("TR011");
    expect(error.message).toContain("no-corrupted");
    expect(await frontier(pool())).toBe(boundaries[2]);
  });

  test("may verify what is about to be published", async () => {
    await rewind(boundaries[1] ?? 0, "Auto", [
      { name: "verified", sql: "select ok from pgtrickle.verify('event_summary')" },
    ]);
  });

  test.each([
    ["gives a number", "select 1"],
    ["gives NULL", "select null::boolean"],
    ["gives two columns", "select true, true"],
    ["gives no row", "select true where false"],
    ["gives two rows", "select true from generate_series(1, 2)"],
    ["is two statements", "select true; select true"],
    ["writes", "with w as (delete from lake.events returning 1) select count(*) = 0 from w"],
    ["does not parse", "selec true"],
    ["publishes by itself", "select count(*) = 1 from pgtrickle_internal.finish_moves()"],
    ["opens the transaction for writing", "select set_config('transaction_read_only', 'off', true) is not null"],
  ])("one that %s is refused by name and nothing is published", async (_name, sql) => {
    const error = await failure(rewind(boundaries[0] ?? 0, "Auto", [{ name: "odd", sql }]));
    expect(error.code).toBe("TR011");
    expect(error.message).toContain("odd");
    expect(await frontier(pool())).toBe(boundaries.at(-1));
  });

  test("run with the caller's rights and search_path", async () => {
    const role = `asserter_${process.pid}`;
    await pool().query(`create role ${role}; grant pgtrickle_admin to ${role}; create table public.secrets (a int)`);
    const client = await pool().connect();
    try {
      await client.query(`set role ${role}`);
      const secret = { name: "secret", sql: "select count(*) >= 0 from public.secrets" };
      const error = await failure(
        client.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Auto', $2)", [
          boundaries[0],
          JSON.stringify([secret]),
        ]),
      );
      expect(error.code).toBe("TR011");
      expect(error.message).toContain("permission denied");
    } finally {
      client.release(true);
      await pool().query(`drop table public.secrets; drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe("plan_rewind", () => {
  interface Plan {
    readonly tables: {
      readonly strategy: string;
      readonly rows_changed: number;
      readonly sample: { change: string; row: { event_type: string } }[];
      readonly sources: { table: string; table_id: number }[];
      readonly definition_hash: string;
    }[];
    readonly commits_undone: { snapshot_id: number }[];
    readonly commits_undone_count: number;
    readonly head: number;
  }

  async function plan(snapshot: number): Promise<Plan> {
    const [row] = await rows<{ plan: Plan }>("select pgtrickle.plan_rewind(array['event_summary'], $1) as plan", [
      snapshot,
    ]);
    if (!row) throw new Error("no plan");
    return row.plan;
  }

  test("says what would change, and changes nothing", async () => {
    const state = () => rows("select frontier, contents_snapshot, generation from pgtrickle.pgt_stream_tables");
    const before = { rows: await summary(pool()), state: await state() };
    const [, , third, last] = boundaries as [number, number, number, number];
    const planned = await plan(third);
    const [table] = planned.tables;
    expect(table?.sample.map(({ change, row }) => `${change}${row.event_type}`).sort()).toEqual([
      "+click",
      "-CORRUPTED_EVENT",
      "-click",
    ]);
    expect(table).toMatchObject({ strategy: "Journal", rows_changed: 3 });
    expect(planned.commits_undone.map(({ snapshot_id }) => snapshot_id)).toEqual([last - 1, last]);
    expect({ rows: await summary(pool()), state: await state() }).toEqual(before);
  });

  test("gives the same rows by journal and by recomputing", async () => {
    const [, second] = boundaries as [number, number];
    const byJournal = await plan(second);
    await pool().query("update pgtrickle_internal.stream_tables set journal_floor = 1000000");
    const byRecomputing = await plan(second);
    await pool().query("update pgtrickle_internal.stream_tables set journal_floor = 1");
    expect(byRecomputing.tables[0]?.strategy).toBe("Full");
    expect(byRecomputing.tables[0]?.sample).toEqual(byJournal.tables[0]?.sample);
    expect(byRecomputing.tables[0]?.definition_hash).toBe(byJournal.tables[0]?.definition_hash);
  });
});

describe("reading the past", () => {
  test("at gives the rows of every snapshot", async () => {
    for (let snapshot = boundaries[0] ?? 0; snapshot <= (boundaries.at(-1) ?? 0); snapshot++) {
      const seen = await rows("select * from pgtrickle.at(null::public.event_summary, $1) order by event_type", [
        snapshot,
      ]);
      expect(seen).toEqual(await truth(snapshot));
    }
  });

  test("diff says what going there would change", async () => {
    const seen = await rows<{ change: string; event_type: string }>(
      `select change, ("row").event_type from pgtrickle.diff(null::public.event_summary, $1)`,
      [boundaries[2]],
    );
    expect(seen.map(({ change, event_type }) => change + event_type).sort()).toEqual([
      "+click",
      "-CORRUPTED_EVENT",
      "-click",
    ]);
  });

  test("a type that is not a stream table's is refused", async () => {
    expect((await failure(rows("select * from pgtrickle.at(null::pg_catalog.pg_class, 1)"))).code).toBe("TR001");
  });

  test("a time of the future and an id that never was are refused with the usable range", async () => {
    const error = await failure(rows("select * from pgtrickle.at(null::public.event_summary, 4711)"));
    expect(error.code).toBe("TR004");
    expect(error.hint).toMatch(/\d+ to \d+/);
  });

  test("snapshots lists the commits with their rows and ways", async () => {
    const seen = await rows<{ snapshot_id: string; rows_added: string; rows_removed: string; strategies: string[] }>(
      "select * from pgtrickle.snapshots('event_summary')",
    );
    const last = seen.find(({ snapshot_id }) => Number(snapshot_id) === boundaries.at(-1));
    expect(last).toMatchObject({
      rows_added: "2",
      rows_removed: "0",
      strategies: ["Full", "Journal"],
      is_current: true,
    });
    const before = seen.find(({ snapshot_id }) => Number(snapshot_id) === (boundaries.at(-1) ?? 0) - 1);
    expect(before).toMatchObject({ rows_added: "5", strategies: ["Full"] });
  });

  test("snapshots counts deleted and updated rows", async () => {
    await pool().query("delete from lake.events where event_type = 'purchase'");
    const [deleted] = await rows("select * from pgtrickle.snapshots('event_summary')");
    expect(deleted).toMatchObject({ rows_added: "0", rows_removed: "5" });
    await pool().query("update lake.events set value = value + 1 where event_type = 'view'");
    const [updated] = await rows("select * from pgtrickle.snapshots('event_summary')");
    expect(updated).toMatchObject({ rows_added: "5", rows_removed: "5" });
    await insertEvents(pool(), "purchase", 5);
  });

  test("changes_<oid> shows what the table has not consumed", async () => {
    const [found] = await rows<{ oid: string }>("select 'public.event_summary'::regclass::oid::text as oid");
    const view = `pgtrickle_changes.changes_${found?.oid}`;
    await rewind(await head(), "Full");
    expect(await rows(`select * from ${view}`)).toEqual([]);
    await insertEvents(pool(), "fresh", 3);
    const seen = await rows<{ change: string; event_type: string }>(`select * from ${view}`);
    expect(seen.map(({ change, event_type }) => change + event_type)).toEqual(["+fresh", "+fresh", "+fresh"]);
  });

  test("everything that reads works in a read-only transaction", async () => {
    const client = await pool().connect();
    try {
      await client.query("begin read only");
      await client.query("select * from pgtrickle.at(null::public.event_summary, $1)", [boundaries[0]]);
      await client.query("select * from pgtrickle.diff(null::public.event_summary, $1)", [boundaries[0]]);
      await client.query("select pgtrickle.plan_rewind(array['event_summary'], $1)", [boundaries[0]]);
      const { rows: verified } = await client.query("select ok from pgtrickle.verify('event_summary')");
      expect(verified).toEqual([{ ok: true }]);
      await client.query("select * from pgtrickle.snapshots('event_summary')");
      await client.query("select * from pgtrickle.explain('event_summary')");
      await client.query("select * from pgtrickle.refresh_history");
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});

describe("a role that may SELECT the stream table and nothing else", () => {
  const ROLE = `past_reader_${process.pid}`;
  const OUTSIDER = `outsider_${process.pid}`;

  beforeAll(async () => {
    await pool().query(`create role ${ROLE}; create role ${OUTSIDER}; grant select on event_summary to ${ROLE}`);
  });

  afterAll(async () => {
    await pool().query(`drop owned by ${ROLE}, ${OUTSIDER}; drop role ${ROLE}, ${OUTSIDER}`);
  });

  async function as<T>(role: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool().connect();
    try {
      await client.query(`set role ${role}`);
      return await work(client);
    } finally {
      client.release(true);
    }
  }

  const READS = [
    "select * from pgtrickle.at(null::public.event_summary, 2)",
    "select * from pgtrickle.diff(null::public.event_summary, 2)",
    "select * from pgtrickle.verify('event_summary')",
    "select * from pgtrickle.verify('event_summary', 'rows')",
    "select * from pgtrickle.snapshots('event_summary')",
    "select * from pgtrickle.explain('event_summary')",
    "select * from pgtrickle.refresh_history",
  ];

  test.each(READS)("may: %s", async (statement) => {
    expect((await as(ROLE, (client) => client.query(statement))).rows.length).toBeGreaterThan(0);
  });

  test.each(READS.slice(0, -1))("without that SELECT may not: %s", async (statement) => {
    const { code } = await failure(as(OUTSIDER, (client) => client.query(statement)));
    expect(code).toBe("42501");
  });

  test.each([
    "select * from pgtrickle.step('event_summary', -1)",
    "select pgtrickle.plan_rewind(array['event_summary'], 2)",
    "select pgtrickle_internal.finish_moves()",
    "select * from pgtrickle_reading.secret",
    "select * from pgtrickle_reading.verify('event_summary', 'engine', row(10, 'x')::pgtrickle_reading.caller)",
    "select * from pgtrickle_reading.at(null::public.event_summary, 2, row(10, 'x')::pgtrickle_reading.caller)",
  ])("may not: %s", async (statement) => {
    expect((await failure(as(ROLE, (client) => client.query(statement)))).code).toBe("42501");
  });

  test("changes_<oid> shows rows of the lake, so it needs SELECT on the lake table", async () => {
    const [found] = await rows<{ oid: string }>("select 'public.event_summary'::regclass::oid::text as oid");
    const view = `pgtrickle_changes.changes_${found?.oid}`;
    expect((await failure(as(ROLE, (client) => client.query(`select * from ${view}`)))).code).toBe("42501");
    await pool().query(`grant select on ${view} to ${ROLE}`);
    await insertEvents(pool(), "fresh", 1);
    expect((await failure(as(ROLE, (client) => client.query(`select * from ${view}`)))).code).toBe("42501");
    await pool().query(`grant usage on schema lake to ${ROLE}`);
    expect((await as(ROLE, (client) => client.query(`select * from ${view}`))).rows).toEqual([]);
    expect((await rows(`select * from ${view}`)).length).toBeGreaterThan(0);
  });

  test("a superuser's ANALYZE does not lend its rights to somebody's index expression", async () => {
    await pool().query(`create schema trap authorization ${OUTSIDER}`);
    await as(OUTSIDER, async (client) => {
      await client.query("create table trap.bait (a int)");
      await client.query("insert into trap.bait values (1), (2)");
      await client.query(
        `create function trap.peek(int) returns int language plpgsql immutable as $$
         begin if session_user = 'postgres' and pg_catalog.current_setting('trap.armed', true) = 'on' then
           return (select pg_catalog.count(*) from pgtrickle.at(null::public.event_summary, 2)); end if; return 0; end $$`,
      );
      await client.query("create index on trap.bait (trap.peek(a))");
    });
    const client = await pool().connect();
    try {
      await client.query("set trap.armed = 'on'");
      expect((await failure(client.query("analyze trap.bait"))).code).toBe("42501");
    } finally {
      client.release(true);
      await pool().query("drop schema trap cascade");
    }
  });
});

describe("step", () => {
  test("goes along the commits of the source, both ways", async () => {
    const [first] = boundaries as [number];
    await rewind(first);
    const forward = await rows<Moved>("select * from pgtrickle.step('event_summary')");
    expect(Number(forward[0]?.to_snapshot)).toBe(first + 1);
    expect(await summary(pool())).toEqual(await truth(first + 1));
    await rows("select * from pgtrickle.step('event_summary', 2)");
    expect(await frontier(pool())).toBe(first + 3);
    await rows("select * from pgtrickle.step('event_summary', -3)");
    expect(await frontier(pool())).toBe(first);
    expect(await summary(pool())).toEqual(await truth(first));
  });
});

describe("verify", () => {
  test.each(["engine", "rows", "fingerprint"])(
    "level %s agrees with a right table and with no wrong one",
    async (level) => {
      const verified = () => rows<{ ok: boolean }>("select ok from pgtrickle.verify('event_summary', $1)", [level]);
      expect(await verified()).toEqual([{ ok: true }]);
      for (const statement of [
        "update event_summary set total_value = total_value + 1 where event_type = 'click'",
        "update event_summary set event_type = null where event_type = 'view'",
        "delete from event_summary where event_type = 'purchase'",
        "insert into event_summary values ('forged', 1, 1)",
      ]) {
        await corruptRows(statement);
        expect(await verified()).toEqual([{ ok: false }]);
        await pool().query("select pgtrickle.refresh('event_summary', 'FULL')");
        expect(await verified()).toEqual([{ ok: true }]);
      }
    },
  );

  test("shows what is missing and what is too much", async () => {
    await corruptRows("update event_summary set event_count = 77 where event_type = 'view'");
    const [seen] = await rows("select missing, unexpected, missing_count from pgtrickle.verify('event_summary')");
    expect(seen).toMatchObject({
      missing: [{ event_type: "view", event_count: 5 }],
      unexpected: [{ event_type: "view", event_count: 77 }],
    });
    await pool().query("select pgtrickle.refresh('event_summary', 'FULL')");
  });

  test("level rows is bounded, with a clear error", async () => {
    await pool().query("insert into pgtrickle_internal.settings values ('verify_rows_limit', 3)");
    const error = await failure(rows("select * from pgtrickle.verify('event_summary', 'rows')"));
    await pool().query("delete from pgtrickle_internal.settings");
    expect(error.code).toBe("TR018");
    expect(error.hint).toContain("verify_rows_limit");
  });

  test("an unknown level is refused, naming the levels", async () => {
    const error = await failure(rows("select * from pgtrickle.verify('event_summary', 'all')"));
    expect(error.code).toBe("TR021");
    expect(error.hint).toContain("fingerprint");
  });
});

describe("a stream table over two lake tables, recomputed", () => {
  const verified = (level: string) => rows<{ ok: boolean }>("select ok from pgtrickle.verify('labelled', $1)", [level]);
  let created: number;

  beforeAll(async () => {
    const duckdb = await trickle().duckdb({ readOnly: false });
    await duckdb.run("create table lake.main.kinds (event_type varchar, label varchar)");
    await pool().query(
      `create foreign table lake.kinds (event_type text, label text) server lake
       options (schema_name 'main', table_name 'kinds')`,
    );
    await pool().query("insert into lake.kinds values ('click', 'a click'), ('view', 'a view')");
    await pool().query(
      `select pgtrickle.create_stream_table('public', 'labelled',
         'select k.label, e.value, e.event_type from lake.events e join lake.kinds k on k.event_type = e.event_type', '1h', 'FULL')`,
    );
    created = await frontier(pool(), "labelled");
    await pool().query("insert into lake.kinds values ('purchase', 'a purchase')");
    await insertEvents(pool(), "purchase", 2);
    await pool().query("select pgtrickle.pause_scheduler(array['labelled'])");
  });

  afterAll(async () => {
    await pool().query("select pgtrickle.drop_stream_table('labelled')");
  });

  test("is verified by PostgreSQL's own executor too, duplicates included", async () => {
    expect(await verified("rows")).toEqual([{ ok: true }]);
    await corruptRows("insert into labelled select * from labelled limit 1");
    for (const level of ["engine", "rows", "fingerprint"]) expect(await verified(level)).toEqual([{ ok: false }]);
    await pool().query("select pgtrickle.refresh('labelled', 'FULL')");
    for (const level of ["engine", "rows", "fingerprint"]) expect(await verified(level)).toEqual([{ ok: true }]);
  });

  test("shows the pending changes of both, and loses them when it is moved", async () => {
    const [found] = await rows<{ oid: string }>("select 'public.labelled'::regclass::oid::text as oid");
    const view = `pgtrickle_changes.changes_${found?.oid}`;
    const seen = await rows<{ source: string; row: { event_type: string } }>(`select source, "row" from ${view}`);
    expect(seen.map(({ source, row }) => `${source} ${row.event_type}`).sort()).toEqual([
      "lake.events purchase",
      "lake.events purchase",
      "lake.kinds purchase",
    ]);
  });

  test("goes forward and back by recomputing and by journal", async () => {
    const before = await rows("select * from labelled order by 1, 2, 3");
    await rewind(await head(), "Auto", [], ["labelled"]);
    expect((await rows("select * from labelled")).length).toBeGreaterThan(before.length);
    const second = await frontier(pool(), "labelled");
    await insertEvents(pool(), "purchase", 2);
    await rewind(await head(), "Auto", [], ["labelled"]);
    expect((await rewind(second, "Auto", [], ["labelled"]))[0]).toMatchObject({ strategy: "Journal" });
    expect((await rewind(created, "Auto", [], ["labelled"]))[0]).toMatchObject({ strategy: "Journal" });
    expect(await rows("select * from labelled order by 1, 2, 3")).toEqual(before);
    // A journal that holds the mending of damage leads back to the damage: Auto notices, and recomputes.
    await rewind(second, "Auto", [], ["labelled"]);
    await corruptRows("insert into labelled select * from labelled limit 1");
    await pool().query("select pgtrickle.refresh('labelled', 'FULL')");
    expect((await failure(rewind(created, "Journal", [], ["labelled"]))).code).toBe("TR010");
    const [moved] = await rewind(created, "Auto", [], ["labelled"]);
    expect(moved).toMatchObject({ strategy: "Full", reason: expect.stringContaining("recomputed") });
    expect(await rows("select * from labelled order by 1, 2, 3")).toEqual(before);
    expect(await verified("rows")).toEqual([{ ok: true }]);
  });
});

test("after a restore, adopt() gives the changes view its new name and ends the rewinds that ran elsewhere", async () => {
  const [found] = await rows<{ oid: string }>("select 'public.event_summary'::regclass::oid::text as oid");
  const view = `changes_${found?.oid}`;
  await rows("select pgtrickle_rewind.claim('cluster', 'elsewhere', 'default', 'x', 'key', array['event_summary'])");
  await pool().query(`alter view pgtrickle_changes.${view} rename to changes_1`);
  await pool().query("update pgtrickle_internal.installation set database_oid = 1");
  await pool().query("select pgtrickle.adopt()");
  await pool().query(`select * from pgtrickle_changes.${view}`);
  const [seen] = await rows("select pgtrickle_rewind.observe_operation('elsewhere') ->> 'outcome' as outcome");
  expect(seen).toEqual({ outcome: "Orphaned" });
});

describe("with the engine dead", () => {
  test("rewind by journal, plan, snapshots and verify by fingerprint work; the rest says that the engine is away", async () => {
    const [, second] = boundaries as [number, number];
    const want = await truth(second);
    await trickle().lake.kill();
    // The watchdog is gone at once; the engine below it ends by itself.
    await until(() =>
      pool()
        .query("select ok from pgtrickle_lake.ping")
        .then(
          () => false,
          () => true,
        ),
    );
    try {
      expect((await rewind(second))[0]).toMatchObject({ strategy: "Journal", verified: "fingerprint" });
      expect(await summary(pool())).toEqual(want);
      expect((await rewind(second))[0]).toMatchObject({ strategy: "Nothing", verified: "fingerprint" });
      expect(await rows("select ok from pgtrickle.verify('event_summary', 'fingerprint')")).toEqual([{ ok: true }]);
      expect((await failure(rows("select * from pgtrickle.verify('event_summary')"))).code).toBe("TR014");
      expect((await failure(rewind(second, "Full"))).code).toBe("TR014");
      expect(await rows("select * from pgtrickle.snapshots('event_summary')")).not.toEqual([]);
      const [planned] = await rows("select pgtrickle.plan_rewind(array['event_summary'], $1) as plan", [boundaries[0]]);
      expect(planned).toMatchObject({ plan: { tables: [{ strategy: "Journal" }] } });
    } finally {
      await trickle().restartLake();
    }
  });
});
