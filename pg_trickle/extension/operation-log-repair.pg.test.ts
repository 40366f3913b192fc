import type { Client } from "pg";
import { describe, expect, test } from "vitest";
import { failure, status } from "../../test/support/summary-table.ts";
import { type Operation, useOperations } from "./testing/operations.ts";

const { pool, connect, value, claim, claimed, call, observe, steps } = useOperations();

describe("repair", () => {
  async function entered(operation: Operation, client?: Client): Promise<{ client: Client; attempt: number }> {
    const attempt = await call<number>(pool(), "begin_repair", operation);
    const fresh = client ?? (await connect());
    await fresh.query(`set postgres_fdw.application_name = 'strw/${operation.uid}/repair/${attempt}'`);
    await fresh.query("begin");
    await call(fresh, "enter_repair", operation, attempt);
    return { client: fresh, attempt };
  }

  const run = (client: Client, ...sql: string[]) =>
    value<number[]>(client, "select pgtrickle_rewind.run_repair($1)", [sql]);

  test("runs once: rows are counted, the step is done, and no second one begins", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    const counts = await run(client, "insert into notes values ('a'), ('b')", "update notes set text = 'c'");
    expect(counts).toEqual([2, 2]);
    await call(client, "finish_repair", operation, attempt, JSON.stringify(counts));
    await client.query("commit");
    expect(await steps(operation.uid)).toEqual(["Repair 1 Done"]);
    expect((await failure(call(pool(), "begin_repair", operation))).code).toBe("TR019");
  });

  test("its operator is heard of when it commits, however long it ran", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    await client.query("update pgtrickle_rewind.operations set seen_at = clock_timestamp() - interval '10 minutes'");
    await run(client, "select 1");
    await call(client, "finish_repair", operation, attempt, "[1]");
    await client.query("commit");
    expect((await observe(operation.uid)).operation?.idle_seconds).toBeLessThan(60);
  });

  test("a repair of the lake leaves its marker; a lost acknowledgement is confirmed by it and never repeated", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    await run(client, "update lake.events set value = value + 1");
    await call(client, "finish_repair", operation, attempt, "[10]");
    await client.query("commit");
    const { repair_marker } = await observe(operation.uid);
    expect(repair_marker?.snapshot_id).toBeGreaterThan(0);
    // as if PostgreSQL had lost its half of the commit
    await pool().query("update pgtrickle_rewind.steps set outcome = 'Running', finished_at = null where uid = $1", [
      operation.uid,
    ]);
    expect((await failure(call(pool(), "begin_repair", operation))).code).toBe("TR019");
    expect(await call(pool(), "confirm_repair", operation)).toMatchObject({
      confirmed: true,
      snapshot_id: repair_marker?.snapshot_id,
    });
    expect(await steps(operation.uid)).toEqual(["Repair 1 Done"]);
  });

  test("a repair that hides the marker's name while it writes is marked all the same", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    await run(
      client,
      `do $$ begin
         perform set_config('postgres_fdw.application_name', 'nobody', false);
         perform postgres_fdw_disconnect_all();
         update lake.events set value = value + 1;
         perform set_config('postgres_fdw.application_name', 'strw/${operation.uid}/repair/${attempt}', false);
       end $$`,
    );
    await call(client, "finish_repair", operation, attempt, "[10]");
    await client.query("commit");
    expect((await observe(operation.uid)).repair_marker?.snapshot_id).toBeGreaterThan(0);
  });

  test("a name that was changed between entering and running is noticed", async () => {
    const operation = await claimed();
    const { client } = await entered(operation);
    await client.query("set postgres_fdw.application_name = 'nobody'");
    expect((await failure(run(client, "select 1"))).code).toBe("TR020");
  });

  test("a second connection to the lake, by another user mapping, cannot carry a repair past its marker", async () => {
    const role = `mapped_${process.pid}`;
    await pool().query(`create role ${role}; grant usage on schema lake to ${role}; grant select, update on lake.events to ${role};
      create user mapping for ${role} server lake options (user 'lake', password 'wrong')`);
    await pool().query(`do $$ begin execute (
      select format('alter user mapping for ${role} server lake options (set password %L)', o.option_value)
      from pg_user_mappings m, pg_options_to_table(m.umoptions) o
      where m.srvname = 'lake' and m.umuser = 0 and o.option_name = 'password'); end $$`);
    const operation = await claimed();
    const { client } = await entered(operation);
    const error = await failure(
      run(
        client,
        `do $$ begin
        perform set_config('postgres_fdw.application_name', 'nobody', false);
        set local role ${role};
        update lake.events set value = value + 1;
        reset role;
        perform set_config('postgres_fdw.application_name', 'strw/${operation.uid}/repair/1', false);
      end $$`,
      ),
    );
    expect(error.code).toBe("TR020");
    await client.query("rollback");
    await pool().query(`drop user mapping for ${role} server lake; drop owned by ${role}; drop role ${role}`);
  });

  test("confirm_repair confirms nothing that is not in the lake", async () => {
    const operation = await claimed();
    await call(pool(), "begin_repair", operation);
    expect(await call(pool(), "confirm_repair", operation)).toEqual({ confirmed: false });
    expect(await steps(operation.uid)).toEqual(["Repair 1 Running"]);
  });

  test("an interrupted attempt is recorded by the next one", async () => {
    const operation = await claimed();
    const { client } = await entered(operation);
    await run(client, "insert into notes values ('lost')");
    const again = { uid: operation.uid, token: (await claim(operation.uid)).token };
    const next = await entered(again);
    await run(next.client, "insert into notes values ('kept')");
    await call(next.client, "finish_repair", again, next.attempt, "[1]");
    await next.client.query("commit");
    expect(await steps(operation.uid)).toEqual(["Repair 1 Failed", "Repair 2 Done"]);
    expect((await pool().query("select text from notes")).rows).toEqual([{ text: "kept" }]);
  });

  test("is refused where the lake could not be told whose it is", async () => {
    const operation = await claimed();
    const attempt = await call<number>(pool(), "begin_repair", operation);
    const client = await connect();
    expect((await failure(call(client, "enter_repair", operation, attempt))).code).toBe("TR021");
    await client.query("select count(*) from lake.events");
    await client.query(`set postgres_fdw.application_name = 'strw/${operation.uid}/repair/${attempt}'`);
    expect((await failure(call(client, "enter_repair", operation, attempt))).code).toBe("TR021");
  });

  const FORGERIES: [name: string, sql: (o: Operation) => string][] = [
    ["finish_repair", (o) => `select pgtrickle_rewind.finish_repair('${o.uid}', '${o.token}', 1, '[]')`],
    ["end_run", () => "select pgtrickle_rewind.end_run(gen_random_uuid())"],
    ["start_run", () => "select pgtrickle_rewind.start_run()"],
    ["run_repair", () => "select pgtrickle_rewind.run_repair(array['select 1'])"],
    ["release", (o) => `select pgtrickle_rewind.release('${o.uid}', '${o.token}', 'Succeeded')`],
    [
      "claim",
      (o) => `select pgtrickle_rewind.claim('cluster', '${o.uid}', 'default', 'x', 'key', array['event_summary'])`,
    ],
    ["fail_step", (o) => `select pgtrickle_rewind.fail_step('${o.uid}', '${o.token}', 'Rewind', 'XX000', 'x')`],
    ["orphan", (o) => `select pgtrickle_rewind.orphan('${o.uid}', 'cluster')`],
    ["pause_scheduler", () => "select pgtrickle.pause_scheduler(array['event_summary'])"],
    ["resume_scheduler", () => "select pgtrickle.resume_scheduler(array['event_summary'])"],
    ["refresh", () => "select pgtrickle.refresh('event_summary', 'FULL')"],
    ["the frontier", () => "update pgtrickle.pgt_stream_tables set frontier = frontier"],
    [
      "a caught error",
      () =>
        "do $$ begin perform pgtrickle.resume_scheduler(array['event_summary']); exception when others then raise; end $$",
    ],
    ["the marker's name", () => "set postgres_fdw.application_name = 'nobody'"],
  ];

  test.each(FORGERIES)("cannot reach %s", async (_name, forgery) => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    const { client, attempt } = await entered(operation);
    const error = await failure(run(client, forgery(operation)));
    expect(error.code).toBe("TR020");
    expect((await failure(call(client, "finish_repair", operation, attempt, "[]"))).code).toBe("25P02");
    await client.query("rollback");
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Repair 1 Running"]);
    expect(await status(pool())).toBe("PAUSED");
  });

  test("finish_repair without a run is refused, and so is a second run", async () => {
    const operation = await claimed();
    const { client, attempt } = await entered(operation);
    expect((await failure(call(client, "finish_repair", operation, attempt, "[]"))).code).toBe("TR020");
    await client.query("rollback");
    await client.query("begin");
    await call(client, "enter_repair", operation, attempt);
    await run(client, "select 1");
    expect((await failure(run(client, "select 1"))).code).toBe("TR020");
  });

  test("what a repair leaves for the commit cannot release the table either", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    const { client, attempt } = await entered(operation);
    await run(
      client,
      "create function pg_temp.late() returns trigger language plpgsql as $$ begin perform pgtrickle.resume_scheduler(array['event_summary']); return null; end $$",
      "create constraint trigger late after insert on notes deferrable initially deferred for each row execute function pg_temp.late()",
      "insert into notes values ('x')",
    );
    await call(client, "finish_repair", operation, attempt, "[0, 0, 1]");
    expect((await failure(client.query("commit"))).code).toBe("TR020");
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Repair 1 Running"]);
  });

  test("a fenced repair cannot commit", async () => {
    const operation = await claimed();
    const { client } = await entered(operation);
    await run(client, "insert into notes values ('lost')");
    await claim(operation.uid);
    await expect(client.query("commit")).rejects.toThrow();
    expect((await pool().query("select * from notes")).rowCount).toBe(0);
  });
});
