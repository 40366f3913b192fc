/** AlreadyDone: what GitOps applies again is not done again, unless somebody has moved the table back or says so. */
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { startOperator } from "../../stack/operator.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { CORRUPTED, type Damage, TABLE } from "../support/damage.ts";
import { condition, SECRET, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { makeRewind, makeSecret } from "../support/rewinds.ts";
import { insertEvents } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

interface Done {
  readonly incident: Damage;
  readonly first: RewindObject;
}

const stage = useOperatorStage();

/** Succeeded, and its object is gone: `kubectl delete`, a ttl, a namespace that was made anew. */
async function done(spec: Spec = {}): Promise<Done> {
  const incident = await stage().damage();
  const first = await stage().ended(await stage().apply(incident.good, spec));
  await stage().rewinds.delete(first);
  await stage().gone(first);
  // The same incident once more: a rewind that runs again has an effect.
  await insertEvents(stage().pool, CORRUPTED, 3, -1);
  await stage().pool.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
  return { incident, first };
}

async function again({ incident, first }: Done, spec: Spec = {}): Promise<RewindObject> {
  return stage().ended(await stage().apply(incident.good, spec, first.metadata.name));
}

async function isAlreadyDone(object: RewindObject, { first }: Done): Promise<void> {
  const { message = "" } = statusOf(object);
  expect(statusOf(object)).toMatchObject({ phase: "Succeeded", reason: "AlreadyDone" });
  for (const part of [first.metadata.uid, "spec.operationId"]) expect(message).toContain(part);
  expect(condition(object, "Ready")).toMatchObject({ status: "True", reason: "AlreadyDone", message });
  expect([await stage().outcome(object), await stage().claimOwners()]).toEqual([undefined, []]);
  expect(await stage().repairCommits(object)).toEqual([]);
  expect(object.metadata.finalizers).toBeUndefined();
}

async function isRunAnew(object: RewindObject): Promise<void> {
  expect(statusOf(object)).toMatchObject({ phase: "Succeeded", reason: "Succeeded" });
  expect(await stage().outcome(object)).toBe("Succeeded");
  expect(await stage().repairCommits(object)).toHaveLength(1);
  expect((await stage().table()).rows).not.toHaveProperty(CORRUPTED);
}

describe("the very same object, applied again, is done already", () => {
  test("and nothing is touched", async () => {
    const given = await done();
    const before = await stage().table();
    const head = await stage().head();
    const object = await again(given);
    await isAlreadyDone(object, given);
    expect(await stage().table()).toEqual(before);
    expect(await stage().head()).toBe(head);
    const told = await until(async () => (await stage().events(object)).find(({ reason }) => reason === "AlreadyDone"));
    expect(told).toMatchObject({ type: "Normal", note: statusOf(object).message });
  });

  test("however often", async () => {
    const given = await done();
    for (const _ of [1, 2]) {
      const object = await again(given);
      await isAlreadyDone(object, given);
      await stage().rewinds.delete(object);
      await stage().gone(object);
    }
  });

  test("also when it left its table paused", async () => {
    const incident = await stage().damage();
    const never: Spec = { resume: { policy: "Never" } };
    const first = await stage().ended(await stage().apply(incident.good, never));
    await stage().rewinds.delete(first);
    await stage().gone(first);
    const before = await stage().table();
    await isAlreadyDone(await again({ incident, first }, never), { incident, first });
    expect(await stage().table()).toEqual(before);
  });

  test("also when what may be changed differs: approval's hash, the resume policy, the ttl", async () => {
    const approved: Spec = { approval: { mode: "Manual" } };
    const incident = await stage().damage();
    const object = await stage().reachesPhase(await stage().apply(incident.good, approved), "AwaitingApproval");
    await stage().change(object, { approval: { planHash: statusOf(object).plan?.hash ?? "" } });
    const first = await stage().ended(object);
    await stage().rewinds.delete(first);
    await stage().gone(first);
    await isAlreadyDone(await again({ incident, first }, approved), { incident, first });
  });
});

describe("it is planned and run anew", () => {
  test("after another rewind has moved the table back", async () => {
    const given = await done();
    await stage().ended(await stage().apply(given.incident.good));
    await insertEvents(stage().pool, CORRUPTED, 3, -1);
    await isRunAnew(await again(given));
  });

  test("after a person has moved the table back", async () => {
    const given = await done();
    const { pool } = stage();
    await pool.query("select pgtrickle.pause_scheduler(array[$1])", [TABLE]);
    await pool.query("select pgtrickle.rewind(array[$1], $2)", [TABLE, given.incident.good]);
    await pool.query("select pgtrickle.resume_scheduler(array[$1])", [TABLE]);
    await isRunAnew(await again(given));
  });

  test("after the table was made anew", async () => {
    const given = await done();
    await stage().pool.query("select pgtrickle.drop_stream_table($1)", [TABLE]);
    await stage().pool.query(
      "select pgtrickle.create_stream_table('public', 'event_summary', $1, '1h', 'DIFFERENTIAL')",
      ["select event_type, count(*) as event_count, sum(value) as total_value from lake.events group by event_type"],
    );
    await isRunAnew(await again(given));
  });

  test.each<{ readonly name: string; readonly spec: Spec }>([
    { name: "by another operationId", spec: { operationId: "once more" } },
    { name: "with another content", spec: { repair: { sql: [`delete from lake.events where value < 0`] } } },
  ])("$name", async ({ spec }) => {
    await isRunAnew(await again(await done(), spec));
  });

  test("by another name", async () => {
    const { incident } = await done();
    await isRunAnew(await stage().ended(await stage().apply(incident.good)));
  });

  test("if it had failed before", async () => {
    const incident = await stage().damage();
    const impossible: Spec = {
      repair: { sql: ["select 1 / (select count(*) from go)", "delete from lake.events where value < 0"] },
    };
    const failed = await stage().ended(await stage().apply(incident.good, { ...impossible, failurePolicy: "Resume" }));
    expect(statusOf(failed).phase).toBe("Failed");
    await stage().rewinds.delete(failed);
    await stage().gone(failed);
    await stage().pool.query("create table go as select 1");
    await isRunAnew(await again({ incident, first: failed }, { ...impossible, failurePolicy: "Resume" }));
  });

  test("in another namespace", async () => {
    const { incident, first } = await done();
    const namespace = await stage().api.makeNamespace();
    const { name } = first.metadata;
    await makeSecret(stage().api, namespace, SECRET, { uri: stage().database.url });
    const folder = temporaryFolder();
    const operator = await startOperator({
      ...{ kubeconfig: inject("kube").kubeconfig, namespaces: [namespace], metricsAddress: "127.0.0.1:0" },
      logFile: join(folder.path, "operator.log"),
    });
    try {
      const object = await makeRewind(stage().api, { namespace, name, spec: first.spec });
      const ended = await until(async () => {
        const live = await stage().rewinds.get(namespace, name);
        return statusOf(live).phase === "Succeeded" && live;
      });
      expect(incident.good).toBe(statusOf(ended).target?.snapshotId);
      expect(statusOf(ended).reason).toBe("Succeeded");
      expect(await stage().repairCommits(object)).toHaveLength(1);
    } finally {
      await operator.stop();
      folder.remove();
    }
  });
});
