/** Fields of the spec that choose another way to the same rows, each seen to have its effect. */
import { beforeAll, describe, expect, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import type { Damage } from "../support/damage.ts";
import { type Rows, SECRET, statusOf, useOperatorStage } from "../support/operator-stage.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };

async function isGood(object: RewindObject): Promise<void> {
  expect(statusOf(object)).toMatchObject({ phase: "Succeeded" });
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
}

test("target.timestamp is resolved to a snapshot that the status shows", async () => {
  const incident = await stage().damage();
  const { rows } = await stage().pool.query<{ at: Date }>(
    "select snapshot_time as at from ducklake.ducklake_snapshot where snapshot_id = $1",
    [incident.bad],
  );
  const timestamp = new Date((rows[0]?.at.getTime() ?? 0) - 1).toISOString();
  const object = await stage().ended(await stage().apply(0, { target: { timestamp } }));
  await isGood(object);
  expect(statusOf(object)).toMatchObject({ target: { snapshotId: incident.good }, plan: { target: incident.good } });
});

test.each(["Full", "Journal"] as const)("strategy %s", async (strategy) => {
  const incident = await stage().damage();
  const object = await stage().ended(await stage().apply(incident.good, { strategy }));
  await isGood(object);
  expect(statusOf(object).tables).toMatchObject([{ strategy }]);
});

/** What was published of the table after the rewind, in order. */
async function published(incident: Damage): Promise<number[]> {
  const { rows } = await stage().pool.query<{ snapshot: number }>(
    `select to_snapshot::int as snapshot from pgtrickle.refresh_history
     where refresh_id > (select max(refresh_id) from pgtrickle.refresh_history where to_snapshot = $1)
     order by refresh_id`,
    [incident.good],
  );
  return rows.map(({ snapshot }) => snapshot);
}

describe("resume.replay", () => {
  test("Folded publishes the head once: the damage never comes back", async () => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, { resume: { replay: "Folded" } }));
    await isGood(object);
    expect(await published(incident)).toEqual([incident.bad + 1]);
  });

  test("Stepwise publishes each snapshot in order", async () => {
    const incident = await stage().damage();
    const object = await stage().ended(await stage().apply(incident.good, { resume: { replay: "Stepwise" } }));
    await isGood(object);
    expect(await published(incident)).toEqual([incident.bad, incident.bad + 1]);
  });
});

describe("several tables", () => {
  beforeAll(async () => {
    await stage().pool.query(
      "select pgtrickle.create_stream_table('public', 'event_total', 'select count(*) as events from lake.events', '1h', 'DIFFERENTIAL')",
    );
  });

  test("are rewound together, to one snapshot, or none of them", async () => {
    const incident = await stage().damage();
    await stage().pool.query("select pgtrickle.refresh('public.event_total', 'DIFFERENTIAL')");
    const streamTables = ["public.event_summary", "public.event_total"];
    const wrong = { verification: { assertions: [{ name: "wrong", sql: "select events = 60 from event_total" }] } };
    const failed = await stage().ended(await stage().apply(incident.good, { streamTables, ...wrong }));
    expect(statusOf(failed)).toMatchObject({ phase: "Failed", reason: "AssertionFailed" });
    expect((await stage().table()).snapshot).toBe(incident.bad);

    const right = { verification: { assertions: [{ name: "right", sql: "select events = 40 from event_total" }] } };
    const object = await stage().ended(await stage().apply(incident.good, { streamTables, ...right }));
    await isGood(object);
    expect(statusOf(object).tables).toMatchObject(
      streamTables.map((name) => ({
        name,
        contentsSnapshotIdBefore: incident.bad,
        contentsSnapshotId: incident.bad + 1,
      })),
    );
  });
});

test("a Secret with host, port, dbname, user and password instead of a uri", async () => {
  const incident = await stage().damage();
  const { hostname, port, pathname, username, password } = new URL(stage().database.url);
  const name = `${SECRET}-parts`;
  await stage().secret(name, { host: hostname, port, dbname: pathname.slice(1), user: username, password });
  await isGood(await stage().ended(await stage().apply(incident.good, { database: { secretRef: { name } } })));
});
