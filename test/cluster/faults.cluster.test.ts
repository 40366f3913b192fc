/** Pods that go at the worst moments: whatever is deleted, scaled or upgraded in the middle, the rewind ends as it should and no event is lost. */
import { describe, expect, test } from "vitest";
import { waitFor } from "../../demo/wait.ts";
import { damage, eventCount, isCorrupt, openDatabase, readTable, waitForTable } from "./database.ts";
import { CLIENT, type Client, lost, readBatches, readLedger, startClient } from "./ledger.ts";
import { applySlowRewind, waitForEnd, waitForPhase } from "./rewinds.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const RELEASE = "faults";
const NAME = "faults-streamtable-rewind";
const POD = `${NAME}-pg-trickle-0`;
const NAMESPACE = "strw-faults";
const PODS_MS = 120_000;

const cluster = useNamespace(NAMESPACE, async (namespace) => {
  await namespace.helm(["uninstall", RELEASE, "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

const values = { operator: { replicas: 2 }, watchNamespaces: [NAMESPACE], generator: { intervalMs: 500 } };

interface Lease {
  readonly spec: { readonly holderIdentity?: string };
}

describe.skipIf(cluster.skipped !== undefined)("pods that go in the middle", () => {
  const database = () =>
    openDatabase(cluster.namespace(), { pod: POD, container: "postgres", database: "timetravel_demo" });
  const kubectl = (...args: string[]) => cluster.namespace().kubectl(args);
  const databaseIsReady = () => kubectl("rollout", "status", `statefulset/${NAME}-pg-trickle`, "--timeout=180s");
  const operatorIsReady = () => kubectl("rollout", "status", `deployment/${NAME}-operator`, "--timeout=180s");
  let client: Client | undefined;

  /** All processes at once, as a power failure would; then the pod, whose successor comes while it may still be there. */
  async function killDatabase(): Promise<void> {
    const kill = (container: string) => kubectl("exec", POD, "-c", container, "--", "bash", "-c", "kill -KILL -1");
    await Promise.allSettled([kill("postgres"), kill("lake")]);
    const uid = () => kubectl("get", "pod", POD, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}");
    const before = await uid();
    await kubectl("delete", "pod", POD, "--grace-period=0", "--force", "--wait=false");
    const isNew = async () => !["", before].includes(await uid()) || undefined;
    await waitFor(isNew, { what: "a new pod", timeoutMs: PODS_MS });
    await kubectl("wait", "--for=condition=Ready", `pod/${POD}`, "--timeout=120s");
  }

  async function leader(): Promise<string> {
    const ask = async () => {
      const text = await kubectl("get", "leases", "-o", "json");
      const [lease] = (JSON.parse(text) as { items: Lease[] }).items;
      return lease?.spec.holderIdentity || undefined;
    };
    return waitFor(ask, { what: "somebody leads", timeoutMs: PODS_MS });
  }

  /** The rewind is in the middle of the phase when the fault happens, and all is well in the end. */
  async function rewindThrough(name: string, phase: "Rewinding" | "Replaying", fault: () => Promise<unknown>) {
    const good = await damage(database());
    const slowAt = phase === "Rewinding" ? "Rewind" : "Replay";
    await applySlowRewind(cluster.namespace(), { name, goodSnapshot: good.snapshot ?? -1, slowAt });
    const { metadata } = await waitForPhase(cluster.namespace(), name, [phase]);
    await fault();
    expect(await waitForEnd(cluster.namespace(), name)).toMatchObject({ status: { phase: "Succeeded" } });
    const after = await waitForTable(
      database(),
      "the summary follows again",
      (state) => state.status === "ACTIVE" && eventCount(state) > eventCount(good),
    );
    expect(isCorrupt(after)).toBe(false);
    const marker = `%strw/${metadata.uid}/repair%`;
    expect(
      await database().rows(
        `select count(*) as repairs from ducklake.ducklake_snapshot_changes where commit_extra_info like '${marker}'`,
      ),
    ).toEqual([{ repairs: 1 }]);
    expect(await database().rows("select ok from pgtrickle.verify('public.event_summary')")).toEqual([{ ok: true }]);
  }

  test("1. two replicas, of which one leads", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install(RELEASE, values);
    await waitForTable(database(), "event_summary has events", (state) => eventCount(state) > 0);
    expect(await leader()).toMatch(NAME);
  });

  test("2. the leader's pod is killed in the middle of a rewind", async () => {
    describeOnFailure(cluster.namespace());
    const before = await leader();
    const pods = (await kubectl("get", "pods", "-o", "name")).split("\n");
    const pod = pods.find((one) => before.includes(one.replace("pod/", "")) && one !== "");
    expect(pod).toBeDefined();
    await rewindThrough("leader-killed", "Rewinding", () =>
      kubectl("delete", pod ?? "", "--grace-period=0", "--force", "--wait=false"),
    );
    expect(await leader()).not.toBe(before);
  });

  test("3. all pods of the operator are deleted in the middle of a rewind", async () => {
    describeOnFailure(cluster.namespace());
    await operatorIsReady();
    const selector = "app.kubernetes.io/component=operator";
    await rewindThrough("operator-deleted", "Rewinding", () =>
      kubectl("delete", "pod", "-l", selector, "--wait=false"),
    );
  });

  test("4. the database's pod is deleted in the middle of a rewind", async () => {
    describeOnFailure(cluster.namespace());
    await rewindThrough("database-deleted", "Rewinding", () => kubectl("delete", "pod", POD, "--wait=false"));
  });

  test("5. the database's pod is killed in the middle of a replay", async () => {
    describeOnFailure(cluster.namespace());
    await rewindThrough("replay-killed", "Replaying", killDatabase);
  });

  test("6. the database's pod is killed in the middle of a refresh, beside a client that counts its own commits", async () => {
    describeOnFailure(cluster.namespace());
    client = startClient(database());
    const before = await readLedger(database());
    // Readers' locks let the scheduler's transaction go as far as the table itself, journal and all, and no further.
    const blocker = database()
      .run("begin; lock table public.event_summary in share mode; select pg_sleep(60)")
      .catch(() => undefined);
    const isInside = async () => {
      const [waiting] = await database().rows(
        "select pid from pg_stat_activity where usename = 'timetravel_scheduler' and wait_event_type = 'Lock'",
      );
      return waiting;
    };
    await waitFor(isInside, { what: "a refresh is in the middle", timeoutMs: PODS_MS });
    await killDatabase();
    await blocker;
    const goneOn = async () => {
      const now = await readLedger(database()).catch(() => undefined);
      return now && now.status === "ACTIVE" && now.frontier > before.frontier ? now : undefined;
    };
    const after = await waitFor(goneOn, { what: "the table follows again", timeoutMs: PODS_MS });
    expect(lost(before, after)).toEqual([]);
    expect(await database().rows("select ok from pgtrickle.verify('public.event_summary')")).toEqual([{ ok: true }]);
  });

  test("7. what a person has paused stays as it is while the database's pod goes: frontier, hold, journal, rows", async () => {
    describeOnFailure(cluster.namespace());
    await database().run("select pgtrickle.pause_scheduler(array['public.event_summary'])");
    const [before, table] = [await readLedger(database()), await readTable(database())];
    expect(before).toMatchObject({ status: "PAUSED", holders: ["person"] });
    await killDatabase();
    const ready = await readLedger(database());
    const isBack = async () => {
      const now = await readLedger(database());
      return now.snapshots > ready.snapshots ? now : undefined;
    };
    const after = await waitFor(isBack, { what: "events come in again", timeoutMs: PODS_MS });
    expect({ ...after, snapshots: before.snapshots }).toEqual(before);
    expect(await readTable(database())).toEqual(table);
    await database().run("select pgtrickle.resume_scheduler(array['public.event_summary'])");
  });

  test("8. every batch whose commit the client was told is there, and none is torn", async () => {
    describeOnFailure(cluster.namespace());
    const { committed = [], unknown = [] } = (await client?.stop()) ?? {};
    expect(committed.length).toBeGreaterThan(0);
    expect(unknown.length).toBeGreaterThan(0);
    const { whole, torn } = await readBatches(database());
    expect(torn).toEqual([]);
    expect(committed.filter((batch) => !whole.includes(batch))).toEqual([]);
    expect(whole.filter((batch) => !(committed.includes(batch) || unknown.includes(batch)))).toEqual([]);
  });

  test("9. PostgreSQL is scaled to zero in the middle of a rewind, and back", async () => {
    describeOnFailure(cluster.namespace());
    await rewindThrough("scaled-to-zero", "Rewinding", async () => {
      await kubectl("scale", `statefulset/${NAME}-pg-trickle`, "--replicas=0");
      await kubectl("wait", "--for=delete", `pod/${POD}`, "--timeout=90s");
      await kubectl("scale", `statefulset/${NAME}-pg-trickle`, "--replicas=1");
      await databaseIsReady();
    });
  });

  test("10. the chart is upgraded in the middle of a rewind", async () => {
    describeOnFailure(cluster.namespace());
    const operator = { ...values.operator, podAnnotations: { upgraded: "yes" } };
    await rewindThrough("upgraded", "Rewinding", () => cluster.namespace().install(RELEASE, { ...values, operator }));
  });

  test("11. the lake has every event that the generator knows to be committed, once", async () => {
    describeOnFailure(cluster.namespace());
    await databaseIsReady();
    const selector = "app.kubernetes.io/component=generator";
    const log = cluster.namespace().kubectl(["logs", "-f", "-l", selector, "--tail=-1"]);
    await kubectl("scale", `deployment/${NAME}-generator`, "--replicas=0");
    const stopped = (await log).split("\n").find((line) => line.includes('"msg":"generator stopped"'));
    const { totalEvents } = JSON.parse(stopped ?? "{}") as { totalEvents?: number };
    expect(totalEvents).toBeGreaterThan(0);
    const [counts] = await database().rows<{ events: number; different: number; all: number }>(
      `select count(*) filter (where is_own) as events, count(distinct event_id) filter (where is_own) as different,
         count(*) as all from (select event_id, event_type <> '${CLIENT}' as is_own from lake.events)`,
    );
    expect(counts).toMatchObject({ events: totalEvents, different: totalEvents });
    await waitForTable(database(), "the table has them all", (state) => eventCount(state) === counts?.all);
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
