/** Everything that takes locks on stream tables, from many sessions at once: nobody waits in a circle, and every refusal has its code. */
import { Client, type PoolClient } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { createSummary, failure, insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";
import { until } from "../support/until.ts";

const trickle = useTrickle();
const pool = () => trickle().pool();

async function isBlocked(pid: number): Promise<boolean> {
  const { rows } = await pool().query<{ blocked: boolean }>("select cardinality(pg_blocking_pids($1)) > 0 as blocked", [
    pid,
  ]);
  return rows[0]?.blocked ?? false;
}

interface Told {
  readonly code: string;
  readonly text: string;
}

function outcomeOf(promise: Promise<unknown>): Promise<Told> {
  return promise.then(
    () => ({ code: "", text: "" }),
    ({ code, message, detail }: { code?: string; message?: string; detail?: string }) => ({
      code: code ?? "",
      text: `${message} ${detail ?? ""}`,
    }),
  );
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await outcomeOf(promise)).code;
}

beforeAll(async () => {
  await insertEvents(pool(), "click", 5);
  await insertEvents(pool(), "view", 5);
});

describe("a drop and a refresh of the same table", () => {
  /** `first` up to where it holds the table, then `second` until it waits, then the drop. */
  async function crossed(second: string): Promise<{ dropped: string; other: string }> {
    await createSummary(pool());
    await insertEvents(pool(), "click", 1);
    const [dropper, other] = [await pool().connect(), await pool().connect()] as [PoolClient, PoolClient];
    try {
      const { rows } = await other.query<{ pid: number }>("select pg_backend_pid() as pid");
      await dropper.query("begin");
      await dropper.query("lock table public.event_summary in access exclusive mode");
      const answer = codeOf(other.query(second));
      await until(() => isBlocked(rows[0]?.pid ?? 0));
      const dropped = await codeOf(dropper.query("select pgtrickle.drop_stream_table('event_summary')"));
      await dropper.query(dropped === "" ? "commit" : "rollback");
      return { dropped, other: await answer };
    } finally {
      dropper.release();
      other.release();
    }
  }

  test.each([
    "select pgtrickle.refresh('event_summary')",
    "select pgtrickle.refresh('event_summary', 'FULL')",
    "select pgtrickle.reinitialize('event_summary')",
    "select pgtrickle.scheduled_refresh(pgtrickle_internal.resolve('event_summary'))",
    "select ok from pgtrickle.verify('event_summary')",
    "select pgtrickle.plan_rewind(array['event_summary'], 1)",
  ])("never meet in a circle, whoever comes first: %s", async (second) => {
    expect(await crossed(second)).toEqual({ dropped: "", other: "TR001" });
  });

  test("nor with at(), whose result type is gone with the table", async () => {
    const { dropped, other } = await crossed("select count(*) from pgtrickle.at(null::public.event_summary, 1)");
    expect([dropped, other]).toEqual(["", expect.not.stringMatching("40P01")]);
  });

  test("also where the drop's transaction has paused it before, and the refresh is about to publish", async () => {
    await createSummary(pool());
    await insertEvents(pool(), "click", 1);
    const [dropper, other] = [await pool().connect(), await pool().connect()] as [PoolClient, PoolClient];
    try {
      const { rows } = await other.query<{ pid: number }>("select pg_backend_pid() as pid");
      await dropper.query("begin");
      await dropper.query("select pgtrickle.pause_scheduler(array['event_summary'])");
      const answer = codeOf(other.query("select pgtrickle.refresh('event_summary')"));
      await until(() => isBlocked(rows[0]?.pid ?? 0));
      expect(await codeOf(dropper.query("select pgtrickle.drop_stream_table('event_summary')"))).toBe("");
      await dropper.query("commit");
      expect(await answer).toBe("57014");
    } finally {
      dropper.release();
      other.release();
    }
  });

  test("a drop that somebody is in the way of for too long says who", async () => {
    await createSummary(pool());
    const reader = await pool().connect();
    try {
      await reader.query("begin");
      const { rows } = await reader.query<{ pid: number }>("select pg_backend_pid() as pid from public.event_summary");
      const hasty = "set local lock_timeout = '600ms'; select pgtrickle.drop_stream_table('event_summary')";
      const error = await failure(pool().query(hasty));
      expect(error).toMatchObject({ code: "55P03", hint: expect.stringContaining("pause_scheduler()") });
      expect(error.message).toContain(`for 0.6 s it was in use by backend ${rows[0]?.pid}`);
      await reader.query("rollback");
    } finally {
      reader.release();
    }
    await pool().query("select pgtrickle.drop_stream_table('event_summary')");
  });
});

