/** The lake gives other rows at the target than were published there; and a row that the table's query cannot compute. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Damage } from "../support/damage.ts";
import { CORRUPTED } from "../support/damage.ts";
import { condition, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { insertEvents } from "../support/summary-table.ts";

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const bothSides =
  /public\.event_summary: the lake gives 3 rows there now \(fingerprint 3-\w+, among them .*CORRUPTED_EVENT.*\), and refresh \d+ published 2 rows \(fingerprint 2-\w+\) at .*Z; /;

/** The commit of the damage is dated back to the snapshot that was good: the past is changed, the head is not. */
async function changePast({ good: snapshot }: Damage): Promise<void> {
  await stage().pool.query(
    `set session_replication_role = replica;
     update ducklake.ducklake_data_file set begin_snapshot = ${snapshot}
     where data_file_id = (select max(data_file_id) from ducklake.ducklake_data_file);
     reset session_replication_role`,
  );
}

describe("where the lake contradicts what was published at the target", () => {
  let incident: Damage;
  beforeEach(async () => {
    incident = await stage().damage();
    await changePast(incident);
    expect(Object.keys(await stage().truthAt(incident.good))).toContain(CORRUPTED);
  });

  test("Auto takes the published rows, and plan and conditions have both sides", async () => {
    const object = await stage().ended(await stage().apply(incident.good));
    const status = statusOf(object);
    expect(status).toMatchObject({ phase: "Succeeded" });
    expect(status.plan?.tables[0]?.contradiction).toMatchObject({ recorded: { rowCount: 2 }, lake: { rowCount: 3 } });
    expect(status.tables?.[0]).toMatchObject({
      ...{ strategy: "Journal", rowCount: 2 },
      contradiction: { taken: "recorded", recorded: { rowCount: 2 }, lake: { rowCount: 3 } },
    });
    expect(condition(object, "Planned")?.message).toMatch(bothSides);
    expect(condition(object, "Verified")?.message).toMatch(bothSides);
    expect(condition(object, "Verified")?.message).toMatch(/the published rows were taken$/);
    expect((await stage().table()).rows).toEqual(good);
  });

  test("Full is refused for good before anything is changed, with both sides and the ways out", async () => {
    const before = await stage().table();
    const object = await stage().ended(await stage().apply(incident.good, { strategy: "Full" }));
    const { message = "", steps, retry } = statusOf(object);
    expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "EvidenceContradicted" });
    expect(message).toMatch(
      /the lake gives 3 row\(s\) now \(fingerprint 3-.* refresh \d+ published 2 row\(s\) \(fingerprint 2-/,
    );
    expect(message).toMatch(/Strategy Journal brings back the rows.*spec\.acceptContradiction.*Everything was undone/);
    expect(condition(object, "Stalled")).toMatchObject({ status: "True", reason: "EvidenceContradicted", message });
    expect(condition(object, "Planned")?.message).toMatch(/the rewind will be refused/);
    expect(steps?.find(({ name }) => name === "Rewind")).toMatchObject({ state: "Failed", attempts: 1 });
    expect(retry).toBeUndefined();
    expect(await stage().table()).toEqual(before);
  });

  test("the lake's word is taken if the object accepts it, and that is on record", async () => {
    const spec = { acceptContradiction: true, verification: undefined, repair: undefined };
    const object = await stage().ended(await stage().apply(incident.good, spec));
    const status = statusOf(object);
    expect(status).toMatchObject({ phase: "Succeeded" });
    expect(status.tables?.[0]).toMatchObject({ strategy: "Full", rowCount: 3, contradiction: { taken: "lake" } });
    expect(condition(object, "Verified")?.message).toMatch(/the lake's rows were published, as accepted$/);
    const { rows } = await stage().pool.query(
      "select reason from pgtrickle.refresh_history where action = 'Rewind' order by refresh_id desc limit 1",
    );
    expect(rows[0]?.reason).toMatch(/published 2 row\(s\).*the lake's word was taken$/);
  });

  test("a dry run shows it", async () => {
    const object = await stage().ended(await stage().apply(incident.good, { dryRun: true, strategy: "Full" }));
    expect(statusOf(object)).toMatchObject({ phase: "Planned", message: expect.stringMatching(bothSides) });
    expect(condition(object, "Planned")?.message).toMatch(bothSides);
  });

  test("a dry run that accepts the lake's word plans by the lake, as the rewind goes", async () => {
    const spec = { dryRun: true, acceptContradiction: true, verification: undefined, repair: undefined };
    const object = await stage().ended(await stage().apply(incident.good, spec));
    expect(statusOf(object)).toMatchObject({ phase: "Planned", plan: { tables: [{ strategy: "Full" }] } });
    expect(condition(object, "Planned")?.message).toMatch(/; the lake's rows will be published/);
  });
});

test("a row that the query cannot compute is told as such, with step, snapshot and SQLSTATE, not as an assertion", async () => {
  const { good: before } = await stage().damage();
  await stage().pool.query(
    "select pgtrickle.create_stream_table('public', 'scaled', 'select event_type, sum(value * 1000000000000000) as s from lake.events group by event_type', '1h', 'DIFFERENTIAL')",
  );
  await insertEvents(stage().pool, "click", 1, 10_000);
  const spec = { streamTables: ["public.scaled"], verification: undefined, repair: undefined };
  const object = await stage().ended(await stage().apply(before, spec));
  expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "QueryFailed" });
  expect(statusOf(object).message).toMatch(
    /^replay: the query of stream table public\.scaled cannot be computed at snapshot \d+: .*SQLSTATE 22003.*spec\.repair/,
  );
  expect(condition(object, "Stalled")).toMatchObject({ status: "True", reason: "QueryFailed" });
  expect(condition(object, "Rewound")).toMatchObject({ status: "True" });
  await stage().rewinds.delete(object);
  await stage().gone(object);
});
