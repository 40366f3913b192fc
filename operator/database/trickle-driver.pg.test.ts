/** Over 300 lines: one history, each test goes on where the one before has ended. The driver against the real extension, engine and lake: the facts that `decide` lives on, step by step. */
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { Reason } from "../api/reasons.ts";
import { isDone, isRepairApplied } from "../core/observed.ts";
import type { RewindSession } from "./driver.ts";
import { FencedError, TerminalError, TransientError } from "./errors.ts";
import { type ConnectionSettings, connectionOf, isFailure } from "./secret.ts";
import { createTrickleDriver } from "./trickle-driver.ts";

const database = useTrickle();
const driver = createTrickleDriver();
const table = "public.event_summary";
const repairSql = ["delete from lake.events where event_type = 'CORRUPTED_EVENT'"];
const assertions = [
  { name: "no-corrupted", sql: "select count(*) = 0 from public.event_summary where event_type = 'CORRUPTED_EVENT'" },
];
const move = { assertions, timeoutMs: 30_000 };

const open: RewindSession[] = [];
let good: number;

async function query<T>(text: string, values: unknown[] = []): Promise<T[]> {
  const { rows } = await database().pool().query(text, values);
  return rows as T[];
}

async function insert(type: string, count: number): Promise<void> {
  await query("insert into lake.events select gen_random_uuid(), $1, 50, now() from generate_series(1, $2::int)", [
    type,
    count,
  ]);
}

async function contents(): Promise<Record<string, number>> {
  const rows = await query<{ event_type: string; event_count: string }>("select * from public.event_summary");
  return Object.fromEntries(rows.map(({ event_type, event_count }) => [event_type, Number(event_count)]));
}

function settings(): ConnectionSettings {
  const parsed = connectionOf("default/db", { uri: database().url });
  if (isFailure(parsed)) throw new Error(parsed.message);
  return parsed;
}

async function openSession(uid: string = randomUUID()): Promise<RewindSession> {
  const session = await driver.open(settings(), { cluster: "cluster", uid, namespace: "default", name: "incident" });
  open.push(session);
  return session;
}

const operationKey = "key";
const observe = (session: RewindSession) => session.observe({ tables: [table], snapshotId: good, operationKey });

async function claim(session: RewindSession): Promise<string> {
  const token = await session.claim("key", [table]);
  if (token === undefined) throw new Error("somebody else has the lock");
  return token;
}

/** Claimed and paused, with 20 corrupted rows beyond the good snapshot. */
async function paused() {
  const uid = randomUUID();
  const session = await openSession(uid);
  const token = await claim(session);
  await session.pause(token);
  return { uid, session, token };
}

