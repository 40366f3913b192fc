/**
 * Two objects that hold their tables while they wait for a person, deleted together with their Secret: both go within two
 * minutes. One table is taken over by the next rewind, the other one by resume_scheduler. The waiting is real.
 */
import { beforeAll, expect, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import { type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const OTHER = "public.event_total";
let target: number;
let approval: RewindObject;
let resume: RewindObject;

async function statusOfOther(): Promise<{ readonly status: string; readonly holds: readonly string[] }> {
  const { rows } = await stage().pool.query<{ status: string; holds: string[] }>(
    "select status, to_jsonb(holds) as holds from pgtrickle.pgt_stream_tables where pgt_name = 'event_total'",
  );
  return rows[0] ?? { status: "none", holds: [] };
}

beforeAll(async () => {
  target = (await stage().damage()).good;
  await stage().pool.query(
    `select pgtrickle.create_stream_table('public', 'event_total',
       'select count(*) as events from lake.events', '1h', 'DIFFERENTIAL')`,
  );
  await stage().secret("leaves", { uri: stage().database.url });
  const database = { secretRef: { name: "leaves" } };
  approval = await stage().apply(target, { database, approval: { mode: "Manual", hold: true } });
  const other = { database, streamTables: [OTHER], repair: undefined, verification: {} };
  resume = await stage().apply(target, { ...other, resume: { policy: "Manual" } });
  await stage().reachesPhase(approval, "AwaitingApproval");
  await stage().reachesPhase(resume, "AwaitingResume");
  await stage().deleteSecret("leaves");
  for (const object of [approval, resume]) await stage().rewinds.delete(object);
});

test("both go, and leave their tables paused", async () => {
  for (const object of [approval, resume]) await stage().gone(object);
  expect(await stage().table()).toMatchObject({ status: "PAUSED", holds: [stage().holdOf(approval)] });
  expect(await statusOfOther()).toEqual({ status: "PAUSED", holds: [stage().holdOf(resume)] });
});

test("the next rewind of the one table takes the hold over", async () => {
  expect(statusOf(await stage().ended(await stage().apply(target))).phase).toBe("Succeeded");
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});

test("resume_scheduler takes over the other one's, once its operator was silent for two minutes", async () => {
  await until(async () => {
    await stage().pool.query("select pgtrickle.resume_scheduler(array[$1])", [OTHER]);
    return (await statusOfOther()).holds.length === 0;
  });
  expect(await stage().claimOwners()).toEqual([]);
});
