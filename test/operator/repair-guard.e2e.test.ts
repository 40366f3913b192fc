/** Repair SQL changes the source and nothing else: neither the operation log, nor the table, nor the transaction around it. */
import { beforeAll, describe, expect, test } from "vitest";
import { TABLE } from "../support/damage.ts";
import { deleteCorrupted, type Rows, SECRET, statusOf, useOperatorStage } from "../support/operator-stage.ts";

const stage = useOperatorStage({ bare: true });
const USER = "rewind_guard_operator";
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };

/** As an installation should have it: a member of pgtrickle_admin who may change the source, and no superuser. */
beforeAll(async () => {
  await stage().pool.query(`
    drop role if exists ${USER};
    create role ${USER} login password 'guard' in role pgtrickle_admin;
    grant usage on schema lake to ${USER};
    grant select, insert, update, delete on lake.events to ${USER}`);
  const uri = new URL(stage().database.url);
  uri.username = USER;
  uri.password = "guard";
  await stage().secret(SECRET, { uri: uri.href });
  await stage().startOperator();
});

async function repaired(sql: readonly string[]) {
  const incident = await stage().damage();
  await stage().pool.query(`grant select on ${TABLE} to ${USER}`);
  const object = await stage().ended(await stage().apply(incident.good, { repair: { sql: [...sql] } }));
  return { incident, object };
}

test("this user's ordinary repair goes through", async () => {
  const { object } = await repaired([deleteCorrupted]);
  expect(statusOf(object)).toMatchObject({ phase: "Succeeded", repair: { rowCounts: [20] } });
  expect((await stage().table()).rows).toEqual(good);
});

const table = `array['${TABLE}']`;
const attempts: readonly { readonly name: string; readonly sql: string; readonly says: RegExp }[] = [
  { name: "resuming", sql: `select pgtrickle.resume_scheduler(${table})`, says: /cannot be called inside a repair/ },
  { name: "rewinding", sql: `select pgtrickle.rewind(${table}, 1)`, says: /cannot be called inside a repair/ },
  {
    name: "releasing in the operator's place",
    sql: "select pgtrickle_rewind.release('x', gen_random_uuid(), 'Succeeded')",
    says: /cannot be called inside a repair/,
  },
  {
    name: "claiming for another",
    sql: `select pgtrickle_rewind.claim('c', 'x', 'n', 'o', 'k', ${table})`,
    says: /cannot be called inside a repair/,
  },
  {
    name: "writing the operation log",
    sql: "update pgtrickle_rewind.steps set outcome = 'Done'",
    says: /permission denied for table steps/,
  },
  {
    name: "ending the run",
    sql: "select pgtrickle_rewind.end_run(gen_random_uuid())",
    says: /only pgtrickle_rewind\.run_repair\(\) ends a run/,
  },
  {
    name: "another name in the lake",
    sql: "set postgres_fdw.application_name = 'nobody'",
    says: /has changed postgres_fdw\.application_name/,
  },
  { name: "changing the stream table", sql: `delete from ${TABLE}`, says: /event_summary/ },
  { name: "committing", sql: "commit", says: /transaction/ },
  { name: "rolling back", sql: "rollback", says: /transaction/ },
  { name: "a savepoint", sql: "savepoint a", says: /transaction/ },
  { name: "committing in a block", sql: "do $$ begin commit; end $$", says: /transaction/ },
  { name: "DDL in the lake", sql: "create table lake.x (a int)", says: /permission denied for schema lake/ },
];

describe("refused, held, and nothing of it in the lake", () => {
  test.each(attempts)("$name", async ({ sql, says }) => {
    const { incident, object } = await repaired([deleteCorrupted, sql]);
    expect(statusOf(object)).toMatchObject({ phase: "Failed", reason: "RepairFailed", tables: [{ held: true }] });
    expect(statusOf(object).message).toMatch(says);
    expect(await stage().repairCommits(object)).toEqual([]);
    expect(await stage().truthAt(await stage().head())).toEqual({ CORRUPTED_EVENT: [20, -20], ...good });
    expect(await stage().table()).toMatchObject({ rows: good, snapshot: incident.good, status: "PAUSED" });
  });
});
