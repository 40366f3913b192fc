/** The operator as a process, against a real API server, a real PostgreSQL and a real lake. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startOperator } from "../test/stack/operator.ts";
import { onFreePorts } from "../test/stack/ports.ts";
import { type StackProcess, temporaryFolder } from "../test/stack/processes.ts";
import { makeSpecInput } from "../test/support/make-observed.ts";
import type {} from "../test/support/provided.ts";
import { installRewinds, makeRewind, makeSecret } from "../test/support/rewinds.ts";
import { createSummary, insertEvents } from "../test/support/summary-table.ts";
import { useTrickle } from "../test/support/trickle.ts";
import { until } from "../test/support/until.ts";
import { connect, KubeApi } from "../test/support/widgets.ts";
import type { StreamTableRewindSpecInput } from "./api/spec.ts";
import { isTerminal, type StreamTableRewindStatus } from "./api/status.ts";
import type { RewindObject } from "./gather.ts";
import { isNotFound } from "./kube/errors.ts";
import type { Kubernetes } from "./kube/kubernetes.ts";
import { streamTableRewinds } from "./kube/resources.ts";
import type { ResourceClient } from "./kube/types.ts";

const { kubeconfig } = inject("kube");
const database = useTrickle();
const folder = temporaryFolder();

let api: KubeApi;
let kubernetes: Kubernetes;
let rewinds: ResourceClient<RewindObject>;
let namespace: string;
let operator: StackProcess;
let good: number;

const noCorrupted = "select count(*) = 0 from public.event_summary where event_type = 'CORRUPTED_EVENT'";
const sql = () => database().pool();

async function summaryOf(): Promise<Record<string, number>> {
  const { rows } = await sql().query<{ event_type: string; event_count: string }>("select * from public.event_summary");
  return Object.fromEntries(rows.map((row) => [row.event_type, Number(row.event_count)]));
}

interface TableRow {
  readonly snapshot: number;
  readonly holds: number;
}

async function tableRow(): Promise<TableRow> {
  const { rows } = await sql().query<TableRow>(
    "select contents_snapshot::int as snapshot, jsonb_array_length(to_jsonb(holds)) as holds from pgtrickle.pgt_stream_tables",
  );
  return rows[0] as TableRow;
}

/** Twenty bad rows beyond the good snapshot, and the table shows them. */
async function corrupt(): Promise<void> {
  await sql().query("delete from lake.events where event_type = 'CORRUPTED_EVENT'");
  await sql().query("select pgtrickle.reinitialize('public.event_summary')");
  good = (await tableRow()).snapshot;
  await insertEvents(sql(), "CORRUPTED_EVENT", 20);
  await sql().query("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
}

function make(spec: Partial<StreamTableRewindSpecInput> = {}): Promise<RewindObject> {
  const input = makeSpecInput({
    target: { snapshotId: good },
    verification: { assertions: [{ name: "no-corrupted", sql: noCorrupted }] },
    ...spec,
  });
  return makeRewind(api, { namespace, name: `r-${randomUUID().slice(0, 8)}`, spec: input });
}

function statusOf(object: RewindObject): StreamTableRewindStatus {
  return (object.status ?? {}) as StreamTableRewindStatus;
}

function ended(object: RewindObject): Promise<RewindObject> {
  return until(async () => {
    const live = await rewinds.get(namespace, object.metadata.name);
    return isTerminal(statusOf(live).phase) && live;
  });
}

async function deleted(object: RewindObject): Promise<void> {
  await rewinds.delete(object);
  await until(() => rewinds.get(namespace, object.metadata.name).then(() => false, isNotFound));
}

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  namespace = await api.makeNamespace();
  kubernetes = connect(kubeconfig);
  rewinds = kubernetes.client.resource<RewindObject>(streamTableRewinds);
  await makeSecret(api, namespace, "timetravel-db", { uri: database().url });
  await insertEvents(sql(), "click", 30);
  await createSummary(sql());
  operator = await onFreePorts(1, async ([port]) =>
    startOperator({
      ...{ kubeconfig, namespaces: [namespace], metricsAddress: `127.0.0.1:${port}` },
      logFile: join(folder.path, "operator.log"),
      env: { LOG_LEVEL: "debug" },
    }),
  );
});

afterAll(async () => {
  await operator?.stop();
  kubernetes?.close();
  api?.close();
  folder.remove();
});

describe("a rewind", () => {
  it("goes through, and the status says what was done", async () => {
    await corrupt();
    expect(await summaryOf()).toEqual({ click: 30, CORRUPTED_EVENT: 20 });
    const object = await ended(await make());
    expect(statusOf(object)).toMatchObject({
      ...{ phase: "Succeeded", reason: "Succeeded", observedGeneration: 1 },
      target: { snapshotId: good },
      plan: { target: good, hash: expect.stringMatching(/^[0-9a-f]{64}$/), rowsChanged: 1, commitsUndoneCount: 1 },
      tables: [{ name: "public.event_summary", frontierBefore: good + 1, rowCount: 1, held: false }],
      repair: { rowCounts: [20] },
      replay: { lag: 0 },
    });
    expect(statusOf(object).steps?.map(({ name, state }) => `${name} ${state}`)).toEqual(
      ["Pause", "Rewind", "Repair", "Replay", "Release"].map((step) => `${step} Done`),
    );
    expect(await summaryOf()).toEqual({ click: 30 });
    expect((await tableRow()).holds).toBe(0);
    await until(async () => (await rewinds.get(namespace, object.metadata.name)).metadata.finalizers === undefined);
  });

  it("pauses the table within a second of its creation, also while the engine is stopped", async () => {
    await corrupt();
    const enginePid = await database().lake.enginePid();
    process.kill(enginePid, "SIGSTOP");
    const startedAt = performance.now();
    const object = await make();
    try {
      await until(async () => (await tableRow()).holds === 1);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    } finally {
      process.kill(enginePid, "SIGCONT");
    }
    expect(statusOf(await ended(object)).phase).toBe("Succeeded");
  });
});

