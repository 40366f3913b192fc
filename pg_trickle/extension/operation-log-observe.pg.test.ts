/** What the journal shows, to whom, and what it keeps by constraints. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { until } from "../../test/support/until.ts";
import { type Observed, useOperations } from "./testing/operations.ts";

const { trickle, pool, connect, disconnectAll, value, claim, claimed, call, observe } = useOperations();
const TABLES = ["public.event_summary"];

describe("observe", () => {
  test("never shows the token, and shows unknown tables and impossible targets as facts", async () => {
    const operation = await claimed();
    const seen = await observe(operation.uid, ["event_summary", "nothing"], 999_999);
    expect(JSON.stringify(seen)).not.toContain(operation.token);
    expect(seen.operation?.token_set).toBe(true);
    expect(seen.tables.map(({ error }) => error?.code ?? null)).toEqual([null, "TR001"]);
    expect(seen.target.error?.code).toBe("TR004");
  });

  test("resolves a time to the last snapshot of that time", async () => {
    const at = await value<string>(pool(), "select max(snapshot_time)::text from ducklake.ducklake_snapshot");
    const head = await value<string>(pool(), "select max(snapshot_id) from ducklake.ducklake_snapshot");
    expect((await observe("nobody", TABLES, null, at)).target.snapshot_id).toBe(Number(head));
    expect((await observe("nobody", TABLES, null, "2001-01-01")).target.error?.code).toBe("TR005");
    expect((await observe("nobody", TABLES, null, "2101-01-01")).target.error?.code).toBe("TR004");
  });

  test("shows a lake that is not there yet as a fact, also to a target given by time", async () => {
    const client = await connect();
    await client.query("begin; alter schema ducklake rename to elsewhere");
    const text = "select pgtrickle_rewind.observe('nobody', $1, $2, $3)";
    for (const target of [
      [0, null],
      [null, "2001-01-01"],
    ]) {
      const seen = await value<Observed>(client, text, [TABLES, ...target]);
      expect(seen.target.error?.code).toBe("TR014");
    }
    await client.query("rollback");
  });
});

describe("an ordinary member of pgtrickle_admin", () => {
  const ROLE = `operator_${process.pid}`;

  test("works through the functions, runs repairs with its own rights, and has no rights on the tables", async () => {
    await pool().query(`create role ${ROLE} login password 'operator'`);
    await pool().query(`grant pgtrickle_admin to ${ROLE}`);
    const url = new URL(trickle().url);
    url.username = ROLE;
    url.password = "operator";
    try {
      const client = await connect({ url: url.href });
      const uid = randomUUID();
      const operation = { uid, token: (await claim(uid, TABLES, client)).token };
      await call(client, "pause", operation);
      for (const table of ["operations", "claims", "steps", "repair_transactions"]) {
        const { code } = await failure(client.query(`select * from pgtrickle_rewind.${table}`));
        expect(code).toBe("42501");
      }
      const attempt = await call<number>(client, "begin_repair", operation);
      const fresh = await connect({ url: url.href });
      await fresh.query(`set postgres_fdw.application_name = 'strw/${uid}/repair/${attempt}'`);
      await fresh.query("begin");
      await call(fresh, "enter_repair", operation, attempt);
      const error = await failure(value(fresh, "select pgtrickle_rewind.run_repair(array['delete from notes'])"));
      expect(error.code).toBe("42501");
      await fresh.query("rollback");
      await call(client, "release", operation, "Failed");
    } finally {
      await disconnectAll();
      await pool().query(`drop owned by ${ROLE}`);
      await pool().query(`drop role ${ROLE}`);
    }
  });
});

describe("invariants are constraints", () => {
  test.each([
    [
      "steps_one_running_per_operation",
      "insert into pgtrickle_rewind.steps (uid, step, attempt, outcome, token) values ($1, 'Repair', 1, 'Running', $2), ($1, 'Rewind', 1, 'Running', $2)",
    ],
    [
      "steps_attempts_increase",
      "insert into pgtrickle_rewind.steps (uid, step, attempt, outcome, token) values ($1, 'Repair', 2, 'Running', $2)",
    ],
    [
      "steps_finished_iff_not_running",
      "insert into pgtrickle_rewind.steps (uid, step, attempt, outcome, token, finished_at) values ($1, 'Repair', 1, 'Running', $2, now() + interval '1 hour')",
    ],
    [
      "operations_finished_iff_outcome",
      "update pgtrickle_rewind.operations set outcome = 'Failed' where uid = $1 and token = $2",
    ],
    [
      "claims_token_is_the_operations",
      "update pgtrickle_rewind.claims set token = gen_random_uuid() where uid = $1 and token = $2",
    ],
  ])("%s", async (constraint, statement) => {
    const { uid, token } = await claimed();
    const error = await failure(pool().query(statement, [uid, token]));
    expect(error.message).toContain(constraint);
  });
});

test("a claim waits for nobody longer than a moment", async () => {
  const operation = await claimed();
  const blocker = await connect();
  await blocker.query("begin");
  await blocker.query("select * from pgtrickle_rewind.operations where uid = $1 for update", [operation.uid]);
  const error = await failure(claim(operation.uid));
  expect(error.code).toBe("55P03");
  expect(error.hint).toBeTruthy();
  await blocker.query("rollback");
  expect((await claim(operation.uid)).claimed).toBe(true);
  await until(async () => (await observe(operation.uid)).tables[0]?.claimed_by !== null);
});
