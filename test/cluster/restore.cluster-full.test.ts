/** pg_dump and the lake's files into a new release: it stands still until it is adopted, and then tells the same past. */
import { describe, expect, test } from "vitest";
import { waitFor } from "../../demo/wait.ts";
import { eventCount, openDatabase, readTable, type TableState, waitForTable } from "./database.ts";
import { describeOnFailure, useNamespace } from "./use-namespace.ts";

const DATABASE = "timetravel_demo";
const POD = (release: string) => `${release}-streamtable-rewind-pg-trickle-0`;
const READY_MS = 120_000;

const cluster = useNamespace("strw-restore", async (namespace) => {
  for (const release of ["old", "new"]) {
    await namespace.helm(["uninstall", release, "--ignore-not-found", "--wait"]);
  }
});

/** Without an operator: what is asked here is asked of the database. */
const values = { crds: { enabled: false }, operator: { enabled: false } };
const emptyValues = {
  ...values,
  generator: { enabled: false },
  pgTrickle: { seed: { enabled: false }, connectionSecret: { create: false } },
};

describe.skipIf(cluster.skipped !== undefined)("a dump in a new release", () => {
  const database = (release: string) =>
    openDatabase(cluster.namespace(), { pod: POD(release), container: "postgres", database: DATABASE });
  const inside = (release: string, container: string, command: string, input = "") =>
    cluster.namespace().kubectl(["exec", "-i", POD(release), "-c", container, "--", "sh", "-c", command], input);
  const asSuperuser = (command: string) => `PGPASSWORD="$POSTGRES_PASSWORD" ${command} -h 127.0.0.1 -U postgres`;
  let past: TableState;
  let present: TableState;

  test("1. a release with a past, which stops writing", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install("old", { ...values, generator: { intervalMs: 500 } });
    past = await waitForTable(database("old"), "it has events", (state) => eventCount(state) > 0);
    await waitForTable(database("old"), "it has more", (state) => eventCount(state) > eventCount(past) + 200);
    await cluster.namespace().install("old", { ...values, generator: { enabled: false } });
    await database("old").run("select pgtrickle.pause_scheduler(array['public.event_summary'])");
    present = await readTable(database("old"));
    expect(present.snapshot).toBeGreaterThan(past.snapshot ?? 0);
  });

  test("2. database and files are restored into another one", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install("new", emptyValues);
    const dump = await inside("old", "postgres", asSuperuser(`pg_dump -d ${DATABASE}`));
    const files = await inside("old", "lake", "tar -C /var/lib/pgtrickle -c data | base64");
    const recreate = `${asSuperuser("psql -q -v ON_ERROR_STOP=1")} -d postgres`;
    await inside("new", "postgres", recreate, `drop database ${DATABASE} with (force);\ncreate database ${DATABASE};`);
    await inside("new", "postgres", `${asSuperuser("psql -q -v ON_ERROR_STOP=1")} -d ${DATABASE}`, dump);
    await inside("new", "lake", "base64 -d | tar -C /var/lib/pgtrickle -x", files);
    // The dump has the other release's passwords; the bootstrap brings this one's.
    await cluster.namespace().kubectl(["delete", "pod", POD("new"), "--wait"]);
    const isReady = async () => (await readTable(database("new")).catch(() => undefined)) !== undefined || undefined;
    await waitFor(isReady, { what: "the restored database answers", timeoutMs: READY_MS });
    await cluster.namespace().kubectl(["wait", "--for=condition=Ready", `pod/${POD("new")}`, "--timeout=120s"]);
  });

  test("3. it stands still, and says what to do", async () => {
    describeOnFailure(cluster.namespace());
    expect(await readTable(database("new"))).toEqual({ ...present, status: "PAUSED" });
    const refused = database("new").run("select pgtrickle.refresh('public.event_summary', 'FULL')");
    await expect(refused).rejects.toThrow(/adopt\(\)/);
  });

  test("4. adopted, it goes back to the same rows with the same fingerprint, and on to the present", async () => {
    describeOnFailure(cluster.namespace());
    await database("new").run("select pgtrickle.adopt()");
    const rewind = `select to_snapshot, row_count, fingerprint from pgtrickle.rewind(array['public.event_summary'], ${past.snapshot})`;
    const [there, here] = [await database("old").rows(rewind), await database("new").rows(rewind)];
    expect(here).toMatchObject([{ to_snapshot: past.snapshot, fingerprint: expect.any(String) }]);
    expect(here).toEqual(there);
    expect((await readTable(database("new"))).summary).toEqual(past.summary);
    await database("new").run("select pgtrickle.resume_scheduler(array['public.event_summary'])");
    const now = await waitForTable(database("new"), "it follows again", ({ status }) => status === "ACTIVE");
    const caughtUp = (state: TableState) => eventCount(state) >= eventCount(present);
    expect(eventCount(now)).toBeGreaterThanOrEqual(eventCount(past));
    await waitForTable(database("new"), "it has all events", caughtUp);
    expect(await database("new").rows("select ok from pgtrickle.verify('public.event_summary')")).toEqual([
      { ok: true },
    ]);
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
