/** What a person reads of a rewind with kubectl, of a real API server and a real operator. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createKubectl, type Kubectl } from "../demo/kubectl.ts";
import { startOperator } from "../stack/operator.ts";
import { type StackProcess, type TemporaryFolder, temporaryFolder } from "../stack/processes.ts";
import { kubectlRows } from "../test/support/kubectl-table.ts";
import { makeObserved, makeSpec, makeSpecInput, type ObservedOverrides } from "../test/support/make-observed.ts";
import { makeWorld, modelTarget, observeModel } from "../test/support/model-world.ts";
import type {} from "../test/support/provided.ts";
import { installRewinds, makeRewind, makeSecret } from "../test/support/rewinds.ts";
import { until } from "../test/support/until.ts";
import { connect, KubeApi } from "../test/support/widgets.ts";
import { decide } from "./core/decide.ts";
import type { StepFact, TableState } from "./core/observed.ts";
import type { RewindObject } from "./gather.ts";
import type { Kubernetes } from "./kube/kubernetes.ts";
import { streamTableRewinds } from "./kube/resources.ts";

const { assets, kubeconfig } = inject("kube");

let api: KubeApi;
let kubernetes: Kubernetes;
let kubectl: Kubectl;

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  kubernetes = connect(kubeconfig);
  kubectl = createKubectl({ assets, kubeconfig });
});

afterAll(() => {
  kubernetes.close();
  api.close();
});

const tables = Array.from({ length: 5 }, (_, i) => `public.table_${i}`);

/** A step that moved the table, or found it so. */
const step = (name: StepFact["name"], sides: { before?: TableState[]; after?: TableState[] }): StepFact => ({
  ...{ name, attempt: 1, outcome: "Done" as const, before: [], after: [] },
  ...sides,
});

/** A rewind from 57 to 42, and its replay to 61. */
const replayed = {
  ...observeModel(makeWorld({ operation: { token: 1, outcome: "Succeeded" }, snapshotId: 61 })),
  steps: [
    step("Pause", { before: [{ name: "public.event_summary", snapshotId: 57 }] }),
    step("Rewind", { after: [{ name: "public.event_summary", snapshotId: modelTarget }] }),
    step("Replay", { after: [{ name: "public.event_summary", snapshotId: 61 }] }),
    step("Release", { after: [{ name: "public.event_summary", snapshotId: 61 }] }),
  ],
};

test("kubectl get: tables as text, FROM and TO of the rewind whatever the replay did then", async () => {
  const namespace = await api.makeNamespace();
  const rewinds = kubernetes.client.resource<RewindObject>(streamTableRewinds);
  const told: Readonly<Record<string, ObservedOverrides>> = {
    "1-unread": {},
    "2-many": { spec: makeSpec({ streamTables: tables }), world: { kind: "unasked" } },
    "3-done": { world: replayed },
  };
  for (const [name, observed] of Object.entries(told)) {
    const object = await makeRewind(api, { namespace, name, spec: makeSpecInput() });
    if (name !== "1-unread") await rewinds.patchStatus(object, decide(makeObserved(observed)).status);
  }
  expect(kubectlRows(await kubectl.run(["get", "strw", "-n", namespace]))).toEqual([
    { NAME: "1-unread", TABLES: "", TARGET: "", PHASE: "", FROM: "", TO: "", LAG: "", AGE: expect.any(String) },
    {
      ...{ NAME: "2-many", TABLES: "public.table_0, public.table_1, public.table_2 and 2 more", TARGET: "" },
      ...{ PHASE: "Pending", FROM: "", TO: "", LAG: "", AGE: expect.any(String) },
    },
    {
      ...{ NAME: "3-done", TABLES: "public.event_summary", TARGET: "42", PHASE: "Succeeded", FROM: "57", TO: "42" },
      ...{ LAG: "0", AGE: expect.any(String) },
    },
  ]);
});

describe("kubectl get -o wide of a rewind whose database cannot be reached", () => {
  let operator: StackProcess;
  let folder: TemporaryFolder;
  let namespace: string;

  beforeAll(async () => {
    namespace = await api.makeNamespace();
    folder = temporaryFolder();
    operator = await startOperator({
      ...{ kubeconfig, metricsAddress: "127.0.0.1:0", namespaces: [namespace] },
      logFile: join(folder.path, "operator.log"),
    });
  });

  afterAll(async () => {
    await operator.stop();
    folder.remove();
  });

  const message = (name: string, wanted: RegExp) =>
    until(async () => {
      const rows = kubectlRows(await kubectl.run(["get", "strw", name, "-n", namespace, "-o", "wide"]));
      return wanted.test(rows[0]?.["MESSAGE"] ?? "") && rows[0];
    });

  const apply = (name: string, secret: string, more: object = {}) =>
    makeRewind(api, {
      namespace,
      name,
      spec: { ...makeSpecInput(), database: { secretRef: { name: secret } }, ...more },
    });

  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

  test("names the host, the Secret and the next try, and nothing that is secret", async () => {
    await makeSecret(api, namespace, "nowhere", { uri: "postgresql://somebody:hunter2@127.0.0.1:1/lake" });
    await apply("waiting", "nowhere");
    const row = await message(
      "waiting",
      new RegExp(
        `^database 127\\.0\\.0\\.1:1 of Secret ${namespace}/nowhere: connect ECONNREFUSED 127\\.0\\.0\\.1:1\\. Next try at ${time} \\(failure \\d+ in a row\\)$`,
      ),
    );
    expect(row).toMatchObject({ REASON: "DatabaseUnreachable", PHASE: "Pending", TABLES: "public.event_summary" });
    expect(JSON.stringify(row)).not.toMatch(/hunter2|somebody|lake"/);
  });

  test("says of one that is given up what to do", async () => {
    await apply("given-up", "nowhere", { backoffLimit: 0 });
    const row = await message("given-up", /delete this object and apply it again\.$/);
    expect(row).toMatchObject({ REASON: "BackoffLimitExceeded", PHASE: "Failed" });
    expect(row["MESSAGE"]).toBe(
      `Connect failed once (backoffLimit 0). Last error: database 127.0.0.1:1 of Secret ${namespace}/nowhere: connect ECONNREFUSED 127.0.0.1:1. ` +
        "Nothing was changed. It is not tried again: mend the Secret or the database, then delete this object and apply it again.",
    );
  });

  test("says which Secret is missing, and how long it is waited for", async () => {
    await apply("secretless", "none");
    const row = await message("secretless", /twice a second/);
    expect(row["MESSAGE"]).toMatch(
      new RegExp(
        `^there is no Secret ${namespace}/none \\(spec\\.database\\.secretRef\\)\\. It is looked for twice a second until ${time}; then the rewind fails$`,
      ),
    );
  });
});
