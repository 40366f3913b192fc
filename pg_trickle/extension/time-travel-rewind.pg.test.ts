import { describe, expect, test } from "vitest";
import { failure, frontier, summary } from "../../test/support/summary-table.ts";
import { until } from "../../test/support/until.ts";
import { useHistory } from "./testing/history.ts";

const { trickle, pool, rows, rewind, head, truth, corruptRows, restorePoints } = useHistory();

describe("rewind", () => {
  test.each(["Auto", "Full", "Journal"])(
    "%s to each restore point gives the rows of that snapshot",
    async (strategy) => {
      for (const restorePoint of restorePoints.toReversed()) {
        const [moved] = await rewind(restorePoint, strategy);
        expect(await summary(pool())).toEqual(await truth(restorePoint));
        expect(Number(moved?.to_snapshot)).toBe(restorePoint);
        expect(await frontier(pool())).toBe(restorePoint);
      }
    },
  );

  test("is deterministic: the same fingerprint by every way, at any time", async () => {
    const target = restorePoints[1] ?? 0;
    const seen = new Set<string | undefined>();
    for (const strategy of ["Journal", "Full", "Auto"]) {
      await rewind(restorePoints.at(-1) ?? 0);
      seen.add((await rewind(target, strategy))[0]?.fingerprint);
    }
    expect(seen.size).toBe(1);
  });

  test("Auto takes the journal at a restore point and the lake between two", async () => {
    const [, second, third] = restorePoints as [number, number, number];
    expect((await rewind(second))[0]).toMatchObject({ strategy: "Journal", verified: "fingerprint" });
    expect((await rewind(third - 1))[0]).toMatchObject({ verified: "engine" });
    expect(await summary(pool())).toEqual(await truth(third - 1));
    expect((await failure(rewind((restorePoints[0] ?? 0) + 1, "Journal"))).code).toBe("TR018");
  });

  test("a restore point reaches every snapshot up to the next change of the source", async () => {
    await pool().query("create schema if not exists other");
    const reader = await trickle().duckdb({ readOnly: false });
    await reader.run("create table if not exists lake.main.unrelated as select 1 as a");
    const later = await head();
    expect(later).toBeGreaterThan(restorePoints.at(-1) ?? 0);
    await rewind(restorePoints[0] ?? 0);
    expect((await rewind(later))[0]).toMatchObject({ strategy: "Journal" });
    expect(await frontier(pool())).toBe(later);
    expect(await summary(pool())).toEqual(await truth(later));
  });

  test("forwards again after a rewind", async () => {
    const [first] = restorePoints as [number];
    const last = restorePoints.at(-1) ?? 0;
    await rewind(first);
    expect((await rewind(last))[0]).toMatchObject({ strategy: "Journal" });
    expect(await summary(pool())).toEqual(await truth(last));
  });

  test("refuses a table that is not paused", async () => {
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    const error = await failure(rewind(restorePoints[0] ?? 0));
    expect(error.code).toBe("TR007");
    expect(error.hint).toContain("pause_scheduler");
  });

  test("a journal rewind to damaged rows publishes nothing; Full mends them", async () => {
    const [first] = restorePoints as [number];
    await corruptRows("update pgtrickle_internal.fingerprints set hash_sum = hash_sum + 1");
    const before = await summary(pool());
    const error = await failure(rewind(first, "Journal"));
    expect(error.code).toBe("TR010");
    expect(await summary(pool())).toEqual(before);
    await corruptRows("update pgtrickle_internal.fingerprints set hash_sum = hash_sum - 1");
    await corruptRows("insert into event_summary values ('forged', 1, 1)");
    expect((await failure(rewind(first, "Journal"))).code).toBe("TR010");
    await rewind(first, "Full");
    expect(await summary(pool())).toEqual(await truth(first));
  });

  test("a part of it cannot be committed", async () => {
    const before = await summary(pool());
    const error = await failure(
      pool().query("select pgtrickle_internal.stage_rewind_by_name(array['event_summary'], $1, 'Auto', false)", [
        restorePoints[0],
      ]),
    );
    expect(error.code).toBe("TR012");
    expect(await summary(pool())).toEqual(before);
  });

  test("several tables come to one snapshot in one transaction, or none", async () => {
    await pool().query(
      "select pgtrickle.create_stream_table('public', 'total', 'select count(*) as n, sum(value) as s from lake.events', '1h', 'DIFFERENTIAL')",
    );
    const tables = ["event_summary", "total"];
    const before = await summary(pool());
    expect((await failure(rewind(restorePoints[1] ?? 0, "Auto", [], tables))).code).toBe("TR007");
    expect(await summary(pool())).toEqual(before);
    await pool().query("select pgtrickle.pause_scheduler(array['total'])");
    const moved = await rewind(restorePoints[1] ?? 0, "Auto", [], tables);
    expect(moved.map(({ to_snapshot }) => Number(to_snapshot))).toEqual([restorePoints[1], restorePoints[1]]);
    expect(await rows("select n from total")).toEqual(
      await rows("select sum(event_count)::bigint as n from event_summary"),
    );
    await pool().query("select pgtrickle.drop_stream_table('total')");
  });
});

