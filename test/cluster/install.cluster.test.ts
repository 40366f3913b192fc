/** The chart on an empty cluster: the whole demo, its rollback by kubectl, a database pod that goes, an upgrade, the end. */
import { describe, expect, test } from "vitest";
import { waitFor } from "../../demo/wait.ts";
import {
  type ClusterDatabase,
  damage,
  eventCount,
  isCorrupt,
  openDatabase,
  readTable,
  type TableState,
  waitForTable,
} from "./database.ts";
import { applyExample } from "./rewinds.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const RELEASE = "strw";
const NAME = "strw-streamtable-rewind";
const POD = `${NAME}-pg-trickle-0`;
const GROWTH_MS = 60_000;

interface Marks {
  readonly identity: string;
  readonly seeds: string;
  readonly created: string;
}

const cluster = useNamespace("strw-e2e", async (namespace) => {
  await namespace.helm(["uninstall", RELEASE, "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

/** What a new initialisation would change. */
async function readMarks(database: ClusterDatabase): Promise<Marks> {
  const [marks] = await database.rows<Marks>(
    `select (select system_identifier::text from pg_control_system()) as identity,
       (select string_agg(name || seeded_at, ',' order by name) from pgtrickle_bootstrap.seeds) as seeds,
       'public.event_summary'::regclass::oid::text as created`,
  );
  if (!marks) throw new Error("no marks");
  return marks;
}

describe.skipIf(cluster.skipped !== undefined)("the chart on a cluster", () => {
  const database = () =>
    openDatabase(cluster.namespace(), { pod: POD, container: "postgres", database: "timetravel_demo" });
  const podUid = async (name: string) =>
    (await cluster.namespace().get<{ metadata: { uid: string } }>("pod", name))?.metadata.uid;

  const tableThat = (what: string, isSo: (state: TableState) => boolean) => waitForTable(database(), what, isSo);

  test("1. helm install --wait: the demo runs and its table follows the generator", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install(RELEASE);
    const first = await tableThat("event_summary has events", (state) => eventCount(state) > 0);
    const next = await tableThat("event_summary grows", (state) => eventCount(state) > eventCount(first));
    expect(next.status).toBe("ACTIVE");
    expect(await cluster.namespace().helm(["test", RELEASE, "--timeout", "2m"])).toContain("Succeeded");
  });

  test("2. kubectl apply rolls a bad batch back", async () => {
    describeOnFailure(cluster.namespace());
    const good = await damage(database());
    const rewind = await applyExample(cluster.namespace(), good.snapshot ?? -1);
    expect(rewind).toMatchObject({ status: { phase: "Succeeded" } });
    expect(rewind.status?.conditions).toContainEqual(expect.objectContaining({ type: "Verified", status: "True" }));
    const after = await tableThat("the summary follows again", (state) => eventCount(state) > eventCount(good));
    expect(isCorrupt(after)).toBe(false);
    expect(await database().rows("select ok from pgtrickle.verify('public.event_summary')")).toEqual([{ ok: true }]);
    expect(
      await database().rows("select count(*) as bad from lake.events where event_type = 'CORRUPTED_EVENT'"),
    ).toEqual([{ bad: 0 }]);
  });

  test("3. a deleted database pod comes back with its data, initialised once", async () => {
    describeOnFailure(cluster.namespace());
    const [marks, before] = [await readMarks(database()), await readTable(database())];
    const uid = await podUid(POD);
    const lastWords = cluster.namespace().kubectl(["logs", POD, "-c", "postgres", "-f", "--since=1s"]);
    await cluster.namespace().kubectl(["delete", "pod", POD, "--wait"]);
    // PostgreSQL is the last to go: engine and scheduler have left by themselves.
    expect(await lastWords).toContain("database system is shut down");
    expect(await lastWords).not.toMatch(/(?:pgtrickle_catalog|timetravel_scheduler)@.*FATAL/);
    const wanted = async () => ((await podUid(POD)) ?? uid) !== uid || undefined;
    await waitFor(wanted, { what: "a new pod", timeoutMs: GROWTH_MS });
    await cluster.namespace().kubectl(["wait", "--for=condition=Ready", `pod/${POD}`, "--timeout=120s"]);
    expect(await readMarks(database())).toEqual(marks);
    const grown = (state: TableState) => state.status === "ACTIVE" && eventCount(state) > eventCount(before);
    await tableThat("the table follows again", grown);
    const log = await cluster.namespace().kubectl(["logs", POD, "-c", "postgres"]);
    expect(log).toContain("database system was shut down at");
    expect(log).not.toContain("was not properly shut down");
  });

  test("4. an upgrade that changes nothing restarts nothing and keeps the passwords", async () => {
    describeOnFailure(cluster.namespace());
    const secret = () => cluster.namespace().get<{ data: object }>("secret", `${NAME}-pg-trickle`);
    const [uid, passwords] = [await podUid(POD), (await secret())?.data];
    await cluster.namespace().install(RELEASE);
    expect(await podUid(POD)).toBe(uid);
    expect((await secret())?.data).toEqual(passwords);
  });

  test("5. helm uninstall leaves the resource definition, the objects, the volumes and their passwords", async () => {
    describeOnFailure(cluster.namespace());
    const before = await readTable(database());
    const marks = await readMarks(database());
    await cluster.namespace().helm(["uninstall", RELEASE, "--wait", "--timeout", "2m"]);
    expect(await cluster.namespace().get("crd", CRD)).toBeDefined();
    expect(await cluster.namespace().get("streamtablerewind", "rollback-corrupted-events")).toBeDefined();
    for (const volume of ["postgres", "lake"]) {
      expect(await cluster.namespace().get("pvc", `${volume}-${POD}`), volume).toBeDefined();
    }
    await cluster.namespace().install(RELEASE);
    expect(await readMarks(database())).toEqual(marks);
    await tableThat("the table goes on where it was", (state) => eventCount(state) > eventCount(before));
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
