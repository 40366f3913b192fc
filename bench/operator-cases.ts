// What is measured through Kubernetes: how soon an applied object pauses its table, and what the object costs over typing the
// same SQL by hand.

import type { BenchDatabase } from "./bench-database.ts";
import type { KubeApi } from "./kube-api.ts";
import type { Figure } from "./report.ts";
import { formatMs, median, quantile } from "./statistics.ts";
import { RUNS, timeOnce } from "./timing.ts";

const NAMESPACE = "/api/v1/namespaces/default";
const REWINDS = "/apis/pgtrickle.dev/v1alpha1/namespaces/default/streamtablerewinds";
const SECRET = "bench-db";
const TABLE = "public.event_summary";
const REPAIR = "delete from lake.events where event_type = 'CORRUPTED_EVENT'";
const ASSERTION = "select count(*) = 0 from public.event_summary where event_type = 'CORRUPTED_EVENT'";
const DEADLINE_MS = 60_000;
// The API server itself sleeps for 2 s in the first create of a kind whose CRD was established less than 2 s ago.
const WARM_UPS = 2;

export interface OperatorBench {
  readonly bench: BenchDatabase;
  readonly api: KubeApi;
}

export async function createSecret({ bench, api }: OperatorBench): Promise<void> {
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: SECRET },
    stringData: { uri: bench.database.url },
  };
  await api.create(`${NAMESPACE}/secrets`, body);
}

function rewindObject(name: string, spec: object): object {
  const always = { database: { secretRef: { name: SECRET } }, streamTables: [TABLE] };
  return {
    apiVersion: "pgtrickle.dev/v1alpha1",
    kind: "StreamTableRewind",
    metadata: { name },
    spec: { ...always, ...spec },
  };
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`after ${DEADLINE_MS / 1000} s still not: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const isPaused = async ({ bench }: OperatorBench) => {
  const { rows } = await bench.session.query(
    "select status from pgtrickle.pgt_stream_tables where pgt_name = 'event_summary'",
  );
  return rows[0]?.status === "PAUSED";
};

interface PhasedObject {
  readonly status?: { readonly phase?: string; readonly message?: string };
}

async function untilSucceeded({ api }: OperatorBench, name: string): Promise<void> {
  await until(`${name} is Succeeded`, async () => {
    const { status } = (await api.get(`${REWINDS}/${name}`)) as PhasedObject;
    if (status?.phase === "Failed") {
      throw new Error(`${name} failed: ${status.message}`);
    }
    return status?.phase === "Succeeded";
  });
}

async function refresh({ bench }: OperatorBench): Promise<void> {
  await bench.session.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
}

/** A commit to go back over, and the snapshot before it. */
async function addCommit(operator: OperatorBench): Promise<number> {
  await refresh(operator);
  const target = await operator.bench.head();
  await operator.bench.insertThroughLake(50);
  await refresh(operator);
  return target;
}

export interface EngineSwitch {
  freeze(): void;
  thaw(): void;
}

/** Apply → paused, with the engine running or stopped before each apply. */
export async function measurePause(operator: OperatorBench, engine: EngineSwitch | undefined): Promise<Figure> {
  const { api } = operator;
  const runs = engine === undefined ? 100 : 20;
  const label = engine === undefined ? "running" : "stopped";
  const timings: number[] = [];
  for (let run = -WARM_UPS; run < runs; run += 1) {
    const name = `pause-${label}-${run + WARM_UPS}`;
    const snapshotId = await addCommit(operator);
    engine?.freeze();
    try {
      const body = rewindObject(name, { target: { snapshotId } });
      const elapsedMs = await timeOnce(async () => {
        await api.create(REWINDS, body);
        await until(`${name} has paused the table`, () => isPaused(operator));
      });
      if (run >= 0) {
        timings.push(elapsedMs);
      }
    } finally {
      engine?.thaw();
    }
    await untilSucceeded(operator, name);
  }
  const p99 = quantile(timings, 0.99);
  return {
    rows: "",
    what: `apply → paused, engine ${label}`,
    ours: `p99 ${formatMs(p99)}, median ${formatMs(median(timings))}`,
    peers: [],
    ratio: "",
    goal: "p99 1 s",
    isMet: p99 <= 1000,
  };
}

async function corrupt(operator: OperatorBench): Promise<number> {
  await refresh(operator);
  const target = await operator.bench.head();
  await operator.bench.session.query(
    `insert into lake.events select gen_random_uuid(), 'CORRUPTED_EVENT', 999999, now() from generate_series(1, 1000)`,
  );
  await refresh(operator);
  return target;
}

async function rollBackByHand({ bench }: OperatorBench, target: number): Promise<void> {
  const { session } = bench;
  await session.query("select pgtrickle.pause_scheduler(array[$1])", [TABLE]);
  await session.query("select * from pgtrickle.rewind(array[$1], $2::bigint)", [TABLE, target]);
  await session.query(ASSERTION);
  await session.query(REPAIR);
  await session.query("select pgtrickle.resume_scheduler(array[$1])", [TABLE]);
  await session.query("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [TABLE]);
  await session.query(ASSERTION);
}

export async function measureRollback(operator: OperatorBench): Promise<Figure> {
  const byHand: number[] = [];
  const byObject: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const first = await corrupt(operator);
    byHand.push(await timeOnce(() => rollBackByHand(operator, first)));
    const name = `rollback-${run}`;
    const body = rewindObject(name, {
      target: { snapshotId: await corrupt(operator) },
      verification: { assertions: [{ name: "no-corrupted", sql: ASSERTION }] },
      repair: { sql: [REPAIR] },
    });
    byObject.push(
      await timeOnce(async () => {
        await operator.api.create(REWINDS, body);
        await untilSucceeded(operator, name);
      }),
    );
  }
  const [hand, object] = [median(byHand), median(byObject)];
  return {
    rows: "",
    what: "apply → Succeeded, with repair and replay",
    ours: formatMs(object),
    peers: [`the same SQL by hand ${formatMs(hand)}`],
    ratio: `${formatMs(object - hand)} more`,
    goal: "150 ms more than by hand",
    isMet: object - hand <= 150,
  };
}
