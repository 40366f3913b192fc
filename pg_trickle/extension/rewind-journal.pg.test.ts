/** The operator's journal: who owns a table, that nobody else changes it, and that repair SQL cannot forge anything. */
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents, status, summary } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { until } from "../../test/support/until.ts";

const trickle = useTrickle();
const clients: Client[] = [];
const TABLES = ["public.event_summary"];

interface Operation {
  readonly uid: string;
  readonly token: string;
}

async function connect({ url = trickle().url, applicationName = "test" } = {}): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: applicationName });
  // A claim of the same operation terminates it.
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

async function value<T>(client: Pick<Client, "query">, text: string, values: unknown[] = []): Promise<T> {
  const { rows } = await client.query({ text, values, rowMode: "array" });
  return (rows as unknown[][])[0]?.[0] as T;
}

const pool = () => trickle().pool();

async function claim(uid: string, tables = TABLES, client: Pick<Client, "query"> = pool()) {
  return value<{ claimed: boolean; token: string; blocked_by?: { uid: string; table: string }[] }>(
    client,
    "select pgtrickle_rewind.claim('cluster', $1, 'default', $2, 'key', $3)",
    [uid, `rewind-${uid.slice(0, 8)}`, tables],
  );
}

async function claimed(tables = TABLES): Promise<Operation> {
  const uid = randomUUID();
  const answer = await claim(uid, tables);
  expect(answer.claimed).toBe(true);
  return { uid, token: answer.token };
}

function call<T>(client: Pick<Client, "query">, name: string, { uid, token }: Operation, ...rest: unknown[]) {
  const parameters = rest.map((_, index) => `, $${index + 3}`).join("");
  return value<T>(client, `select pgtrickle_rewind.${name}($1, $2${parameters})`, [uid, token, ...rest]);
}

interface Observed {
  readonly operation: { readonly outcome: string | null; readonly token_set: boolean } | null;
  readonly tables: {
    readonly error: { code: string } | null;
    readonly holders: string[];
    readonly locked_by: unknown;
  }[];
  readonly steps: {
    readonly step: string;
    readonly attempt: number;
    readonly outcome: string;
    readonly error: { code: string } | null;
  }[];
  readonly target: { readonly snapshot_id: number | null; readonly error: { code: string } | null };
  readonly repair_marker: { readonly snapshot_id: number } | null;
}

function observe(uid: string, tables = TABLES, snapshot: number | null = null, timestamp: string | null = null) {
  return value<Observed>(pool(), "select pgtrickle_rewind.observe($1, $2, $3, $4)", [uid, tables, snapshot, timestamp]);
}

async function steps(uid: string): Promise<string[]> {
  return (await observe(uid)).steps.map(({ step, attempt, outcome }) => `${step} ${attempt} ${outcome}`);
}

beforeAll(async () => {
  await insertEvents(pool(), "click", 10);
  await createSummary(pool());
  await pool().query("create table public.notes (text text)");
});

beforeEach(async () => {
  await pool().query("truncate public.notes");
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
  await pool().query("select pgtrickle_rewind.orphan(uid, cluster) from pgtrickle_rewind.operations");
  await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
});

