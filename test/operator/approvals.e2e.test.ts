/** approval.mode Manual: a plan is shown, nothing is touched, and only the hash of what decides the result lets it begin. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { type Damage, TABLE } from "../support/damage.ts";
import { condition, type Rows, statusOf, type TableState, useOperatorStage } from "../support/operator-stage.ts";
import { insertEvents } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

interface Awaiting {
  readonly incident: Damage;
  readonly before: TableState;
  readonly object: RewindObject;
  readonly hash: string;
}

const stage = useOperatorStage();
const execute = promisify(execFile);
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const manual: Spec = { approval: { mode: "Manual" } };
const held: Spec = { approval: { mode: "Manual", hold: true } };

const hashOf = (object: RewindObject) => statusOf(object).plan?.hash ?? "none";

async function awaiting(spec = manual): Promise<Awaiting> {
  const incident = await stage().damage();
  const before = await stage().table();
  const object = await stage().reachesPhase(await stage().apply(incident.good, spec), "AwaitingApproval");
  return { incident, before, object, hash: hashOf(object) };
}

function approve(object: RewindObject, planHash: string): Promise<RewindObject> {
  return stage().change(object, { approval: { planHash } });
}

async function succeeds(object: RewindObject, rows: Rows = good): Promise<void> {
  const ended = await stage().ended(object);
  expect(statusOf(ended)).toMatchObject({ phase: "Succeeded", reason: "Succeeded" });
  expect(condition(ended, "Approved")).toMatchObject({ status: "True", reason: "ApprovedByHash" });
  expect(await stage().table()).toMatchObject({ rows, snapshot: await stage().head(), holds: [] });
  expect(await stage().repairCommits(object)).toHaveLength(1);
}

/** Neither in the database nor at the object. */
async function isUntouched({ before, object }: Awaiting): Promise<void> {
  expect(await stage().table()).toEqual(before);
  expect([await stage().claimOwners(), await stage().outcome(object)]).toEqual([[], undefined]);
  expect((await stage().live(object))?.metadata.finalizers).toBeUndefined();
}

async function refusedHash(object: RewindObject): Promise<RewindObject> {
  return stage().reaches(object, (live) => statusOf(live).reason === "PlanStale");
}

describe("while a plan awaits its approval", () => {
  test("it is shown, and nothing is touched", async () => {
    const given = await awaiting();
    const { object, incident, hash } = given;
    await isUntouched(given);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(statusOf(object)).toMatchObject({
      ...{ phase: "AwaitingApproval", reason: "AwaitingApproval", observedGeneration: 1 },
      plan: { target: incident.good, head: incident.bad, commitsUndoneCount: 1, rowsChanged: 1 },
      message: expect.stringContaining(hash),
    });
    expect(condition(object, "Planned")?.status).toBe("True");
    expect(condition(object, "Approved")).toMatchObject({ status: "False", reason: "AwaitingApproval" });
    for (const [type, status] of Object.entries({ Ready: "False", Reconciling: "True", Stalled: "False" })) {
      expect(condition(object, type)).toMatchObject({ status, observedGeneration: 1 });
    }
    await until(async () => (await stage().events(object)).some(({ reason }) => reason === "AwaitingApproval"));
  });

  test("the command in its message, given to a shell, approves it", async () => {
    const { object } = await awaiting();
    const command = /kubectl [^\n]*--patch[^\n]*?'\{.*?\}'|kubectl [^\n]*-p[^\n]*?'\{.*?\}'/.exec(
      statusOf(object).message ?? "",
    )?.[0];
    const { assets, kubeconfig } = inject("kube");
    const env = { PATH: `${assets}:${process.env["PATH"]}`, HOME: process.env["HOME"], KUBECONFIG: kubeconfig };
    await execute("sh", ["-c", command ?? "false"], { env });
    await succeeds(object);
  });

  test("its counts follow the lake, its hash does not, and the hash that was first seen is accepted", async () => {
    const { object, incident, hash } = await awaiting();
    for (const count of [5, 6]) await insertEvents(stage().pool, "view", count);
    await stage().pool.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
    const head = incident.bad + 2;
    const planned = await stage().reaches(object, (live) => statusOf(live).plan?.head === head);
    expect(statusOf(planned).plan).toMatchObject({ hash, commitsUndoneCount: 3, rowsChanged: 2 });
    await insertEvents(stage().pool, "view", 7);
    await approve(object, hash);
    await succeeds(object, { ...good, view: [18, 18 * 50] });
  });

  test("a hash that is not the plan's is refused, and nothing is touched", async () => {
    const given = await awaiting();
    const { object, hash } = given;
    await approve(object, "0".repeat(64));
    const stale = await refusedHash(object);
    expect(statusOf(stale)).toMatchObject({ phase: "AwaitingApproval", plan: { hash }, observedGeneration: 2 });
    expect(statusOf(stale).message).toContain(hash);
    expect(condition(stale, "Approved")).toMatchObject({ status: "False", reason: "PlanStale" });
    expect(condition(stale, "Reconciling")).toMatchObject({ status: "True", reason: "PlanStale" });
    await until(async () => (await stage().events(object)).some(({ reason }) => reason === "PlanStale"));
    await isUntouched(given);
    await approve(object, hash);
    await succeeds(object);
  });

  test("the hash is refused once its table was made anew by another query; the new plan's is accepted", async () => {
    const { object, hash } = await awaiting();
    const query = "select event_type, count(*) as event_count, sum(value) as total_value from lake.events";
    // One transaction: in between there would be no such table, and the operator may look at any moment.
    await stage().pool.query(`
      select pgtrickle.drop_stream_table('${TABLE}');
      select pgtrickle.create_stream_table('public', 'event_summary', $$
        ${query} where event_type <> 'click' group by event_type $$, '1h', 'DIFFERENTIAL')`);
    const { rows, snapshot } = await stage().table();
    await approve(object, hash);
    const stale = await refusedHash(object);
    expect(hashOf(stale)).not.toBe(hash);
    expect(statusOf(stale).message).toContain(hashOf(stale));
    expect(await stage().table()).toMatchObject({ rows, snapshot });
    await approve(object, hashOf(stale));
    await succeeds(object, { purchase: [10, 5000] });
  });
});

