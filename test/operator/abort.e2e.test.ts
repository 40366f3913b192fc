/** spec.abort at each phase: before the rewind's commit everything is undone, after it the failure policy decides. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import type { Damage } from "../support/damage.ts";
import { closeGate, type Gate, passesGate } from "../support/gate.ts";
import {
  condition,
  deleteCorrupted,
  type Rows,
  statusOf,
  type TableState,
  useOperatorStage,
} from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;
type FailurePolicy = "Hold" | "Resume";

interface Aborting {
  readonly incident: Damage;
  readonly before: TableState;
  readonly object: RewindObject;
}

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const corrupted: Rows = { CORRUPTED_EVENT: [20, -20], ...good };
const gateAt = (at: "Rewind" | "Replay"): Spec => ({
  verification: { assertions: [{ name: "gate", sql: passesGate }], at: [at] },
});

async function begin(spec: Spec): Promise<Aborting> {
  const incident = await stage().damage();
  const before = await stage().table();
  return { incident, before, object: await stage().apply(incident.good, spec) };
}

/** Also to people and machines. */
async function aborted(object: RewindObject): Promise<RewindObject> {
  await stage().change(object, { abort: true });
  const ended = await stage().ended(object);
  const { message } = statusOf(ended);
  expect(statusOf(ended)).toMatchObject({ phase: "Aborted", reason: "Aborted", observedGeneration: 2 });
  for (const [type, status] of Object.entries({ Ready: "False", Reconciling: "False", Stalled: "True" })) {
    expect(condition(ended, type)).toMatchObject({ status, reason: "Aborted", message, observedGeneration: 2 });
  }
  const told = await until(async () => (await stage().events(object)).find(({ reason }) => reason === "Aborted"));
  expect(told.note).toBe(message);
  return ended;
}

async function isUndone({ before, object }: Pick<Aborting, "before" | "object">): Promise<void> {
  expect(await stage().table()).toEqual(before);
  expect(await stage().claimOwners()).toEqual([]);
  expect(await stage().repairCommits(object)).toEqual([]);
  expect(condition((await stage().live(object)) ?? object, "Rewound")?.status).toBe("False");
  await stage().reaches(object, ({ metadata }) => metadata.finalizers === undefined);
}

/** The table stands at the good snapshot; who may go on with it depends on the policy. */
async function isDecided({ incident, object }: Aborting, policy: FailurePolicy): Promise<void> {
  const ended = await stage().ended(object);
  const isHeld = policy === "Hold";
  expect(await stage().table()).toMatchObject({
    ...{ rows: good, snapshot: incident.good },
    holds: isHeld ? [stage().holdOf(object)] : [],
  });
  expect(statusOf(ended).tables).toMatchObject([{ held: isHeld }]);
  expect(statusOf(ended).message).toMatch(isHeld ? /stays paused with the rows of snapshot/ : /refreshing goes on/);
  expect(condition(ended, "Rewound")?.status).toBe("True");
  expect(condition(ended, "Resumed")?.status).toBe(isHeld ? "False" : "True");
  expect(await stage().claimOwners()).toEqual([]);
}