test("what waits for a table that is dropped says that it was dropped", async () => {
  for (const call of ["pause_scheduler(array['event_summary'])", "alter_stream_table('event_summary', '2h')"]) {
    await createSummary(pool());
    const [dropper, other] = [await pool().connect(), await pool().connect()] as [PoolClient, PoolClient];
    try {
      const { rows } = await other.query<{ pid: number }>("select pg_backend_pid() as pid");
      await dropper.query("begin");
      await dropper.query("select pgtrickle.drop_stream_table('event_summary')");
      const answer = failure(other.query(`select pgtrickle.${call}`));
      await until(() => isBlocked(rows[0]?.pid ?? 0));
      await dropper.query("commit");
      expect(await answer).toMatchObject({
        code: "TR001",
        message: expect.stringContaining("dropped in the meantime"),
      });
    } finally {
      dropper.release();
      other.release();
    }
  }
});

test("of two that create the same table one says that it is there", async () => {
  const [first, other] = [await pool().connect(), await pool().connect()] as [PoolClient, PoolClient];
  try {
    const { rows } = await other.query<{ pid: number }>("select pg_backend_pid() as pid");
    await first.query("begin");
    await createSummary(first);
    const answer = failure(createSummary(other));
    await until(() => isBlocked(rows[0]?.pid ?? 0));
    await first.query("commit");
    expect(await answer).toMatchObject({ code: "42P07", message: "relation public.event_summary already exists" });
  } finally {
    first.release();
    other.release();
  }
  await pool().query("select pgtrickle.drop_stream_table('event_summary')");
});

/** Mulberry32: the same history for the same seed, as far as the sessions' own timing lets it be. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const SESSIONS = 8;
const OPERATIONS = 60;
const tables = ["t0", "t1", "t2", "t3"];

/** Of whom every operation may be refused: gone, there already, held, not held, overtaken, waited too long, cancelled by a pause. */
const documented = ["", "TR001", "42P07", "TR007", "TR008", "TR012", "TR018", "55P03", "57014"];

const create = (name: string, mode: string) =>
  `select pgtrickle.create_stream_table('public', '${name}',
     'select event_type, value % 7 as part, count(*) as n, sum(value) as s from lake.events group by event_type, value % 7', '1h', '${mode}')`;

/** What one operation of a kind says, given two tables and a snapshot. */
const operations: ((one: string, other: string, snapshot: number) => readonly string[])[] = [
  (one) => [create(one, "DIFFERENTIAL")],
  (one) => [`select pgtrickle.drop_stream_table('${one}')`],
  (one) => [
    "begin",
    `select pgtrickle.pause_scheduler(array['${one}'])`,
    `select pgtrickle.drop_stream_table('${one}')`,
    "commit",
  ],
  (one) => [`select pgtrickle.alter_stream_table('${one}', '2h')`],
  (one) => [
    `select pgtrickle.alter_stream_table('${one}', query => 'select event_type, count(*) as n from lake.events group by event_type')`,
  ],
  (one) => [
    "begin",
    `select pgtrickle.pause_scheduler(array['${one}'])`,
    `select pgtrickle.alter_stream_table('${one}', query => 'select value % 7 as part, count(*) as n from lake.events group by value % 7')`,
    "commit",
  ],
  (one, other) => [`select pgtrickle.pause_scheduler(array['${one}', '${other}'])`],
  (one, other) => [`select pgtrickle.resume_scheduler(array['${other}', '${one}'])`],
  (one) => [`select pgtrickle.resume_scheduler(array['${one}'])`],
  (one) => [`select pgtrickle.refresh('${one}')`],
  (one) => [`select pgtrickle.refresh('${one}', 'FULL')`],
  (one) => [`select pgtrickle.reinitialize('${one}')`],
  (one) => [
    `select pgtrickle.scheduled_refresh(s.pgt_id) from pgtrickle.pgt_stream_tables s where s.pgt_name = '${one}'`,
  ],
  (one) => [
    `select pgtrickle.scheduled_refresh(s.pgt_id) from pgtrickle.pgt_stream_tables s where s.pgt_name = '${one}'`,
  ],
  (one, other, snapshot) => [`select * from pgtrickle.rewind(array['${one}', '${other}'], ${snapshot})`],
  (one, _, snapshot) => [`select * from pgtrickle.rewind(array['${one}'], ${snapshot}, 'Full')`],
  (one) => [`select * from pgtrickle.step('${one}', -1)`],
  (one, _, snapshot) => [`select pgtrickle.plan_rewind(array['${one}'], ${snapshot})`],
  (one) => [`select ok from pgtrickle.verify('${one}')`],
  (_, __, snapshot) => [
    `insert into lake.events (event_id, event_type, value, created_at)
     select gen_random_uuid(), 'type ' || i, ${snapshot} * i, now() from generate_series(1, 20) i`,
  ],
];