describe("with hold, the table is paused while it waits, and", () => {
  test("is rewound once approved; what was committed meanwhile is replayed", async () => {
    const { object, hash, before } = await awaiting(held);
    expect(await stage().table()).toEqual({ ...before, status: "PAUSED", holds: [stage().holdOf(object)] });
    expect(await stage().claimOwners()).toEqual([object.metadata.uid]);
    expect(statusOf(object).tables).toMatchObject([{ held: true, contentsSnapshotIdBefore: before.snapshot }]);
    expect(object.metadata.finalizers).toEqual(["pgtrickle.dev/rewind"]);
    await insertEvents(stage().pool, "view", 5);
    await approve(object, hash);
    await succeeds(object, { ...good, view: [5, 250] });
  });

  test("a hash that is not the plan's is refused, and it stays paused", async () => {
    const { object, hash, before } = await awaiting(held);
    await approve(object, "wrong");
    await refusedHash(object);
    expect(await stage().table()).toMatchObject({ ...before, status: "PAUSED", holds: [stage().holdOf(object)] });
    await approve(object, hash);
    await succeeds(object);
  });

  test("is let go when the object is deleted", async () => {
    const { object, before } = await awaiting(held);
    await stage().rewinds.delete(object);
    await stage().gone(object);
    expect(await stage().table()).toEqual(before);
    expect([await stage().claimOwners(), await stage().outcome(object)]).toEqual([[], "Aborted"]);
  });

  test("is let go when the object is aborted", async () => {
    const { object, before } = await awaiting(held);
    await stage().change(object, { abort: true });
    expect(statusOf(await stage().ended(object)).phase).toBe("Aborted");
    expect(await stage().table()).toEqual(before);
    expect([await stage().claimOwners(), await stage().outcome(object)]).toEqual([[], "Aborted"]);
  });
});

describe("approved", () => {
  test("after the operator was started again: the one that holds first, then the other of the same table", async () => {
    const { object: holder, hash, incident } = await awaiting(held);
    const other = await stage().reachesPhase(await stage().apply(incident.good, manual), "AwaitingApproval");
    await stage().restartOperator();
    await approve(other, hashOf(other));
    const queued = await stage().reachesPhase(other, "Queued");
    expect(statusOf(queued).message).toContain(holder.metadata.name);
    await approve(holder, hash);
    await succeeds(holder);
    expect(statusOf(await stage().ended(other))).toMatchObject({ phase: "Succeeded", repair: { rowCounts: [0] } });
    expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  });

  test.each([
    { name: "nothing held", spec: manual },
    { name: "the table held", spec: held },
  ])("after its status was lost, with $name", async ({ spec }) => {
    const { object, hash } = await awaiting(spec);
    await stage().wipeStatus(object);
    const again = await stage().reachesPhase(object, "AwaitingApproval");
    expect(hashOf(again)).toBe(hash);
    await approve(object, hash);
    await succeeds(object);
  });

  test("with a dead engine: the table is paused at once, and the rest follows when there is one", async () => {
    const { object, hash } = await awaiting();
    await stage().database.lake.kill();
    try {
      await approve(object, hash);
      const waiting = await stage().reaches(object, (live) => statusOf(live).retry !== undefined);
      expect(statusOf(waiting)).toMatchObject({ retry: { reason: "LakeUnreachable" } });
      expect(condition(waiting, "Reconciling")).toMatchObject({ status: "True", reason: "LakeUnreachable" });
      expect(await stage().table()).toMatchObject({ status: "PAUSED", holds: [stage().holdOf(object)] });
    } finally {
      await stage().database.restartLake();
    }
    await succeeds(object);
  });

  test("from the beginning, by a hash that is known already: it does not wait", async () => {
    const { object, hash, incident } = await awaiting();
    const second = await stage().apply(incident.good, { approval: { mode: "Manual", planHash: hash } });
    await succeeds(second);
    const { reason } = (await stage().events(second)).find((event) => event.reason === "AwaitingApproval") ?? {};
    expect(reason).toBeUndefined();
    await stage().change(object, { abort: true });
    await stage().ended(object);
  });
});
