/** One rewind as it should go, with the scheduler running: rows, status, events, columns, and that refreshing goes on. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createKubectl } from "../../demo/kubectl.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { type StackProcess, temporaryFolder } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import type { Damage } from "../support/damage.ts";
import { condition, type Rows, statusOf, type TableState, useOperatorStage } from "../support/operator-stage.ts";
import { insertEvents } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();
const folder = temporaryFolder();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const corrupted: Rows = { CORRUPTED_EVENT: [20, -20], ...good };

/** Holds each of the two moves open for a moment: readers then surely come by between them. */
const slow = { name: "slow", sql: "select pg_sleep(0.3) is not null" };

let scheduler: StackProcess;
let incident: Damage;
let before: TableState;
let object: RewindObject;
const states: TableState[] = [];

/** Every different state that a reader sees until the object has ended. */
async function watchTable(running: RewindObject): Promise<void> {
  let isOver = false;
  const ended = stage()
    .ended(running)
    .finally(() => {
      isOver = true;
    });
  while (!isOver) {
    const state = await stage().table();
    if (JSON.stringify(states.at(-1)) !== JSON.stringify(state)) states.push(state);
  }
  object = await ended;
}

beforeAll(async () => {
  scheduler = await startScheduler({ databaseUrl: stage().database.url, logFile: join(folder.path, "scheduler.log") });
  incident = await stage().damage({ schedule: "1s" });
  await until(async () => (await stage().table()).status === "ACTIVE");
  before = await stage().table();
  await watchTable(await stage().apply(incident.good, { verification: { assertions: [slow] } }));
});

afterAll(async () => {
  await scheduler?.stop();
  folder.remove();
});

test("before, the table shows the damage, as the lake has it", async () => {
  expect(before).toEqual({ rows: corrupted, snapshot: incident.bad, status: "ACTIVE", holds: [] });
  expect(await stage().truthAt(incident.bad)).toEqual(corrupted);
});

test("readers see the damage, then the good rows, and never anything else", async () => {
  expect(await stage().truthAt(incident.good)).toEqual(good);
  for (const state of states)
    expect(state.rows, `at snapshot ${state.snapshot}`).toEqual(await stage().truthAt(state.snapshot));
  const hold = `rewind:${stage().namespace}/${object.metadata.name}`;
  expect(states).toContainEqual({ rows: corrupted, snapshot: incident.bad, status: "PAUSED", holds: [hold] });
  expect(states).toContainEqual({ rows: good, snapshot: incident.good, status: "PAUSED", holds: [hold] });
  const firstGood = states.findIndex(({ snapshot }) => snapshot === incident.good);
  for (const state of states.slice(firstGood)) expect(state.rows).toEqual(good);
});

test("the repair is one commit of the lake, and the table stands at it", async () => {
  const [repair, ...more] = await stage().repairCommits(object);
  expect(more).toEqual([]);
  expect(statusOf(object)).toMatchObject({
    repair: { snapshotId: repair, rowCounts: [20] },
    replay: { snapshotId: repair, head: repair, lag: 0 },
  });
  expect(await stage().truthAt(repair ?? -1)).toEqual(good);
});

test("the status says what was planned, what was done and how it stands", async () => {
  expect(statusOf(object)).toMatchObject({
    ...{ phase: "Succeeded", reason: "Succeeded", observedGeneration: 1, target: { snapshotId: incident.good } },
    plan: {
      ...{ hash: expect.stringMatching(/^[0-9a-f]{64}$/), target: incident.good, head: incident.bad },
      ...{ commitsUndoneCount: 1, rowsChanged: 1 },
      tables: [{ from: incident.bad, to: incident.good, sources: [{ table: "lake.events" }] }],
    },
    tables: [
      {
        ...{
          name: "public.event_summary",
          contentsSnapshotIdBefore: incident.bad,
          contentsSnapshotIdAfter: incident.good,
          contentsSnapshotId: statusOf(object).repair?.snapshotId,
          statusBefore: "ACTIVE",
          holdersBefore: [],
        },
        ...{ rowsRemoved: 1, rowsAdded: 0, rowCount: 2, held: false },
        ...{ strategy: expect.any(String), fingerprint: expect.any(String) },
      },
    ],
    completionTime: expect.any(String),
  });
  const steps = statusOf(object).steps ?? [];
  expect(steps.map(({ name }) => name)).toEqual(["Pause", "Rewind", "Repair", "Replay", "Release"]);
  for (const step of steps) expect(step).toMatchObject({ state: "Done", attempts: 1, startedAt: expect.any(String) });
});

test("the conditions say the same to machines", () => {
  const conditions = Object.fromEntries((statusOf(object).conditions ?? []).map(({ type, status }) => [type, status]));
  expect(conditions).toEqual({
    ...{ Ready: "True", Reconciling: "False", Stalled: "False" },
    ...{ Planned: "True", Approved: "True", Rewound: "True", Verified: "True", Resumed: "True" },
  });
  for (const { type, observedGeneration } of statusOf(object).conditions ?? []) {
    expect([type, observedGeneration]).toEqual([type, 1]);
  }
  expect(condition(object, "Ready")?.reason).toBe("Succeeded");
});

test("the events tell the phases in their order", async () => {
  const told = await until(async () => {
    const events = await stage().events(object);
    return events.some(({ reason }) => reason === "Succeeded") && events;
  });
  expect(told.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    ...["Planning", "Pausing", "Rewinding", "Repairing", "Replaying", "Succeeded"].map((phase) => `Normal ${phase}`),
  ]);
});

test("kubectl get shows it in a line, by its short name too", async () => {
  const { assets, kubeconfig } = inject("kube");
  const kubectl = createKubectl({ assets, kubeconfig });
  const { name } = object.metadata;
  const lines = (await kubectl.run(["get", "strw", name, "-n", stage().namespace])).trimEnd().split("\n");
  const [header = "", row = ""] = lines;
  expect(header.split(/\s+/)).toEqual(["NAME", "TABLES", "TARGET", "PHASE", "FROM", "TO", "LAG", "AGE"]);
  const { good: target, bad: from } = incident;
  expect(row.split(/\s+/).slice(0, -1)).toEqual(
    [name, "public.event_summary", target, "Succeeded", from, target, 0].map(String),
  );
});

test("afterwards nothing is left behind, and refreshing goes on by itself", async () => {
  await stage().reaches(object, ({ metadata }) => metadata.finalizers === undefined);
  const { rows: locks } = await stage().pool.query("select from pgtrickle_rewind.claims");
  expect(locks).toEqual([]);
  await insertEvents(stage().pool, "view", 5);
  const state = await until(async () => {
    const now = await stage().table();
    return "view" in now.rows && now;
  });
  expect(state).toMatchObject({ rows: { ...good, view: [5, 250] }, status: "ACTIVE", holds: [] });
});