describe("claim", () => {
  test("locks the tables: another operation is told who blocks it, and gets them after the release", async () => {
    const first = await claimed();
    const second = randomUUID();
    const blocked = await claim(second);
    expect(blocked.claimed).toBe(false);
    expect(blocked.blocked_by).toMatchObject([{ uid: first.uid, table: "public.event_summary", namespace: "default" }]);
    await call(pool(), "release", first, "Succeeded");
    expect((await claim(second)).claimed).toBe(true);
  });

  test("a second claim of the same operation fences the first", async () => {
    const first = await claimed();
    const again = await claim(first.uid);
    expect(again.token).not.toBe(first.token);
    for (const statement of ["pause($1, $2)", "release($1, $2, 'Succeeded')", "begin_repair($1, $2)"]) {
      const error = await failure(pool().query(`select pgtrickle_rewind.${statement}`, [first.uid, first.token]));
      expect(error.code).toBe("TR015");
    }
    await call(pool(), "pause", { uid: first.uid, token: again.token });
  });

  test("terminates a backend that is in the middle of an effect of the same operation, whatever its name", async () => {
    const first = await claimed();
    const frozen = await connect({ applicationName: "anything" });
    await frozen.query("begin");
    await call(frozen, "pause", first);
    const again = await claim(first.uid);
    expect(again.claimed).toBe(true);
    await expect(frozen.query("commit")).rejects.toThrow();
    expect(await status(pool())).not.toBe("PAUSED");
    expect(await steps(first.uid)).toEqual([]);
  });

  test("terminates an idle backend that carries the operation's name", async () => {
    const first = await claimed();
    const idle = await connect({ applicationName: `strw/${first.uid}/operator` });
    const stranger = await connect({ applicationName: "strw/somebody-else/operator" });
    await claim(first.uid);
    await expect(idle.query("select 1")).rejects.toThrow();
    await stranger.query("select 1");
  });

  test("all tables or none", async () => {
    await pool().query(
      "select pgtrickle.create_stream_table('public', 'second_summary', 'select event_type, count(*) as n from lake.events group by event_type', '1h', 'DIFFERENTIAL')",
    );
    const first = await claimed(["second_summary"]);
    const second = randomUUID();
    expect((await claim(second, ["event_summary", "second_summary"])).claimed).toBe(false);
    expect((await observe(second)).operation).toBeNull();
    expect((await observe(second)).tables[0]?.locked_by).toBeNull();
    await call(pool(), "release", first, "Aborted");
    await pool().query("select pgtrickle.drop_stream_table('second_summary')");
  });

  test("of concurrent claims of one table exactly one wins", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => claim(randomUUID(), TABLES, await connect())),
    );
    expect(answers.filter((answer) => answer.claimed)).toHaveLength(1);
  });

  test("an unknown table is refused by name", async () => {
    const error = await failure(claim(randomUUID(), ["event_sumary"]));
    expect(error.code).toBe("TR001");
    expect(error.message).toContain("event_sumary");
  });
});