describe("aborted before the rewind's commit: undone", () => {
  test("awaiting approval, nothing was touched", async () => {
    const { object, before } = await begin({ approval: { mode: "Manual" } });
    await stage().reachesPhase(object, "AwaitingApproval");
    await aborted(object);
    await isUndone({ object, before });
    expect(await stage().outcome(object)).toBeUndefined();
  });

  test("queued; the one in front does not notice", async () => {
    const { object: first, incident } = await begin({ approval: { mode: "Manual", hold: true } });
    const waiting = await stage().reachesPhase(first, "AwaitingApproval");
    const held = await stage().table();
    const queued = await stage().reachesPhase(await stage().apply(incident.good), "Queued");
    await aborted(queued);
    expect(await stage().table()).toEqual(held);
    expect(await stage().claimOwners()).toEqual([first.metadata.uid]);
    await stage().reaches(queued, ({ metadata }) => metadata.finalizers === undefined);
    await stage().change(first, { approval: { planHash: statusOf(waiting).plan?.hash ?? "" } });
    expect(statusOf(await stage().ended(first)).phase).toBe("Succeeded");
  });

  test("paused, with a dead engine: the table is as it was before the engine is back", async () => {
    const incident = await stage().damage();
    const before = await stage().table();
    await stage().database.lake.kill();
    try {
      // By the undo journal it could be rewound without an engine.
      const object = await stage().apply(incident.good, { strategy: "Full" });
      await stage().reaches(object, (live) => statusOf(live).retry !== undefined);
      expect((await stage().table()).status).toBe("PAUSED");
      await aborted(object);
      expect(await stage().table()).toEqual(before);
      expect([await stage().outcome(object), await stage().claimOwners()]).toEqual(["Aborted", []]);
    } finally {
      await stage().database.restartLake();
    }
  });

  test("in the middle of its transaction, which is ended: readers never saw it", async () => {
    const gate = await closeGate(stage().pool);
    const given = await begin(gateAt("Rewind"));
    await gate.reached();
    await aborted(given.object);
    await gate.open();
    await isUndone(given);
    expect(await stage().outcome(given.object)).toBe("Aborted");
  });

  test("while its transaction waits for an engine that hangs", async () => {
    const given = await begin({ approval: { mode: "Manual", hold: true }, strategy: "Full" });
    const { plan } = statusOf(await stage().reachesPhase(given.object, "AwaitingApproval"));
    const { lake } = stage().database;
    const pids = [lake.pid, lake.enginePid()];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      await stage().change(given.object, { approval: { planHash: plan?.hash ?? "" } });
      await until(async () => {
        const { rowCount } = await stage().pool.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Extension'",
        );
        return (rowCount ?? 0) > 0;
      });
      await stage().change(given.object, { abort: true });
      expect(statusOf(await stage().ended(given.object)).phase).toBe("Aborted");
      expect(await stage().table()).toEqual(given.before);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
  });

  test("from the beginning: nothing is done at all", async () => {
    const { object, before } = await begin({ abort: true });
    const ended = await stage().ended(object);
    expect(statusOf(ended)).toMatchObject({ phase: "Aborted", reason: "Aborted" });
    await isUndone({ object, before });
    expect(await stage().outcome(object)).toBeUndefined();
  });

  test("while its Secret is not there: it waits for nothing", async () => {
    const { object, before } = await begin({ approval: { mode: "Manual" }, database: { secretRef: { name: "none" } } });
    await aborted(object);
    await isUndone({ object, before });
  });
});

describe.each<FailurePolicy>(["Hold", "Resume"])("aborted after the rewind's commit, failurePolicy %s", (policy) => {
  test("in the middle of the repair: nothing of it is in the lake", async () => {
    const gate: Gate = await closeGate(stage().pool);
    const given = await begin({ failurePolicy: policy, repair: { sql: [deleteCorrupted, passesGate] } });
    await gate.reached();
    await aborted(given.object);
    await gate.open();
    await isDecided(given, policy);
    expect(await stage().repairCommits(given.object)).toEqual([]);
    expect(await stage().truthAt(await stage().head())).toEqual(corrupted);
  });

  test("awaiting the resume: the repair stays", async () => {
    const given = await begin({ failurePolicy: policy, resume: { policy: "Manual" } });
    await stage().reachesPhase(given.object, "AwaitingResume");
    await aborted(given.object);
    await isDecided(given, policy);
    expect(await stage().repairCommits(given.object)).toHaveLength(1);
  });

  test("in the middle of the replay: its transaction is ended, the repair stays", async () => {
    const gate = await closeGate(stage().pool);
    const given = await begin({ failurePolicy: policy, ...gateAt("Replay") });
    await gate.reached();
    await aborted(given.object);
    await gate.open();
    await isDecided(given, policy);
    expect(await stage().repairCommits(given.object)).toHaveLength(1);
  });
});

test("a table that an aborted rewind holds is taken over by the next one", async () => {
  const { object, incident } = await begin({ resume: { policy: "Manual" } });
  await stage().reachesPhase(object, "AwaitingResume");
  await aborted(object);
  expect(statusOf(await stage().ended(await stage().apply(incident.good))).phase).toBe("Succeeded");
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});

test("once it has succeeded, abort is ignored", async () => {
  const { object, incident } = await begin({});
  const { status } = await stage().ended(object);
  await stage().change(object, { abort: true });
  // A later object is through, so the earlier one's change was seen.
  await stage().ended(await stage().apply(incident.good, { dryRun: true }));
  expect(statusOf((await stage().live(object)) ?? object)).toMatchObject({
    ...{ phase: "Succeeded", message: (status as { message: string }).message },
  });
  expect((await stage().events(object)).map(({ reason }) => reason)).not.toContain("Aborted");
});
