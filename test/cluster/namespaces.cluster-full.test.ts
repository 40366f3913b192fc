/** A namespace that is deleted with all that is in it, in the middle of a rewind: Secret, object and team are gone, and the table is nobody's. */
import { afterAll, describe, expect, test } from "vitest";
import type { Namespace } from "./cluster.ts";
import { damage, eventCount, isCorrupt, openDatabase, waitForTable } from "./database.ts";
import { applyExample, applySlowRewind, waitForPhase } from "./rewinds.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const [HERE, TEAM, RELEASE] = ["strw-namespaces", "strw-namespaces-team", "shared"];
const POD = `${RELEASE}-streamtable-rewind-pg-trickle-0`;

const cluster = useNamespace(HERE, async (namespace) => {
  await namespace.helm(["uninstall", RELEASE, "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

interface Secret {
  readonly data: Readonly<Record<string, string>>;
}

async function copySecret(name: string, from: Namespace, to: Namespace): Promise<void> {
  const secret = await from.get<Secret>("secret", name);
  await to.apply({ apiVersion: "v1", kind: "Secret", metadata: { name }, data: secret?.data });
}

describe.skipIf(cluster.skipped !== undefined)("a rewind whose namespace is deleted", () => {
  const team = () => cluster.inNamespace(TEAM);
  const database = () =>
    openDatabase(cluster.namespace(), { pod: POD, container: "postgres", database: "timetravel_demo" });

  afterAll(async () => {
    await team().kubectl(["delete", "namespace", TEAM, "--ignore-not-found", "--wait=false"]);
  });

  test("1. goes with it within minutes", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install(RELEASE, { generator: { intervalMs: 500 } });
    await team().kubectl(["delete", "namespace", TEAM, "--ignore-not-found", "--wait", "--timeout=120s"]);
    await team().kubectl(["create", "namespace", TEAM]);
    await copySecret("timetravel-db", cluster.namespace(), team());
    await waitForTable(database(), "event_summary has events", (state) => eventCount(state) > 0);
    const good = await damage(database());
    await applySlowRewind(team(), { name: "theirs", goodSnapshot: good.snapshot ?? -1, slowAt: "Rewind" });
    await waitForPhase(team(), "theirs", ["Rewinding"]);
    await team().kubectl(["delete", "namespace", TEAM, "--wait", "--timeout=180s"]);
    expect(await team().get("namespace", TEAM)).toBeUndefined();
  });

  test("2. and holds up nobody: the next one on the same table succeeds", async () => {
    describeOnFailure(cluster.namespace());
    const [good] = await database().rows<{ snapshot: number }>(
      `select max(snapshot_id) as snapshot from pgtrickle.snapshots('event_summary') where snapshot_id <
         (select min(snapshot_id) from pgtrickle.snapshots('event_summary') where rows_added = 1000)`,
    );
    expect(await applyExample(cluster.namespace(), good?.snapshot ?? -1)).toMatchObject({
      status: { phase: "Succeeded" },
    });
    const follows = (state: { status: string }) => state.status === "ACTIVE";
    expect(isCorrupt(await waitForTable(database(), "the table follows again", follows))).toBe(false);
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
