/** The operator's journal: who owns a table, what a pause finds and a release puts back, and that nobody else changes it. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { failure, status } from "../../test/support/summary-table.ts";
import { nameOf, useOperations } from "./testing/operations.ts";

const { pool, connect, value, claim, claimed, call, observe, steps } = useOperations();
const TABLES = ["public.event_summary"];

describe("claim", () => {
  test("locks the tables: another operation is told who blocks it, and gets them after the release", async () => {
    const first = await claimed();
    const second = randomUUID();
    const blocked = await claim(second);
    expect(blocked.claimed).toBe(false);
    expect(blocked.blocked_by).toMatchObject([{ uid: first.uid, table: "public.event_summary", namespace: "default" }]);
    await call(pool(), "release", first, "Succeeded");
    expect((await claim(second)).claimed).toBe(true);
  });

  test("a second claim of the same operation fences the first", async () => {
    const first = await claimed();
    const again = await claim(first.uid);
    expect(again.token).not.toBe(first.token);
    for (const statement of ["pause($1, $2)", "release($1, $2, 'Succeeded')", "begin_repair($1, $2)"]) {
      const error = await failure(pool().query(`select pgtrickle_rewind.${statement}`, [first.uid, first.token]));
      expect(error.code).toBe("TR015");
    }
    await call(pool(), "pause", { uid: first.uid, token: again.token });
  });

  test("terminates a backend that is in the middle of an effect of the same operation, whatever its name", async () => {
    const first = await claimed();
    const frozen = await connect({ applicationName: "anything" });
    await frozen.query("begin");
    await call(frozen, "pause", first);
    const again = await claim(first.uid);
    expect(again.claimed).toBe(true);
    await expect(frozen.query("commit")).rejects.toThrow();
    expect(await status(pool())).not.toBe("PAUSED");
    expect(await steps(first.uid)).toEqual([]);
  });

  test("terminates an idle backend that carries the operation's name", async () => {
    const first = await claimed();
    const idle = await connect({ applicationName: `strw/${first.uid}/operator` });
    const stranger = await connect({ applicationName: "strw/somebody-else/operator" });
    await claim(first.uid);
    await expect(idle.query("select 1")).rejects.toThrow();
    await stranger.query("select 1");
  });

  test("all tables or none", async () => {
    await pool().query(
      "select pgtrickle.create_stream_table('public', 'second_summary', 'select event_type, count(*) as n from lake.events group by event_type', '1h', 'DIFFERENTIAL')",
    );
    const first = await claimed(["second_summary"]);
    const second = randomUUID();
    expect((await claim(second, ["event_summary", "second_summary"])).claimed).toBe(false);
    expect((await observe(second)).operation).toBeNull();
    expect((await observe(second)).tables[0]?.claimed_by).toBeNull();
    await call(pool(), "release", first, "Aborted");
    await pool().query("select pgtrickle.drop_stream_table('second_summary')");
  });

  test("of a table that is made anew before the pause is good for nothing: the new one has to be claimed", async () => {
    const create =
      "select pgtrickle.create_stream_table('public', 'second_summary', 'select event_type, count(*) as n from lake.events group by event_type', '1h', 'DIFFERENTIAL')";
    await pool().query(create);
    const operation = await claimed(["second_summary"]);
    await pool().query("select pgtrickle.drop_stream_table('second_summary')");
    await pool().query(create);
    expect((await failure(call(pool(), "pause", operation))).code).toBe("TR015");
    const { token } = await claim(operation.uid, ["second_summary"]);
    await call(pool(), "pause", { uid: operation.uid, token });
    await call(pool(), "release", { uid: operation.uid, token }, "Aborted");
    await pool().query("select pgtrickle.drop_stream_table('second_summary')");
  });

  test("of concurrent claims of one table exactly one wins", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => claim(randomUUID(), TABLES, await connect())),
    );
    expect(answers.filter((answer) => answer.claimed)).toHaveLength(1);
  });

  test("a name that becomes ambiguous still means the operation's own table to it, and to nobody else", async () => {
    const names = ["event_summary"];
    const first = await claimed(names);
    await call(pool(), "pause", first);
    await pool().query("create schema other");
    await pool().query(
      "select pgtrickle.create_stream_table('other', 'event_summary', 'select event_type, count(*) as n from lake.events group by event_type', '1h', 'DIFFERENTIAL')",
    );
    try {
      const [own] = (await observe(first.uid, names)).tables;
      expect(own).toMatchObject({
        error: null,
        name: "public.event_summary",
        holders: [`rewind:default/${nameOf(first.uid)}`],
      });
      expect((await observe(randomUUID(), names)).tables[0]?.error?.code).toBe("TR002");
    } finally {
      await pool().query("select pgtrickle.drop_stream_table('other.event_summary')");
      await pool().query("drop schema other");
    }
  });

  test("an unknown table is refused by name", async () => {
    const error = await failure(claim(randomUUID(), ["event_sumary"]));
    expect(error.code).toBe("TR001");
    expect(error.message).toContain("event_sumary");
  });
});

describe("pause and release", () => {
  function personsReason(): Promise<string | null> {
    return value(pool(), "select reason from pgtrickle_internal.holds where holder = 'person'");
  }

  test("put back what was found: a table that a person had paused stays paused", async () => {
    await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
    const operation = await claimed();
    await call(pool(), "pause", operation);
    expect((await observe(operation.uid)).tables[0]?.holders).toHaveLength(2);
    await call(pool(), "release", operation, "Succeeded");
    expect((await observe(operation.uid)).tables[0]?.holders).toEqual(["person"]);
    expect(await status(pool())).toBe("PAUSED");
  });

  test("a resume by hand does not undo the operation's hold", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    expect(await status(pool())).toBe("PAUSED");
    await call(pool(), "release", operation, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("an abandoned operation keeps its hold, and the next one takes it over and leaves nothing behind", async () => {
    const first = await claimed();
    await call(pool(), "pause", first);
    await call(pool(), "abandon", first, "the assertion failed");
    expect(await status(pool())).toBe("PAUSED");
    const second = await claimed();
    await call(pool(), "pause", second);
    await call(pool(), "release", second, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("an orphan blocks nobody: resume_scheduler releases its hold", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    const foreign = await failure(pool().query("select pgtrickle_rewind.orphan($1, 'another')", [operation.uid]));
    expect(foreign.code).toBe("TR008");
    await pool().query("select pgtrickle_rewind.orphan($1, 'cluster')", [operation.uid]);
    expect((await failure(call(pool(), "release", operation, "Succeeded"))).code).toBe("TR015");
    expect(await status(pool())).toBe("PAUSED");
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("an orphan blocks nobody: the next rewind takes its hold over", async () => {
    const first = await claimed();
    await call(pool(), "pause", first);
    await pool().query("select pgtrickle_rewind.orphan($1, 'cluster')", [first.uid]);
    const second = await claimed();
    await call(pool(), "pause", second);
    await call(pool(), "release", second, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("a release may leave the table paused: the hold is a person's from then on", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    await call(pool(), "release", operation, "Succeeded", true);
    expect((await observe(operation.uid)).tables[0]).toMatchObject({ holders: ["person"], claimed_by: null });
    expect(await personsReason()).toBe(`left paused by rewind:default/${nameOf(operation.uid)}`);
    // neither a late word of its object's end nor the next rewind lets go
    await pool().query("select pgtrickle_rewind.orphan($1, 'cluster')", [operation.uid]);
    const next = await claimed();
    await call(pool(), "pause", next);
    await call(pool(), "release", next, "Succeeded");
    expect(await status(pool())).toBe("PAUSED");
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("a release that leaves the table paused does not touch a person's own pause", async () => {
    await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
    const operation = await claimed();
    await call(pool(), "pause", operation);
    await call(pool(), "release", operation, "Succeeded", true);
    expect(await personsReason()).toBeNull();
  });

  test("pausing twice records what was there before the first", async () => {
    const operation = await claimed();
    await call(pool(), "pause", operation);
    await call(pool(), "pause", operation);
    const seen = await value<{ before: { tables: { holders: string[] }[] } }[]>(
      pool(),
      "select jsonb_agg(s) from jsonb_array_elements(pgtrickle_rewind.observe_steps($1)) s",
      [operation.uid],
    );
    for (const step of seen) expect(step.before.tables[0]?.holders).toEqual([]);
  });
});