describe("assertions", () => {
  const NO_CORRUPTED = {
    name: "no-corrupted",
    sql: "select count(*) = 0 from event_summary where event_type = 'CORRUPTED_EVENT'",
  };

  test("see the rows that will be published", async () => {
    await rewind(restorePoints[2] ?? 0, "Auto", [NO_CORRUPTED]);
    const error = await failure(rewind(restorePoints[3] ?? 0, "Auto", [NO_CORRUPTED]));
    expect(error.code).toBe("TR011");
    expect(error.message).toContain("no-corrupted");
    expect(await frontier(pool())).toBe(restorePoints[2]);
  });

  test("may verify what is about to be published", async () => {
    await rewind(restorePoints[1] ?? 0, "Auto", [
      { name: "verified", sql: "select ok from pgtrickle.verify('event_summary')" },
    ]);
  });

  test.each([
    ["gives a number", "select 1"],
    ["gives NULL", "select null::boolean"],
    ["gives two columns", "select true, true"],
    ["gives no row", "select true where false"],
    ["gives two rows", "select true from generate_series(1, 2)"],
    ["is two statements", "select true; select true"],
    ["writes", "with w as (delete from lake.events returning 1) select count(*) = 0 from w"],
    ["does not parse", "selec true"],
    ["publishes by itself", "select count(*) = 1 from pgtrickle_internal.finish_moves()"],
    ["opens the transaction for writing", "select set_config('transaction_read_only', 'off', true) is not null"],
  ])("one that %s is refused by name and nothing is published", async (_name, sql) => {
    const error = await failure(rewind(restorePoints[0] ?? 0, "Auto", [{ name: "odd", sql }]));
    expect(error.code).toBe("TR011");
    expect(error.message).toContain("odd");
    expect(await frontier(pool())).toBe(restorePoints.at(-1));
  });

  test("run with the caller's rights and search_path", async () => {
    const role = `asserter_${process.pid}`;
    await pool().query(`create role ${role}; grant pgtrickle_admin to ${role}; create table public.secrets (a int)`);
    const client = await pool().connect();
    try {
      await client.query(`set role ${role}`);
      const secret = { name: "secret", sql: "select count(*) >= 0 from public.secrets" };
      const error = await failure(
        client.query("select * from pgtrickle.rewind(array['event_summary'], $1, 'Auto', $2)", [
          restorePoints[0],
          JSON.stringify([secret]),
        ]),
      );
      expect(error.code).toBe("TR011");
      expect(error.message).toContain("permission denied");
    } finally {
      client.release(true);
      await pool().query(`drop table public.secrets; drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe("with the engine dead", () => {
  test("rewind by journal, plan, snapshots and verify by fingerprint work; the rest says that the engine is away", async () => {
    const [, second] = restorePoints as [number, number];
    const want = await truth(second);
    await trickle().lake.kill();
    // The watchdog is gone at once; the engine below it ends by itself.
    await until(() =>
      pool()
        .query("select ok from pgtrickle_lake.ping")
        .then(
          () => false,
          () => true,
        ),
    );
    try {
      expect((await rewind(second))[0]).toMatchObject({ strategy: "Journal", verified: "fingerprint" });
      expect(await summary(pool())).toEqual(want);
      expect((await rewind(second))[0]).toMatchObject({ strategy: "Nothing", verified: "fingerprint" });
      expect(await rows("select ok from pgtrickle.verify('event_summary', 'fingerprint')")).toEqual([{ ok: true }]);
      expect((await failure(rows("select * from pgtrickle.verify('event_summary')"))).code).toBe("TR014");
      expect((await failure(rewind(second, "Full"))).code).toBe("TR014");
      expect(await rows("select * from pgtrickle.snapshots('event_summary')")).not.toEqual([]);
      const [planned] = await rows("select pgtrickle.plan_rewind(array['event_summary'], $1) as plan", [
        restorePoints[0],
      ]);
      expect(planned).toMatchObject({ plan: { tables: [{ strategy: "Journal" }] } });
    } finally {
      await trickle().restartLake();
    }
  });
});