async function corrupt(): Promise<void> {
  await query("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
  const rows = await query<{ contents_snapshot: string }>("select contents_snapshot from pgtrickle.pgt_stream_tables");
  good = Number(rows[0]?.contents_snapshot);
  await insert("CORRUPTED_EVENT", 20);
  await query("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
}

beforeAll(async () => {
  await insert("click", 30);
  await query("select pgtrickle.create_stream_table('public', 'event_summary', $1, '5s', 'DIFFERENTIAL')", [
    "select event_type, count(*) as event_count, sum(value) as total_value from lake.events group by event_type",
  ]);
});

afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

describe("a rewind", () => {
  it("goes from claim to release, and each step is a fact afterwards", async () => {
    await corrupt();
    const session = await openSession();
    expect(await observe(session)).toMatchObject({ kind: "observed", operation: undefined, steps: [] });

    const token = await claim(session);
    await session.pause(token);
    const held = await observe(session);
    expect(held.tables[0]).toMatchObject({ name: table, status: "PAUSED", holders: ["rewind:default/incident"] });
    expect(held.operation).toMatchObject({ outcome: undefined, tables: [table] });
    expect(isDone(held, "Pause")).toBe(true);

    const plan = await session.plan([table], good, { strategy: "Auto" });
    expect(plan).toMatchObject({
      target: good,
      commitsUndoneCount: 1,
      tables: [{ name: table, to: good, rowsChanged: 1 }],
    });
    expect(plan.tables[0]?.sources).toMatchObject([{ table: "lake.events" }]);

    await session.rewind(token, good, { ...move, strategy: "Auto" });
    expect(await contents()).toEqual({ click: 30 });
    const rewound = await observe(session);
    expect(rewound.tables[0]?.snapshotId).toBe(good);
    expect(rewound.steps.find(({ name }) => name === "Rewind")?.after[0]).toMatchObject({
      ...{ name: table, snapshotId: good, rowCount: 1, rowsRemoved: 1 },
      fingerprint: expect.any(String),
    });

    await session.repair(token, repairSql, 30_000);
    const repaired = await observe(session);
    expect(repaired.repairMarker).toBeDefined();
    expect(repaired.steps.find(({ name }) => name === "Repair")).toMatchObject({ outcome: "Done", rowCounts: [20] });

    await session.replay(token, { ...move, mode: "Folded" });
    await session.release(token, "Succeeded");
    const released = await observe(session);
    expect(released.operation?.outcome).toBe("Succeeded");
    expect(released.tables[0]).toMatchObject({ snapshotId: released.head, holders: [] });
    expect(await contents()).toEqual({ click: 30 });
  });
});

describe("the same content by another object of the name", () => {
  const key = "the same again";
  const lookAgain = async () => {
    const session = await openSession();
    return (await session.observe({ tables: [table], snapshotId: good, operationKey: key })).alreadyDone;
  };

  it("is done already, until something moves the table back", async () => {
    await corrupt();
    const uid = randomUUID();
    const session = await openSession(uid);
    const token = await session.claim(key, [table]);
    if (token === undefined) throw new Error("somebody else has the lock");
    await session.pause(token);
    await session.rewind(token, good, { ...move, strategy: "Auto" });
    await session.repair(token, repairSql, 30_000);
    await session.replay(token, { ...move, mode: "Folded" });
    expect(await lookAgain()).toBeUndefined();
    await session.release(token, "Succeeded");
    expect(await lookAgain()).toEqual({ uid, finishedAt: expect.stringMatching(/Z$/) });
    await query("select pgtrickle.pause_scheduler(array[$1])", [table]);
    await query("select pgtrickle.rewind(array[$1], $2)", [table, good]);
    expect(await lookAgain()).toBeUndefined();
    await query("select pgtrickle.resume_scheduler(array[$1])", [table]);
  });
});

describe("an operation that waits for a person", () => {
  it("is kept alive, and may leave its tables paused for that person", async () => {
    await corrupt();
    const { session, token } = await paused();
    await session.keepAlive(token);
    expect((await observe(session)).operation?.idleMs).toBeLessThan(60_000);
    await session.rewind(token, good, { ...move, strategy: "Auto" });
    await session.release(token, "Succeeded", true);
    const left = await observe(session);
    expect(left.tables[0]).toMatchObject({ snapshotId: good, status: "PAUSED", holders: ["person"] });
    await query("select pgtrickle.resume_scheduler(array[$1])", [table]);
    expect((await observe(session)).tables[0]?.holders).toEqual([]);
    await query("delete from lake.events where event_type = 'CORRUPTED_EVENT'");
    await query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [table]);
  });
});

describe("the session of a rewind", () => {
  const backend = async (uid: string) => {
    const rows = await query<{ pid: number }>("select pid from pg_stat_activity where application_name = $1", [
      `strw/${uid}/operator`,
    ]);
    return rows[0]?.pid;
  };

  async function endedAs(outcome: "Succeeded" | "Failed"): Promise<number | undefined> {
    const { uid, session, token } = await paused();
    await session.release(token, outcome);
    const pid = await backend(uid);
    await session.close();
    return pid;
  }

  it("that ended well is the next one's; one that may be claimed again is nobody's", async () => {
    const uid = randomUUID();
    const failed = await endedAs("Failed");
    const succeeded = await endedAs("Succeeded");
    await openSession(uid);
    const next = await backend(uid);
    expect(next).toBe(succeeded);
    expect(next).not.toBe(failed);
  });

  it("of its repair is opened ahead, and is ended by the next claim", async () => {
    const { uid, session } = await paused();
    session.prepareRepair({ tables: [table], snapshotId: good, operationKey });
    const repairing = () =>
      query("select from pg_stat_activity where application_name = $1 and state = 'idle'", [`strw/${uid}/repair`]);
    await expect.poll(repairing).toHaveLength(1);
    const next = await openSession(uid);
    const token = await claim(next);
    await expect.poll(repairing).toHaveLength(0);
    await next.release(token, "Aborted");
  });
});

describe("a stepwise replay", () => {
  it("publishes each commit of the lake in order, and is done at the head", async () => {
    const { session, token } = await paused();
    await session.rewind(token, good, { ...move, strategy: "Auto" });
    await insert("view", 3);
    await insert("view", 4);
    const [before] = await query<{ last: string }>("select max(refresh_id) as last from pgtrickle.refresh_history");
    await session.replay(token, { assertions: [], timeoutMs: 30_000, mode: "Stepwise" });
    expect(isDone(await observe(session), "Replay")).toBe(true);
    const published = await query<{ to_snapshot: string }>(
      "select to_snapshot from pgtrickle.refresh_history where refresh_id > $1 order by refresh_id",
      [before?.last],
    );
    const visited = published.map(({ to_snapshot }) => Number(to_snapshot));
    expect(visited.length).toBeGreaterThanOrEqual(3);
    expect(visited).toEqual([...visited].sort((a, b) => a - b));
    expect(await contents()).toMatchObject({ view: 7 });
    await session.release(token, "Succeeded");
  });
});

describe("fencing", () => {
  it("refuses the token of a claim that was superseded", async () => {
    const { uid, session, token } = await paused();
    const second = await openSession(uid);
    const newer = await claim(second);
    // The first one's backend was terminated; a fresh one still has the wrong token.
    await expect(session.pause(token)).rejects.toBeInstanceOf(TransientError);
    await expect(second.pause(token)).rejects.toBeInstanceOf(FencedError);
    await second.release(newer, "Aborted");
  });

  it("lets nobody else claim, and says who has the claim", async () => {
    const { uid, session, token } = await paused();
    const other = await openSession();
    expect(await other.claim("key", [table])).toBeUndefined();
    const { tables } = await observe(other);
    expect(tables[0]?.claimedBy).toMatchObject({ uid, namespace: "default", name: "incident", cluster: "cluster" });
    await session.release(token, "Aborted");
  });

  it("frees the claim of a rewind that is gone; its hold is taken over", async () => {
    const { uid } = await paused();
    const other = await openSession();
    await other.freeOrphan(uid);
    const token = await claim(other);
    await other.pause(token);
    await other.release(token, "Aborted");
    expect((await observe(other)).tables[0]?.holders).toEqual([]);
  });
});

describe("failures", () => {
  it("an assertion that is false publishes nothing and is terminal", async () => {
    await corrupt();
    const { session, token } = await paused();
    const before = await contents();
    const wrong = { assertions: [{ name: "impossible", sql: "select false" }], timeoutMs: 30_000, strategy: "Auto" };
    const error = await session.rewind(token, good, wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ failure: { reason: Reason.AssertionFailed, code: "TR011" } });
    expect(String(error)).toContain("impossible");
    expect(await contents()).toEqual(before);
    await session.failStep(token, "Rewind", "TR011", String(error));
    const { steps } = await observe(session);
    expect(steps.find(({ name }) => name === "Rewind")).toMatchObject({
      ...{ outcome: "Failed", failure: { reason: Reason.AssertionFailed, terminal: true } },
    });
    await session.release(token, "Failed");
  });

  it("an assertion that cannot be evaluated is terminal", async () => {
    const { session, token } = await paused();
    const wrong = { assertions: [{ name: "typo", sql: "select no_such_column from nowhere" }], timeoutMs: 30_000 };
    const error = await session.rewind(token, good, { ...wrong, strategy: "Auto" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "TerminalError", failure: { reason: Reason.AssertionFailed } });
    await session.release(token, "Failed");
  });

  it("repair SQL that is wrong is terminal and reaches nothing", async () => {
    const { session, token } = await paused();
    const head = (await observe(session)).head;
    const error = await session.repair(token, ["delete from lake.evnts"], 30_000).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "TerminalError", failure: { reason: Reason.RepairFailed, code: "42P01" } });
    expect(error).toHaveProperty(
      "message",
      expect.stringMatching(/"lake.evnts" does not exist. delete from lake.evnts/),
    );
    const after = await observe(session);
    expect(after.head).toBe(head);
    expect(isRepairApplied(after)).toBe(false);
    await session.release(token, "Failed");
  });

  it("a repair that is in the lake is not made again", async () => {
    const { session, token } = await paused();
    await session.repair(token, ["update lake.events set value = value + 1"], 30_000);
    const again = session.repair(token, ["update lake.events set value = value + 1"], 30_000);
    await expect(again).rejects.toBeInstanceOf(FencedError);
    await session.confirmRepair(token);
    const [row] = await query<{ value: string }>("select distinct value from lake.events");
    expect(row?.value).toBe("51");
    await session.release(token, "Failed");
  });

  it("unknown tables and snapshots are facts, not errors", async () => {
    const session = await openSession();
    const world = await session.observe({ tables: ["public.nothing"], snapshotId: 1_000_000, operationKey });
    expect(world.tables[0]?.failure).toMatchObject({ reason: Reason.UnknownStreamTable, terminal: true });
    expect(world.target.failure).toMatchObject({ reason: Reason.SnapshotInFuture, terminal: true });
  });

  it("a wrong password is terminal, a closed port is not", async () => {
    const identity = { cluster: "cluster", uid: "u", namespace: "default", name: "incident" };
    const wrong = driver.open({ ...settings(), password: "wrong" }, identity);
    await expect(wrong).rejects.toMatchObject({
      name: "TerminalError",
      failure: { reason: Reason.AuthenticationFailed },
    });
    const closed = driver.open({ ...settings(), host: "127.0.0.1", port: 1 }, identity);
    await expect(closed).rejects.toMatchObject({
      name: "TransientError",
      failure: { reason: Reason.DatabaseUnreachable },
    });
  });
});
