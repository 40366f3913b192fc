/** What a person can do about a table that a rewind has left held. */
import { randomUUID } from "node:crypto";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { failure, status } from "../../test/support/summary-table.ts";
import { until } from "../../test/support/until.ts";
import { nameOf, type Operation, useOperations } from "./testing/operations.ts";

const { pool, connect, disconnectAll, call, claim, claimed, observe, steps } = useOperations();
const RESUME = "select pgtrickle.resume_scheduler(array['event_summary'])";
const BOTH = ["public.event_summary", "public.second_summary"];

interface Told {
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
}

afterAll(() => disconnectAll());

/** Resumes as a person in psql would, and gives the notices. */
async function resume(statement = RESUME, client?: Client): Promise<Told[]> {
  const session = client ?? (await connect());
  const told: Told[] = [];
  session.on("notice", ({ message = "", detail = "", hint = "" }) => told.push({ message, detail, hint }));
  await session.query(statement);
  return told;
}

async function paused(tables?: string[]): Promise<Operation> {
  const operation = await claimed(tables);
  await call(pool(), "pause", operation);
  return operation;
}

/** As if its operator had not been heard of for so long. */
async function silent(operation: Operation, age = "3 minutes"): Promise<Operation> {
  await pool().query(
    "update pgtrickle_rewind.operations set seen_at = clock_timestamp() - $2::interval where uid = $1",
    [operation.uid, age],
  );
  return operation;
}

/** Asked on a connection of its own: a claim ends those that have worked for its operation, the pool's among them. */
async function waitsForLock(client: Client & { processID?: number }): Promise<void> {
  const watcher = await connect();
  await until(async () => {
    const { rows } = await watcher.query("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [
      client.processID,
    ]);
    return rows.length > 0;
  });
}

