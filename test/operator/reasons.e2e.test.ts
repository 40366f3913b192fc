/** Why a rewind cannot be: each failure has its own reason and its way out, and what needs nothing of the lake goes on without it. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import { loseFile } from "../../pg_trickle/lake/testing/broken-lake.ts";
import { type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
/** Left at the target, so that nothing of the lake is needed afterwards. */
const stay: Spec = { resume: { policy: "Never" } };

async function apply(target: number, spec: Spec) {
  const {
    phase,
    reason,
    message = "",
    ...rest
  } = statusOf(await stage().ended(await stage().apply(target, { ...spec, repair: undefined })));
  return { phase, reason, message, ...rest };
}

describe("a data file that the target needs is lost", () => {
  test.each(["Auto", "Journal"] as const)("strategy %s needs no file", async (strategy) => {
    const incident = await stage().damage();
    const putBack = loseFile(stage().database.dataPath, "events", -2);
    const status = await apply(incident.good, { ...stay, strategy });
    putBack();
    expect(status).toMatchObject({ phase: "Succeeded", tables: [{ strategy: "Journal" }] });
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good });
  });

  test("strategy Full is refused at once, with the file", async () => {
    const incident = await stage().damage();
    const before = await stage().table();
    const putBack = loseFile(stage().database.dataPath, "events", -2);
    const { phase, reason, message, retry } = await apply(incident.good, { strategy: "Full" });
    putBack();
    expect({ phase, reason, retry }).toEqual({ phase: "Failed", reason: "LakeDamaged", retry: undefined });
    expect(message).toMatch(
      /\.parquet.*No such file.*Restore it from a backup.*strategy Journal.*Everything was undone/,
    );
    expect(await stage().table()).toEqual(before);
  });
});

describe("a data file that the replay needs is lost, after a rewind by the undo journal that needs none", () => {
  const lost = async (spec: Spec) => {
    const incident = await stage().damage();
    const putBack = loseFile(stage().database.dataPath, "events", -1);
    const status = await apply(incident.good, { strategy: "Auto", resume: { policy: "Automatic" }, ...spec });
    expect(status).toMatchObject({ phase: "Failed", reason: "LakeDamaged", tables: [{ strategy: "Journal" }] });
    expect(status.retry).toBeUndefined();
    expect(status.message).toMatch(/main\/events\/ducklake-.*\.parquet.*No such file.*Restore it from a backup/);
    return { incident, status, putBack };
  };

  test("failurePolicy Hold keeps the rows of the target, says so, and a resume goes on once the file is back", async () => {
    const { incident, status, putBack } = await lost({ failurePolicy: "Hold" });
    expect(status.message).toContain(
      `public.event_summary stays paused with the rows of snapshot ${incident.good} (failurePolicy Hold). To go on, apply another StreamTableRewind`,
    );
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, status: "PAUSED" });
    putBack();
    await stage().pool.query("select pgtrickle.resume_scheduler(array['event_summary'])");
    await stage().pool.query("select pgtrickle.refresh('event_summary')");
    expect(await stage().table()).toMatchObject({ snapshot: incident.good + 1, holds: [] });
  });

  test("failurePolicy Resume gives the table back with those rows", async () => {
    const { incident, status, putBack } = await lost({ failurePolicy: "Resume" });
    putBack();
    expect(status.message).toContain(
      `The rewind to snapshot ${incident.good} stays and refreshing goes on (failurePolicy Resume).`,
    );
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, holds: [] });
  });
});

describe("a dry run is planned by the strategy of its spec", () => {
  test("and refused where that one does not lead there", async () => {
    const { good: target } = await stage().damage();
    const { phase, reason, message } = await apply(target - 1, { dryRun: true, strategy: "Journal" });
    expect({ phase, reason }).toEqual({ phase: "Failed", reason: "StrategyNotPossible" });
    expect(message).toMatch(
      /cannot get from snapshot \d+ to \d+ by strategy Journal.*Use strategy Auto\. Nothing was changed/,
    );
  });

  test.each(["Full", "Journal"] as const)("which is shown: %s", async (strategy) => {
    const { good: target } = await stage().damage();
    const { phase, plan } = await apply(target, { dryRun: true, strategy });
    expect({ phase, strategy: plan?.tables[0]?.strategy }).toEqual({ phase: "Planned", strategy });
  });
});

describe("a snapshot that has expired and that the undo journal reaches", () => {
  async function expired(): Promise<number> {
    const { good: target } = await stage().damage();
    const duckdb = await stage().database.duckdb({ readOnly: false });
    await duckdb.run(`call ducklake_expire_snapshots('lake', versions => [${target}])`);
    duckdb.close();
    return target;
  }

  test.each(["Auto", "Journal"] as const)("is reached by strategy %s", async (strategy) => {
    const target = await expired();
    expect(await apply(target, { ...stay, strategy })).toMatchObject({ phase: "Succeeded" });
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: target });
  });

  test.each(["Auto", "Journal"] as const)("is planned by strategy %s", async (strategy) => {
    const target = await expired();
    const { phase, plan } = await apply(target, { dryRun: true, strategy });
    expect({ phase, strategy: plan?.tables[0]?.strategy }).toEqual({ phase: "Planned", strategy: "Journal" });
  });

  test("is refused by strategy Full", async () => {
    const target = await expired();
    const { phase, reason, message } = await apply(target, { strategy: "Full" });
    expect({ phase, reason }).toEqual({ phase: "Failed", reason: "SnapshotExpired" });
    expect(message).toContain(`the lake no longer has snapshot ${target}: it was expired`);
  });
});

test("a snapshot at which the lake had no such column is refused at once, with the column", async () => {
  const duckdb = await stage().database.duckdb({ readOnly: false });
  await duckdb.run("create table lake.main.al (k varchar)");
  await duckdb.run("insert into lake.main.al values ('a')");
  const target = await stage().head();
  await duckdb.run("alter table lake.main.al add column w integer default 7");
  duckdb.close();
  await stage().pool.query(
    `create foreign table lake.al (k text, w int) server lake options (schema_name 'main', table_name 'al');
     select pgtrickle.create_stream_table('al_w', 'select w, count(*) as n from lake.al group by w')`,
  );
  const spec: Spec = { streamTables: ["public.al_w"], verification: { assertions: [] } };
  const { phase, reason, message, retry } = await apply(target, spec);
  expect({ phase, reason, retry }).toEqual({ phase: "Failed", reason: "SourceDropped", retry: undefined });
  expect(message).toContain(`lake table main.al had no column w at snapshot ${target}`);
});

test("one table in two spellings is refused with both", async () => {
  const { good: target } = await stage().damage();
  const { phase, reason, message } = await apply(target, { streamTables: ["event_summary", "public.event_summary"] });
  expect({ phase, reason }).toEqual({ phase: "Failed", reason: "InvalidSpec" });
  expect(message).toMatch(
    /streamTables names public\.event_summary twice, as event_summary and as public\.event_summary/,
  );
});

test("a time that has not come yet by the database's clock is waited for", async () => {
  const { bad } = await stage().damage();
  const { rows } = await stage().pool.query<{ at: Date }>("select clock_timestamp() + interval '1.5 s' as at");
  const timestamp = rows[0]?.at.toISOString() ?? "";
  const { phase, target } = await apply(0, { target: { timestamp }, dryRun: true });
  expect({ phase, target: target?.snapshotId }).toEqual({ phase: "Planned", target: bad });
});
