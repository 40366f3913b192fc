/** docs/own-postgresql.md on a cluster: a PostgreSQL that the chart did not start, and everything between it and the engine over TLS. */
import { describe, expect, test } from "vitest";
import { damage, eventCount, isCorrupt, openDatabase, readTable, type TableState, waitForTable } from "./database.ts";
import { applyExample } from "./rewinds.ts";
import { readClusterSettings } from "./settings.ts";
import { applyTheirPostgresql, THEIRS } from "./their-postgresql.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const NAMESPACE = "strw-own-postgresql";
const RELEASE = "own";
const NAME = "own-streamtable-rewind";

const cluster = useNamespace(NAMESPACE, async (namespace) => {
  await namespace.helm(["uninstall", RELEASE, "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

const values = {
  watchNamespaces: [NAMESPACE],
  pgTrickle: { database: THEIRS.database },
  externalPostgres: {
    enabled: true,
    host: `${THEIRS.name}.${NAMESPACE}.svc`,
    caSecret: { name: "their-tls" },
    admin: { secretName: "their-admin" },
    lake: { sslRootCert: THEIRS.engineCa },
  },
};

describe.skipIf(cluster.skipped !== undefined)("a PostgreSQL of one's own", () => {
  const database = () => {
    const { name: pod, user, database: name } = THEIRS;
    return openDatabase(cluster.namespace(), { pod, container: "postgres", user, database: name });
  };

  const tableThat = (what: string, isSo: (state: TableState) => boolean) => waitForTable(database(), what, isSo);

  test("1. the chart brings pg_trickle into it; nothing of PostgreSQL is installed", async () => {
    describeOnFailure(cluster.namespace());
    const { images = "", tag = "" } = readClusterSettings(process.env) ?? {};
    const image = `${images}/pg-trickle-postgres:${tag}`;
    await applyTheirPostgresql(cluster.namespace(), { image, engineTls: `${NAME}-lake-tls` });
    await cluster.namespace().install(RELEASE, values);
    expect(await cluster.namespace().get("statefulset", `${NAME}-pg-trickle`)).toBeUndefined();
    const first = await tableThat("event_summary has events", (state) => eventCount(state) > 0);
    await tableThat("event_summary grows", (state) => eventCount(state) > eventCount(first));
  });

  test("2. every session is encrypted, in both directions", async () => {
    describeOnFailure(cluster.namespace());
    const sessions = await database().rows<{ usename: string; ssl: boolean }>(
      "select distinct usename, ssl from pg_stat_activity join pg_stat_ssl using (pid) where client_addr is not null and client_addr <> '127.0.0.1'",
    );
    const logins = ["pgtrickle_catalog", "timetravel_generator", "timetravel_scheduler"];
    expect(sessions.map(({ usename }) => usename)).toEqual(expect.arrayContaining(logins));
    expect(sessions.filter(({ ssl }) => !ssl)).toEqual([]);
    const servers = await database().rows<{ options: string[] }>("select srvoptions as options from pg_foreign_server");
    for (const { options } of servers) {
      expect(options).toEqual(expect.arrayContaining(["sslmode=verify-full", `sslrootcert=${THEIRS.engineCa}`]));
    }
  });

  test("3. an engine with a certificate of another authority is not spoken to", async () => {
    describeOnFailure(cluster.namespace());
    const trust = (path: string) => database().run(`alter server lake_engine options (set sslrootcert '${path}')`);
    const isReached = async () => (await database().rows("select pgtrickle.check_lake() as ok"))[0];
    expect(await isReached()).toEqual({ ok: true });
    await trust("/etc/their-tls/ca.crt");
    expect(await isReached()).toEqual({ ok: false });
    await trust(THEIRS.engineCa);
    expect(await isReached()).toEqual({ ok: true });
  });

  test("4. kubectl apply rolls a bad batch back", async () => {
    describeOnFailure(cluster.namespace());
    const good = await damage(database());
    expect(await applyExample(cluster.namespace(), good.snapshot ?? -1)).toMatchObject({
      status: { phase: "Succeeded" },
    });
    const after = await tableThat("the summary follows again", (state) => eventCount(state) > eventCount(good));
    expect(isCorrupt(after)).toBe(false);
  });

  test("5. the operator may read Secrets where it works and nowhere else", async () => {
    const as = `--as=system:serviceaccount:${NAMESPACE}:${NAME}-operator`;
    const mayIn = (namespace: string) =>
      cluster
        .namespace()
        .kubectl(["auth", "can-i", "get", "secrets", "--namespace", namespace, as])
        .catch((error: { stdout: string }) => error.stdout);
    expect((await mayIn(NAMESPACE)).trim()).toBe("yes");
    expect((await mayIn("kube-system")).trim()).toBe("no");
  });

  const deployment = `deployment/${NAME}-pg-trickle`;
  const kubectl = (...args: string[]) => cluster.namespace().kubectl(args);

  // Sessions of the old engine may never hear of its end: its address has gone.
  test.each([
    ["6. a new engine", () => kubectl("rollout", "restart", deployment)],
    [
      "7. an engine after one that was killed",
      () => kubectl("delete", "pod", "-l", "app.kubernetes.io/component=pg-trickle", "--grace-period=0", "--force"),
    ],
  ])("%s finds everything as it was", async (_, fault) => {
    describeOnFailure(cluster.namespace());
    const before = await readTable(database());
    await fault();
    await kubectl("rollout", "status", deployment, "--timeout=120s");
    const follows = (state: TableState) => state.status === "ACTIVE" && eventCount(state) > eventCount(before);
    await tableThat("the table follows again", follows);
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