/** The code of the first statement that is refused; a transaction ends with it. */
async function played(client: Client, statements: readonly string[], surprises: string[]): Promise<string> {
  for (const statement of statements) {
    const { code, text } = await outcomeOf(client.query(statement));
    if (code === "") continue;
    if (!documented.includes(code)) surprises.push(`${code} of ${statement}: ${text}`);
    if (statements.length > 1) await client.query("rollback");
    return code;
  }
  return "";
}

/** The codes of one session's operations, on snapshots from `base` on. */
async function session(seed: number, base: number, surprises: string[]): Promise<string[]> {
  const client = new Client({ connectionString: trickle().url });
  await client.connect();
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const codes: string[] = [];
  while (codes.length < OPERATIONS) {
    const statements = pick(operations)(pick(tables), pick(tables), base + Math.floor(next() * 5));
    codes.push(await played(client, statements, surprises));
  }
  await client.end();
  return codes;
}

describe("everything at once", () => {
  const title = `${SESSIONS} sessions, ${OPERATIONS} operations each: no deadlock, and only refusals that are documented`;
  test(title, { timeout: 120_000 }, async () => {
    const { rows } = await pool().query<{ head: number }>(
      "select max(snapshot_id)::int as head from ducklake.ducklake_snapshot",
    );
    const base = rows[0]?.head ?? 0;
    for (let commit = 0; commit < 5; commit += 1) await insertEvents(pool(), `early ${commit}`, 3);
    for (const name of tables) await pool().query(create(name, "DIFFERENTIAL"));
    const surprises: string[] = [];
    const seeds = Array.from({ length: SESSIONS }, (_, index) => index + 1);
    const codes = (await Promise.all(seeds.map((seed) => session(seed, base, surprises)))).flat();
    expect(surprises).toEqual([]);
    // Enough of it was really done.
    expect(codes.filter((code) => code === "").length).toBeGreaterThan(codes.length / 5);
  });

  test("leaves a registry in which every table is there, whole, and its query", async () => {
    const { rows: names } = await pool().query<{ name: string }>(
      "select pgt_name as name from pgtrickle.pgt_stream_tables order by 1",
    );
    for (const { name } of names) {
      const { rows } = await pool().query("select ok from pgtrickle.verify($1)", [name]);
      expect({ name, rows }).toEqual({ name, rows: [{ ok: true }] });
    }
    const { rows: lost } = await pool().query(
      `select s.schema_name, s.table_name from pgtrickle_internal.stream_tables s
       where to_regclass(s.layout ->> 'public') is distinct from s.relid
         or to_regclass(s.layout ->> 'base') is null or to_regclass(s.layout ->> 'journal') is null`,
    );
    expect(lost).toEqual([]);
    const { rows: left } = await pool().query(
      `select c.oid::regclass::text as relation from pg_class c
       where c.relnamespace in ('pgtrickle_state'::regnamespace, 'pgtrickle_lake'::regnamespace) and c.relname ~ '^[a-z]_[0-9]+'
         and c.relkind in ('r', 'f') and not exists (
           select from pgtrickle_internal.stream_tables s where s.id = substring(c.relname from '^[a-z]_([0-9]+)')::bigint)`,
    );
    expect(left).toEqual([]);
  });
});
