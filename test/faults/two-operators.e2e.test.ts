/**
 * Two operators with leader election, and the leader gone in the middle of its repair's transaction: frozen, killed, cut off
 * from the API server, or told to stop. The other one finishes, and the repair, which adds 1 to every value, is applied once.
 */
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import { startOperator } from "../../stack/operator.ts";
import { readLog, type StackProcess, type TemporaryFolder, temporaryFolder } from "../../stack/processes.ts";
import { type ApiProxy, type ProxiedRequest, startApiProxy, type Verdict } from "../support/api-proxy.ts";
import { deleteCorrupted, SECRET, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import type {} from "../support/provided.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage({ bare: true });

/** Long enough that it is still in there when the leader goes, and for the other one to have to end it. */
const SLOW = "select pg_sleep(60) where not exists (select from hurry)";
const repair = [deleteCorrupted, "update lake.events set value = value + 1", SLOW];

let folder: TemporaryFolder;
let operators: StackProcess[];
let proxy: ApiProxy;
/** Between the first operator and the API server: nothing is refused, and nothing comes through any more. */
let isCutOff: boolean;

const judge = ({ isWatch }: ProxiedRequest): Verdict => {
  if (isCutOff) return { kind: "hang" };
  return isWatch ? { kind: "pass", onLine: () => (isCutOff ? "drop" : "pass") } : { kind: "pass" };
};

function start(name: string, { kubeconfig }: { readonly kubeconfig: string } = inject("kube")): Promise<StackProcess> {
  return startOperator({
    ...{ kubeconfig, namespaces: [stage().namespace], metricsAddress: "127.0.0.1:0" },
    logFile: join(folder.path, `${name}-${operators.length}.log`),
    env: {
      ...{ LEADER_ELECTION: "true", LEASE_NAMESPACE: stage().namespace, POD_NAME: name, SHUTDOWN_PATIENCE_MS: "500" },
      ...{ LEASE_DURATION_SECONDS: "3", LEASE_RENEW_DEADLINE_SECONDS: "2", LEASE_RETRY_SECONDS: "0.5" },
    },
  });
}

const leads = (operator: StackProcess) => readLog(operator).includes('"msg":"leading"');

/** A leader in the middle of the repair's transaction, and another operator that stands by. */
async function inTheMiddle(): Promise<RewindObject> {
  await stage().pool.query("delete from hurry");
  const { good } = await stage().damage();
  const object = await stage().apply(good, { repair: { sql: repair } });
  await until(async () => {
    const { rowCount } = await stage().pool.query(
      "select from pg_stat_activity where wait_event = 'PgSleep' and application_name like 'strw/%'",
    );
    return (rowCount ?? 0) > 0;
  });
  await stage().pool.query("insert into hurry values (true)");
  return object;
}

async function expectAppliedOnce(object: RewindObject): Promise<void> {
  const ended = await stage().ended(object);
  expect(statusOf(ended).phase).toBe("Succeeded");
  const { rows, snapshot, holds } = await stage().table();
  expect(await stage().repairCommits(object)).toHaveLength(1);
  expect(rows).toEqual(await stage().truthAt(snapshot));
  expect([snapshot, holds]).toEqual([await stage().head(), []]);
  expect(rows).toEqual({ click: [30, 30 * 51], purchase: [10, 10 * 501] });
}

/** Each once. */
async function doneSteps(object: RewindObject): Promise<string[]> {
  const { rows } = await stage().pool.query<{ step: string }>(
    "select step from pgtrickle_rewind.steps where uid = $1 and outcome = 'Done' order by finished_at",
    [object.metadata.uid],
  );
  return rows.map(({ step }) => step);
}

beforeAll(async () => {
  await stage().secret(SECRET, { uri: stage().database.url });
  await stage().pool.query("create table hurry (done boolean)");
});

beforeEach(async () => {
  folder = temporaryFolder();
  operators = [];
  isCutOff = false;
  proxy = await startApiProxy(inject("kube").kubeconfig, judge);
  const first = await start("pod-1", proxy);
  operators.push(first);
  await until(async () => leads(first));
  operators.push(await start("pod-2"));
});

afterEach(async () => {
  for (const operator of operators) await operator.kill();
  await proxy.close();
  folder.remove();
});

describe("the leader", () => {
  test("frozen inside its transaction is replaced; when it goes on it changes nothing, and exits", async () => {
    const [first, second] = operators as [StackProcess, StackProcess];
    const object = await inTheMiddle();
    process.kill(first.pid, "SIGSTOP");
    await until(async () => leads(second));
    await expectAppliedOnce(object);
    process.kill(first.pid, "SIGCONT");
    expect(await first.exited).toBe("operator exited with code 1");
    expect(await stage().repairCommits(object)).toHaveLength(1);
  });

  test("killed inside its transaction is replaced", async () => {
    const [first] = operators as [StackProcess, StackProcess];
    const object = await inTheMiddle();
    await first.kill();
    await expectAppliedOnce(object);
  });

  test("cut off from the API server, but not from its database, is replaced and exits by itself", async () => {
    const [first, second] = operators as [StackProcess, StackProcess];
    const object = await inTheMiddle();
    isCutOff = true;
    expect(await first.exited).toBe("operator exited with code 1");
    await until(async () => leads(second));
    await expectAppliedOnce(object);
    expect(await doneSteps(object)).toEqual(["Pause", "Rewind", "Repair", "Replay", "Release"]);
  });

  test("told to stop inside its transaction hands its lease over, which does not have to expire", async () => {
    const [first, second] = operators as [StackProcess, StackProcess];
    const object = await inTheMiddle();
    const stopped = first.stop(20_000);
    await until(async () => leads(second));
    // The other one may lead before this one has had the answer.
    await until(async () => readLog(first).includes('"msg":"the lease is released"'));
    await stopped;
    await expectAppliedOnce(object);
  });
});
