/** A scrub beside a rewind: the rewind's tables are not scrubbed while it holds them, and what was healed before is told at its object. */
import { Client } from "pg";
import { expect, test } from "vitest";
import { TABLE } from "../support/damage.ts";
import { statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { failure } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();

async function force(statement: string): Promise<void> {
  const client = new Client({ connectionString: stage().database.url });
  await client.connect();
  await client.query("set session_replication_role = replica");
  await client.query(statement);
  await client.end();
}

test("a table that is healed while its rewind awaits approval is told by an event, and in the status", async () => {
  const { good } = await stage().damage();
  const object = await stage().reachesPhase(
    await stage().apply(good, { approval: { mode: "Manual" } }),
    "AwaitingApproval",
  );
  await force("update public.event_summary set event_count = 1 where event_type = 'click'");
  await stage().pool.query("select pgtrickle.scrub($1)", [TABLE]);
  // Looked at anew at once, not in half a minute.
  await stage().change(object, { ttlSecondsAfterFinished: 3600 });
  const told = await until(async () => (await stage().events(object)).find(({ reason }) => reason === "DriftHealed"));
  expect(told).toMatchObject({
    type: "Warning",
    note: expect.stringMatching(/^public\.event_summary was not its query/),
  });
  expect(told.note).toMatch(/: damage: 3 rows at snapshot \d+, the query gives 3; 1 missing, 1 unexpected/);
  const seen = await stage().reaches(object, (live) => statusOf(live).tables?.[0]?.lastDriftAt !== undefined);
  expect(statusOf(seen).phase).toBe("AwaitingApproval");
});

test("a table that a rewind holds is not scrubbed", async () => {
  const { good } = await stage().damage();
  const held = { approval: { mode: "Manual", hold: true } } as const;
  const object = await stage().reachesPhase(await stage().apply(good, held), "AwaitingApproval");
  const { code, message } = await failure(stage().pool.query("select pgtrickle.scrub($1)", [TABLE]));
  expect(code).toBe("TR008");
  expect(message).toBe(
    `cannot scrub: stream table public.event_summary is paused by rewind:${stage().namespace}/${object.metadata.name}`,
  );
});
