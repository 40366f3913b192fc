/** Two operators as processes, with leader election: who works, and how the work changes hands. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { startOperator } from "../stack/operator.ts";
import { readLog, type StackProcess, type TemporaryFolder, temporaryFolder } from "../stack/processes.ts";
import type {} from "../test/support/provided.ts";
import { installRewinds } from "../test/support/rewinds.ts";
import { KubeApi } from "../test/support/widgets.ts";

const { kubeconfig } = inject("kube");
const LEASE_SECONDS = 3;

interface Replica {
  readonly process: StackProcess;
  readonly url: string;
}

let api: KubeApi;
let folder: TemporaryFolder;
let namespace: string;
let replicas: Replica[];

function metricsPort(process: StackProcess): number {
  const line = readLog(process)
    .split("\n")
    .find((one) => one.includes('"msg":"operator is started"'));
  return (JSON.parse(line ?? "{}") as { metricsPort: number }).metricsPort;
}

/** Resolves when it is ready: as a standby it is that as well. */
async function start(name: string): Promise<Replica> {
  const process = await startOperator({
    ...{
      kubeconfig,
      metricsAddress: "127.0.0.1:0",
      namespaces: [namespace],
      logFile: join(folder.path, `${name}.log`),
    },
    env: {
      ...{ LEADER_ELECTION: "true", LEASE_NAMESPACE: namespace, POD_NAME: name, SHUTDOWN_PATIENCE_MS: "1000" },
      ...{
        LEASE_DURATION_SECONDS: String(LEASE_SECONDS),
        LEASE_RENEW_DEADLINE_SECONDS: "2",
        LEASE_RETRY_SECONDS: "0.5",
      },
    },
  });
  const replica = { process, url: `http://127.0.0.1:${metricsPort(process)}` };
  replicas.push(replica);
  return replica;
}

async function metric({ url }: Replica, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1]);
}

async function leads(replica: Replica): Promise<boolean> {
  return (await metric(replica, "strw_is_leader")) === 1;
}

const untilLeads = (replica: Replica) => vi.waitUntil(() => leads(replica), { timeout: 50_000, interval: 50 });

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  folder = temporaryFolder();
});

beforeEach(async () => {
  replicas = [];
  namespace = await api.makeNamespace();
});

afterEach(async () => {
  for (const { process } of replicas) await process.kill();
});

afterAll(() => {
  folder.remove();
  api.close();
});

test("a standby is ready and does not lead; it leads as soon as the leader is told to stop, whose lease does not have to expire", async () => {
  const one = await start("pod-1");
  await untilLeads(one);
  const two = await start("pod-2");
  expect((await fetch(`${two.url}/readyz`)).status).toBe(200);
  expect([await leads(one), await leads(two)]).toEqual([true, false]);
  const stopped = one.process.stop(10_000);
  await untilLeads(two);
  expect(readLog(one.process)).toContain('"msg":"the lease is released"');
  await stopped;
  expect(await one.process.exited).toBe("operator exited with code 0");
  expect(await metric(two, "strw_lease_transitions_total")).toBe(1);
});

test("a frozen leader is replaced, and exits when it finds out", async () => {
  const one = await start("pod-1");
  await untilLeads(one);
  const two = await start("pod-2");
  process.kill(one.process.pid, "SIGSTOP");
  await untilLeads(two);
  process.kill(one.process.pid, "SIGCONT");
  expect(await one.process.exited).toBe("operator exited with code 1");
  expect(readLog(one.process)).toContain("the leader lease is lost");
  expect(await leads(two)).toBe(true);
});

test("a killed leader is replaced when its lease ends", async () => {
  const one = await start("pod-1");
  await untilLeads(one);
  const two = await start("pod-2");
  await one.process.kill();
  await untilLeads(two);
  expect(await metric(two, "strw_is_leader")).toBe(1);
});