describe("pause and release", () => {
  test("put back what was found: a table that a person had paused stays paused", async () => {
    await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
    const operation = await claimed();
    await call(pool(), "pause", operation);
    expect((await observe(operation.uid)).tables[0]?.holders).toHaveLength(2);
    await call(pool(), "release", operation, "Succeeded");
    expect((await observe(operation.uid)).tables[0]?.holders).toEqual(["person"]);
    expect(await status(pool())).toBe("PAUSED");
  });

  test("a resume by hand does not undo the operation's hold", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    expect(await status(pool())).toBe("PAUSED");
    await call(pool(), "release", operation, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("an abandoned operation keeps its hold, and the next one takes it over and leaves nothing behind", async () => {
    const first = await claimed();
    await call(pool(), "pause", first);
    await call(pool(), "abandon", first, "the assertion failed");
    expect(await status(pool())).toBe("PAUSED");
    const second = await claimed();
    await call(pool(), "pause", second);
    await call(pool(), "release", second, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("an orphan blocks nobody: resume_scheduler releases its hold", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    const foreign = await failure(pool().query("select pgtrickle_rewind.orphan($1, 'another')", [operation.uid]));
    expect(foreign.code).toBe("TR008");
    await pool().query("select pgtrickle_rewind.orphan($1, 'cluster')", [operation.uid]);
    expect((await failure(call(pool(), "release", operation, "Succeeded"))).code).toBe("TR015");
    expect(await status(pool())).toBe("PAUSED");
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("an orphan blocks nobody: the next rewind takes its hold over", async () => {
    const first = await claimed();
    await call(pool(), "pause", first);
    await pool().query("select pgtrickle_rewind.orphan($1, 'cluster')", [first.uid]);
    const second = await claimed();
    await call(pool(), "pause", second);
    await call(pool(), "release", second, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("pausing twice records what was there before the first", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    await call(pool(), "pause", operation);
    const seen = await value<{ before: { tables: { holders: string[] }[] } }[]>(
      pool(),
      "select jsonb_agg(s) from jsonb_array_elements(pgtrickle_rewind.observe_steps($1)) s",
      [operation.uid],
    );
    for (const step of seen) expect(step.before.tables[0]?.holders).toEqual([]);
  });
});

describe("observe", () => {
  test("never shows the token, and shows unknown tables and impossible targets as facts", async () => {
    const operation = await claimed();
    const seen = await observe(operation.uid, ["event_summary", "nothing"], 999_999);
    expect(JSON.stringify(seen)).not.toContain(operation.token);
    expect(seen.operation?.token_set).toBe(true);
    expect(seen.tables.map(({ error }) => error?.code ?? null)).toEqual([null, "TR001"]);
    expect(seen.target.error?.code).toBe("TR004");
  });

  test("resolves a time to the last snapshot of that time", async () => {
    const at = await value<string>(pool(), "select max(snapshot_time)::text from ducklake.ducklake_snapshot");
    const head = await value<string>(pool(), "select max(snapshot_id) from ducklake.ducklake_snapshot");
    expect((await observe("nobody", TABLES, null, at)).target.snapshot_id).toBe(Number(head));
    expect((await observe("nobody", TABLES, null, "2001-01-01")).target.error?.code).toBe("TR005");
    expect((await observe("nobody", TABLES, null, "2101-01-01")).target.error?.code).toBe("TR004");
  });
});

describe("repair", () => {
  async function entered(operation: Operation, client?: Client): Promise<{ client: Client; attempt: number }> {
    const attempt = await call<number>(pool(), "begin_repair", operation);
    const fresh = client ?? (await connect());
    await fresh.query(`set postgres_fdw.application_name = 'strw/${operation.uid}/repair/${attempt}'`);
    await fresh.query("begin");
    await call(fresh, "enter_repair", operation, attempt);
    return { client: fresh, attempt };
  }

  const run = (client: Client, ...sql: string[]) =>
    value<number[]>(client, "select pgtrickle_rewind.run_repair($1)", [sql]);

  test("runs once: rows are counted, the step is done, and no second one begins", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    const counts = await run(client, "insert into notes values ('a'), ('b')", "update notes set text = 'c'");
    expect(counts).toEqual([2, 2]);
    await call(client, "finish_repair", operation, attempt, JSON.stringify(counts));
    await client.query("commit");
    expect(await steps(operation.uid)).toEqual(["Repair 1 Done"]);
    expect((await failure(call(pool(), "begin_repair", operation))).code).toBe("TR019");
  });

  test("a repair of the lake leaves its marker; a lost acknowledgement is confirmed by it and never repeated", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    await run(client, "update lake.events set value = value + 1");
    await call(client, "finish_repair", operation, attempt, "[10]");
    await client.query("commit");
    const { repair_marker } = await observe(operation.uid);
    expect(repair_marker?.snapshot_id).toBeGreaterThan(0);
    // as if PostgreSQL had lost its half of the commit
    await pool().query("update pgtrickle_rewind.steps set outcome = 'Running', finished_at = null where uid = $1", [
      operation.uid,
    ]);
    expect((await failure(call(pool(), "begin_repair", operation))).code).toBe("TR019");
    expect(await call(pool(), "confirm_repair", operation)).toMatchObject({
      confirmed: true,
      snapshot_id: repair_marker?.snapshot_id,
    });
    expect(await steps(operation.uid)).toEqual(["Repair 1 Done"]);
  });

  test("confirm_repair confirms nothing that is not in the lake", async () => {
    const operation = await claimed();
    await call(pool(), "begin_repair", operation);
    expect(await call(pool(), "confirm_repair", operation)).toEqual({ confirmed: false });
    expect(await steps(operation.uid)).toEqual(["Repair 1 Running"]);
  });

  test("an interrupted attempt is recorded by the next one", async () => {
    const operation = await claimed();
    const { client } = await entered(operation);
    await run(client, "insert into notes values ('lost')");
    const again = { uid: operation.uid, token: (await claim(operation.uid)).token };
    const next = await entered(again);
    await run(next.client, "insert into notes values ('kept')");
    await call(next.client, "finish_repair", again, next.attempt, "[1]");
    await next.client.query("commit");
    expect(await steps(operation.uid)).toEqual(["Repair 1 Failed", "Repair 2 Done"]);
    expect((await pool().query("select text from notes")).rows).toEqual([{ text: "kept" }]);
  });

  test("is refused where the lake could not be told whose it is", async () => {
    const operation = await claimed();
    const attempt = await call<number>(pool(), "begin_repair", operation);
    const client = await connect();
    expect((await failure(call(client, "enter_repair", operation, attempt))).code).toBe("TR021");
    await client.query("select count(*) from lake.events");
    await client.query(`set postgres_fdw.application_name = 'strw/${operation.uid}/repair/${attempt}'`);
    expect((await failure(call(client, "enter_repair", operation, attempt))).code).toBe("TR021");
  });

  const FORGERIES: [name: string, sql: (o: Operation) => string][] = [
    ["finish_repair", (o) => `select pgtrickle_rewind.finish_repair('${o.uid}', '${o.token}', 1, '[]')`],
    ["end_run", () => "select pgtrickle_rewind.end_run(gen_random_uuid())"],
    ["start_run", () => "select pgtrickle_rewind.start_run()"],
    ["run_repair", () => "select pgtrickle_rewind.run_repair(array['select 1'])"],
    ["release", (o) => `select pgtrickle_rewind.release('${o.uid}', '${o.token}', 'Succeeded')`],
    [
      "claim",
      (o) => `select pgtrickle_rewind.claim('cluster', '${o.uid}', 'default', 'x', 'key', array['event_summary'])`,
    ],
    ["fail_step", (o) => `select pgtrickle_rewind.fail_step('${o.uid}', '${o.token}', 'Rewind', 'XX000', 'x')`],
    ["orphan", (o) => `select pgtrickle_rewind.orphan('${o.uid}', 'cluster')`],
    ["pause_scheduler", () => "select pgtrickle.pause_scheduler(array['event_summary'])"],
    ["resume_scheduler", () => "select pgtrickle.resume_scheduler(array['event_summary'])"],
    ["refresh", () => "select pgtrickle.refresh('event_summary', 'FULL')"],
    ["the frontier", () => "update pgtrickle.pgt_stream_tables set frontier = frontier"],
    [
      "a caught error",
      () =>
        "do $$ begin perform pgtrickle.resume_scheduler(array['event_summary']); exception when others then raise; end $$",
    ],
    ["the marker's name", () => "set postgres_fdw.application_name = 'nobody'"],
  ];

  test.each(FORGERIES)("cannot reach %s", async (_name, forgery) => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    const { client, attempt } = await entered(operation);
    const error = await failure(run(client, forgery(operation)));
    expect(error.code).toBe("TR020");
    expect((await failure(call(client, "finish_repair", operation, attempt, "[]"))).code).toBe("25P02");
    await client.query("rollback");
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Repair 1 Running"]);
    expect(await status(pool())).toBe("PAUSED");
  });

  test("finish_repair without a run is refused, and so is a second run", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    expect((await failure(call(client, "finish_repair", operation, attempt, "[]"))).code).toBe("TR020");
    await client.query("rollback");
    await client.query("begin");
    await call(client, "enter_repair", operation, attempt);
    await run(client, "select 1");
    expect((await failure(run(client, "select 1"))).code).toBe("TR020");
  });

  test("what a repair leaves for the commit cannot release the table either", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    const { client, attempt } = await entered(operation);
    await run(
      client,
      "create function pg_temp.late() returns trigger language plpgsql as $$ begin perform pgtrickle.resume_scheduler(array['event_summary']); return null; end $$",
      "create constraint trigger late after insert on notes deferrable initially deferred for each row execute function pg_temp.late()",
      "insert into notes values ('x')",
    );
    await call(client, "finish_repair", operation, attempt, "[0, 0, 1]");
    expect((await failure(client.query("commit"))).code).toBe("TR020");
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Repair 1 Running"]);
  });

  test("a fenced repair cannot commit", async () => {
    const operation = await claimed();
    const { client } = await entered(operation);
    await run(client, "insert into notes values ('lost')");
    await claim(operation.uid);
    await expect(client.query("commit")).rejects.toThrow();
    expect((await pool().query("select * from notes")).rowCount).toBe(0);
  });
});

describe("rewind and replay", () => {
  interface Move {
    readonly done?: boolean;
    readonly snapshot_id: number;
    readonly tables: { table_name: string; to_snapshot: number; row_count: number; verified: string }[];
  }

  const NO_CORRUPTED = JSON.stringify([
    { name: "no-corrupted", sql: "select count(*) = 0 from event_summary where event_type = 'CORRUPTED_EVENT'" },
  ]);

  async function corrupted(): Promise<{ operation: Operation; good: number }> {
    await pool().query("select pgtrickle.refresh('event_summary')");
    const good = await frontier(pool());
    await insertEvents(pool(), "CORRUPTED_EVENT", 3);
    await insertEvents(pool(), "view", 3);
    await pool().query("select pgtrickle.refresh('event_summary')");
    const operation = await claimed();
    await call(pool(), "pause", operation);
    return { operation, good };
  }

  async function removeCorrupted(): Promise<void> {
    await pool().query("delete from lake.events where event_type = 'CORRUPTED_EVENT'");
  }

  test("are recorded with what they did, in the transaction that did it", async () => {
    const { operation, good } = await corrupted();
    const rewound = await call<Move>(pool(), "rewind", operation, good, "Auto", NO_CORRUPTED);
    // the operator wants proof: the query is recomputed also where the journal was used
    expect(rewound).toMatchObject({ snapshot_id: good, tables: [{ to_snapshot: good, verified: "engine" }] });
    expect(await frontier(pool())).toBe(good);
    await removeCorrupted();
    const replayed = await call<Move>(pool(), "replay", operation, "Folded", NO_CORRUPTED);
    expect(replayed.done).toBe(true);
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Rewind 1 Done", "Replay 1 Done"]);
    await call(pool(), "release", operation, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("a failed assertion leaves neither rows nor a step", async () => {
    const { operation, good } = await corrupted();
    const before = await summary(pool());
    const error = await failure(
      call(pool(), "rewind", operation, good, "Auto", JSON.stringify([{ name: "never", sql: "select false" }])),
    );
    expect(error.code).toBe("TR011");
    expect(await summary(pool())).toEqual(before);
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done"]);
    await call(pool(), "fail_step", operation, "Rewind", error.code, error.message);
    expect((await observe(operation.uid)).steps.at(-1)).toMatchObject({ outcome: "Failed", error: { code: "TR011" } });
    await removeCorrupted();
  });

  test("a stepwise replay publishes each commit, and asserts at the head", async () => {
    const { operation, good } = await corrupted();
    await call(pool(), "rewind", operation, good, "Auto");
    await removeCorrupted();
    const seen: boolean[] = [];
    for (let done = false; !done; ) {
      done = (await call<Move>(pool(), "replay", operation, "Stepwise", NO_CORRUPTED)).done ?? true;
      seen.push((await summary(pool())).some((row) => row.event_type === "CORRUPTED_EVENT"));
    }
    expect(seen).toEqual([true, true, false]);
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Rewind 1 Done", "Replay 1 Done"]);
  });

  test("a rewind by hand is refused while an operation owns the table", async () => {
    const { good } = await corrupted();
    const error = await failure(pool().query("select * from pgtrickle.rewind(array['event_summary'], $1)", [good]));
    expect(error.code).toBe("TR008");
    await removeCorrupted();
  });

  test("the parts cannot be committed without the whole", async () => {
    const { operation, good } = await corrupted();
    const before = await summary(pool());
    expect((await failure(call(pool(), "begin_rewind", operation, good, "Auto"))).code).toBe("TR012");
    expect((await failure(call(pool(), "begin_replay", operation, "Folded"))).code).toBe("TR012");
    expect(await summary(pool())).toEqual(before);
    await removeCorrupted();
  });
});

describe("an ordinary member of pgtrickle_admin", () => {
  const ROLE = `operator_${process.pid}`;

  test("works through the functions, runs repairs with its own rights, and has no rights on the tables", async () => {
    await pool().query(`create role ${ROLE} login password 'operator'`);
    await pool().query(`grant pgtrickle_admin to ${ROLE}`);
    const url = new URL(trickle().url);
    url.username = ROLE;
    url.password = "operator";
    try {
      const client = await connect({ url: url.href });
      const uid = randomUUID();
      const operation = { uid, token: (await claim(uid, TABLES, client)).token };
      await call(client, "pause", operation);
      for (const table of ["operations", "locks", "steps", "repair_transactions"]) {
        const { code } = await failure(client.query(`select * from pgtrickle_rewind.${table}`));
        expect(code).toBe("42501");
      }
      const attempt = await call<number>(client, "begin_repair", operation);
      const fresh = await connect({ url: url.href });
      await fresh.query(`set postgres_fdw.application_name = 'strw/${uid}/repair/${attempt}'`);
      await fresh.query("begin");
      await call(fresh, "enter_repair", operation, attempt);
      const error = await failure(value(fresh, "select pgtrickle_rewind.run_repair(array['delete from notes'])"));
      expect(error.code).toBe("42501");
      await fresh.query("rollback");
      await call(client, "release", operation, "Failed");
    } finally {
      for (const client of clients.splice(0)) await client.end();
      await pool().query(`drop owned by ${ROLE}`);
      await pool().query(`drop role ${ROLE}`);
    }
  });
});

describe("invariants are constraints", () => {
  test.each([
    [
      "steps_one_running_per_operation",
      "insert into pgtrickle_rewind.steps (uid, step, attempt, outcome, token) values ($1, 'Repair', 1, 'Running', $2), ($1, 'Rewind', 1, 'Running', $2)",
    ],
    [
      "steps_attempts_increase",
      "insert into pgtrickle_rewind.steps (uid, step, attempt, outcome, token) values ($1, 'Repair', 2, 'Running', $2)",
    ],
    [
      "steps_finished_iff_not_running",
      "insert into pgtrickle_rewind.steps (uid, step, attempt, outcome, token, finished_at) values ($1, 'Repair', 1, 'Running', $2, now() + interval '1 hour')",
    ],
    [
      "operations_finished_iff_outcome",
      "update pgtrickle_rewind.operations set outcome = 'Failed' where uid = $1 and token = $2",
    ],
    [
      "locks_token_is_the_operations",
      "update pgtrickle_rewind.locks set token = gen_random_uuid() where uid = $1 and token = $2",
    ],
  ])("%s", async (constraint, statement) => {
    const { uid, token } = await claimed();
    const error = await failure(pool().query(statement, [uid, token]));
    expect(error.message).toContain(constraint);
  });
});

test("a claim waits for nobody longer than a moment", async () => {
  const operation = await claimed();
  const blocker = await connect();
  await blocker.query("begin");
  await blocker.query("select * from pgtrickle_rewind.operations where uid = $1 for update", [operation.uid]);
  const error = await failure(claim(operation.uid));
  expect(error.code).toBe("55P03");
  expect(error.hint).toBeTruthy();
  await blocker.query("rollback");
  expect((await claim(operation.uid)).claimed).toBe(true);
  await until(async () => (await observe(operation.uid)).tables[0]?.locked_by !== null);
});