describe("a rewind that fails", () => {
  const cases: Readonly<
    Record<string, { spec: () => Partial<StreamTableRewindSpecInput>; reason: string; says: RegExp }>
  > = {
    "names an unknown table": {
      spec: () => ({ streamTables: ["public.nothing"] }),
      ...{ reason: "UnknownStreamTable", says: /public\.nothing.*Nothing was changed/ },
    },
    "names a snapshot in the future": {
      spec: () => ({ target: { snapshotId: 1_000_000 } }),
      ...{ reason: "SnapshotInFuture", says: /Nothing was changed/ },
    },
    "names a Secret that is not there": {
      spec: () => ({ database: { secretRef: { name: "missing" } } }),
      ...{ reason: "SecretNotFound", says: /missing.*Nothing was changed/ },
    },
    "uses a field that is not supported yet": {
      spec: () => ({ dryRun: true }),
      ...{ reason: "UnsupportedField", says: /spec\.dryRun/ },
    },
    "has an assertion that is false at the rewind": {
      spec: () => ({ verification: { assertions: [{ name: "impossible", sql: "select false" }], at: ["Rewind"] } }),
      ...{ reason: "AssertionFailed", says: /impossible.*Everything was undone/ },
    },
  };
  for (const [name, { spec, reason, says }] of Object.entries(cases)) {
    it(`${name}: nothing of the table changes`, async () => {
      await corrupt();
      const before = await summaryOf();
      const status = statusOf(await ended(await make(spec())));
      expect(status).toMatchObject({ phase: "Failed", reason });
      expect(status.message).toMatch(says);
      expect(await summaryOf()).toEqual(before);
      expect((await tableRow()).holds).toBe(0);
    });
  }

  it("after the point of no return holds the good rows, says so, and lets go when it is deleted", async () => {
    await corrupt();
    const object = await ended(await make({ repair: { sql: ["delete from lake.evnts"] } }));
    const status = statusOf(object);
    expect(status).toMatchObject({ phase: "Failed", reason: "RepairFailed", tables: [{ held: true }] });
    expect(status.message).toMatch(/stays paused with the rows of snapshot/);
    expect(status.conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");
    expect(await tableRow()).toEqual({ snapshot: good, holds: 1 });
    await deleted(object);
    expect((await tableRow()).holds).toBe(0);
  });

  it("after the point of no return resumes where the policy says so", async () => {
    await corrupt();
    const object = await ended(await make({ repair: { sql: ["delete from lake.evnts"] }, failurePolicy: "Resume" }));
    expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "RepairFailed", tables: [{ held: false }] });
    expect((await tableRow()).holds).toBe(0);
  });

  it("at the replay's assertions stays rewound and held", async () => {
    await corrupt();
    const object = await ended(await make({ repair: undefined }));
    expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "AssertionFailed", tables: [{ held: true }] });
    expect(await tableRow()).toEqual({ snapshot: good, holds: 1 });
    // The next rewind of the table takes the hold over.
    expect(statusOf(await ended(await make())).phase).toBe("Succeeded");
    expect((await tableRow()).holds).toBe(0);
  });
});

describe("around a rewind", () => {
  it("another one of the same table waits for its end", async () => {
    await corrupt();
    for (const object of await Promise.all([make(), make()])) {
      expect(statusOf(await ended(object)).phase).toBe("Succeeded");
    }
    expect((await tableRow()).holds).toBe(0);
  });

  it("deletion breaks off what runs and undoes it, also while the engine is stopped", async () => {
    await corrupt();
    const before = await summaryOf();
    const enginePid = await database().lake.enginePid();
    process.kill(enginePid, "SIGSTOP");
    try {
      const object = await make();
      await until(async () => (await tableRow()).holds === 1);
      await deleted(object);
      expect((await tableRow()).holds).toBe(0);
    } finally {
      process.kill(enginePid, "SIGCONT");
    }
    expect(await summaryOf()).toEqual(before);
  });

  it("a dead engine is waited for, with the table paused", async () => {
    await corrupt();
    await database().lake.kill();
    const object = await make();
    const retried = await until(async () => statusOf(await rewinds.get(namespace, object.metadata.name)).retry);
    expect(retried).toMatchObject({ reason: "LakeUnreachable" });
    expect((await tableRow()).holds).toBe(1);
    await database().restartLake();
    expect(statusOf(await ended(object)).phase).toBe("Succeeded");
  });
});