/** As the operator asks again when a lock was not to be had in two seconds: on a slow machine the person's commit comes later. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch((error: { code?: string }) => {
    if (error.code !== "55P03") throw error;
    return patiently(ask);
  });
}

test("a rewind that failed and held its table has ended: resume_scheduler lets the table go", async () => {
  const operation = await paused();
  await call(pool(), "abandon", operation, "the assertion failed");
  expect(await status(pool())).toBe("PAUSED");
  await pool().query(RESUME);
  expect(await status(pool())).not.toBe("PAUSED");
});

describe("of a rewind that goes on", () => {
  test("resume_scheduler says when its operator was last heard of and what to do if its object is gone, and that helps", async () => {
    const operation = await paused();
    const [told] = await resume();
    expect(await status(pool())).toBe("PAUSED");
    expect(told?.message).toContain(`rewind:default/${nameOf(operation.uid)}`);
    expect(told?.hint).toMatch(/was last heard of \d+ seconds? ago/);
    const [statement] = /select pgtrickle_rewind\.orphan\(.*\);/.exec(told?.hint ?? "") ?? [];
    expect(statement).toContain(operation.uid);
    await pool().query(statement ?? "");
    await pool().query(RESUME);
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test.each(["119 seconds", "3 minutes", "9 days"])("the operator comes back after %s: keep_alive", async (age) => {
    const operation = await silent(await paused(), age);
    expect((await observe(operation.uid)).operation?.idle_seconds).toBeGreaterThan(100);
    await call(pool(), "keep_alive", operation);
    expect((await observe(operation.uid)).operation?.idle_seconds).toBeLessThan(60);
    await resume();
    expect(await status(pool())).toBe("PAUSED");
  });

  test.each([
    ["a claim", async ({ uid }: Operation) => void (await claim(uid))],
    ["an effect", async (operation: Operation) => void (await call(pool(), "pause", operation))],
  ])("the operator comes back: %s", async (_name, comeBack) => {
    const operation = await silent(await paused());
    await comeBack(operation);
    await resume();
    expect(await status(pool())).toBe("PAUSED");
  });

  test("a backend is at work for it: it is left alone, however long ago it began", async () => {
    const operation = await silent(await paused());
    const worker = await connect();
    await worker.query("begin");
    await call(worker, "begin_repair", operation);
    expect((await observe(operation.uid)).operation?.idle_seconds).toBe(0);
    const [told] = await resume();
    expect(told?.hint).toContain("is at work at this moment");
    await worker.query("rollback");
    expect((await observe(operation.uid)).operation).toMatchObject({ outcome: null });
    expect(await status(pool())).toBe("PAUSED");
  });

  test("a wrong token does not keep it alive", async () => {
    const operation = await silent(await paused());
    const error = await failure(call(pool(), "keep_alive", { ...operation, token: randomUUID() }));
    expect(error.code).toBe("TR015");
    expect((await observe(operation.uid)).operation?.idle_seconds).toBeGreaterThan(100);
  });
});

describe("a rewind whose operator is silent", () => {
  test("is taken over by resume_scheduler, which says so", async () => {
    const operation = await silent(await paused(), "200 seconds");
    const told = await resume();
    expect(told).toEqual([
      {
        message: `the rewind default/${nameOf(operation.uid)} is taken over: its operator was not heard of for 3 minutes`,
        detail: `Operation ${operation.uid} has ended as Orphaned and can change nothing any more. It no longer holds public.event_summary.`,
        hint: "",
      },
    ]);
    expect(await status(pool())).not.toBe("PAUSED");
    const seen = await observe(operation.uid);
    expect(seen.operation).toMatchObject({ outcome: "Orphaned", reason: "taken over by resume_scheduler" });
    expect(seen.tables[0]).toMatchObject({ claimed_by: null, holders: [] });
  });

  test("is fenced from then on, and its table is free for the next one", async () => {
    const operation = await silent(await paused());
    await resume();
    for (const name of ["keep_alive", "pause", "begin_repair"]) {
      expect((await failure(call(pool(), name, operation))).code).toBe("TR015");
    }
    expect(await claim(operation.uid)).toMatchObject({ claimed: false, outcome: "Orphaned", blocked_by: [] });
    await call(pool(), "release", await paused(), "Succeeded");
  });

  test("an effect that comes in the same moment waits, and changes nothing", async () => {
    const operation = await silent(await paused());
    const [person, operator] = [await connect(), await connect()];
    await person.query("begin");
    await resume(RESUME, person);
    const effect = failure(patiently(() => call(operator, "pause", operation)));
    await waitsForLock(operator);
    await person.query("commit");
    expect((await effect).code).toBe("TR015");
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done"]);
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("a claim that comes in the same moment waits, and gets nothing", async () => {
    const operation = await silent(await paused());
    const [person, operator] = [await connect(), await connect()];
    await person.query("begin");
    await resume(RESUME, person);
    const answer = patiently(() => claim(operation.uid, undefined, operator));
    await waitsForLock(operator);
    await person.query("commit");
    expect(await answer).toMatchObject({ claimed: false, outcome: "Orphaned" });
    expect((await observe(operation.uid)).tables[0]).toMatchObject({ claimed_by: null, holders: [] });
  });

  test("an effect that was first is not disturbed", async () => {
    const operation = await silent(await paused());
    const operator = await connect();
    await operator.query("begin");
    await operator.query("select from pgtrickle_rewind.operations where uid = $1 for update", [operation.uid]);
    await resume();
    await operator.query("commit");
    await call(pool(), "keep_alive", operation);
    expect(await status(pool())).toBe("PAUSED");
  });
});

describe("a rewind of several tables", () => {
  const ROLE = `resumes_${process.pid}`;

  beforeAll(async () => {
    await pool().query(
      "select pgtrickle.create_stream_table('public', 'second_summary', 'select event_type, count(*) as n from lake.events group by event_type', '1h', 'DIFFERENTIAL')",
    );
    await pool().query(`create role ${ROLE}`);
    await pool().query(`grant execute on function pgtrickle.resume_scheduler(text[]) to ${ROLE}`);
    await own(ROLE, "event_summary");
  });

  afterEach(() => pool().query("select pgtrickle.resume_scheduler(array['second_summary'])"));

  afterAll(async () => {
    await own("postgres", "event_summary");
    await pool().query(`drop owned by ${ROLE}`);
    await pool().query(`drop role ${ROLE}`);
  });

  async function own(role: string, table: string): Promise<void> {
    await pool().query("update pgtrickle_internal.stream_tables set created_by = $1::regrole where table_name = $2", [
      role,
      table,
    ]);
  }

  /** By an object that has the name of one before it. */
  async function pausedAgain(table: string): Promise<Operation> {
    const uid = randomUUID();
    const text = "select pgtrickle_rewind.claim('cluster', $1, 'default', 'again', 'key', $2) ->> 'token' as token";
    const { rows } = await pool().query<{ token: string }>(text, [uid, [table]]);
    const operation = { uid, token: rows[0]?.token ?? "" };
    await call(pool(), "pause", operation);
    return operation;
  }

  test("lets all of them go, but for a person's own pause", async () => {
    await pool().query("select pgtrickle.pause_scheduler(array['second_summary'])");
    const operation = await silent(await paused(BOTH));
    await resume();
    const { tables } = await observe(operation.uid, BOTH);
    expect(tables.map(({ holders, claimed_by }) => ({ holders, claimed_by }))).toEqual([
      { holders: [], claimed_by: null },
      { holders: ["person"], claimed_by: null },
    ]);
  });

  test("of the same name that goes on with another one keeps nobody from resuming what a failed one has left", async () => {
    const failed = await pausedAgain("event_summary");
    await call(pool(), "abandon", failed, "the assertion failed");
    await pausedAgain("second_summary");
    expect(await resume()).toEqual([]);
    expect(await status(pool())).not.toBe("PAUSED");
    expect(await status(pool(), "second_summary")).toBe("PAUSED");
  });

  test("keeps its hold when one of its name is orphaned that had another table, or this one earlier", async () => {
    const gone = await pausedAgain("event_summary");
    const failed = await pausedAgain("second_summary");
    await call(pool(), "abandon", failed, "the assertion failed");
    const open = await pausedAgain("second_summary");
    for (const { uid } of [gone, failed]) await pool().query("select pgtrickle_rewind.orphan($1, 'cluster')", [uid]);
    const { tables } = await observe(open.uid, BOTH);
    expect(tables.map(({ holders }) => holders)).toEqual([["person"], ["rewind:default/again"]]);
    await call(pool(), "release", open, "Succeeded");
    expect(await status(pool(), "second_summary")).not.toBe("PAUSED");
  });

  test("is taken over only by who may manage all of them", async () => {
    const operation = await silent(await paused(BOTH));
    const creator = await connect();
    await creator.query(`set role ${ROLE}`);
    const [refused] = await resume(RESUME, creator);
    expect(refused?.message).toContain("stays paused");
    expect(refused?.hint).toContain(
      "you may not resume all that it holds: public.event_summary, public.second_summary",
    );
    expect((await observe(operation.uid)).operation?.outcome).toBeNull();
    await own(ROLE, "second_summary");
    await creator.query(RESUME);
    await own("postgres", "second_summary");
    expect((await observe(operation.uid)).operation?.outcome).toBe("Orphaned");
    expect(await status(pool(), "second_summary")).not.toBe("PAUSED");
  });
});
