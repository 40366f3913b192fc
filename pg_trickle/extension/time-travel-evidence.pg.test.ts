/** What was published and recorded at a snapshot, against a lake whose past has changed since. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failure, frontier, insertEvents, summary } from "../../test/support/summary-table.ts";
import { type Moved, useHistory } from "./testing/history.ts";

const { pool, rows, rewind, head, truth, corruptRows, restorePoints } = useHistory();

interface Contradiction {
  readonly recorded: { readonly row_count: number; readonly fingerprint: string; readonly refresh_id: number };
  readonly lake: { readonly row_count: number; readonly fingerprint: string };
}

/** At this one the lake comes to show a group more than was published. */
const target = () => restorePoints[1] ?? 0;
const events = "table_id = (select table_id from ducklake.ducklake_table where table_name = 'events')";
let changed: { readonly id: string; readonly began: string } | undefined;

/** The file of a later commit is dated back, as DuckLake itself does with deletions; the head stays as it is. */
async function changePast(): Promise<void> {
  [changed] = await rows<{ id: string; began: string }>(
    `select data_file_id as id, begin_snapshot as began from ducklake.ducklake_data_file
     where begin_snapshot > $1 and ${events} order by begin_snapshot limit 1`,
    [target()],
  );
  await dateFile(target());
}

const restorePast = () => dateFile(Number(changed?.began));

function dateFile(snapshot: number): Promise<void> {
  return corruptRows(
    `update ducklake.ducklake_data_file set begin_snapshot = ${snapshot} where data_file_id = ${changed?.id}`,
  );
}

interface Planned {
  readonly contradiction: Contradiction | null;
  readonly strategy: string;
  readonly row_count: number;
}

async function planned(snapshot = target(), isAccepted = false, strategy = "Auto"): Promise<Planned> {
  const [row] = await rows<{ plan: { tables: Planned[] } }>(
    "select pgtrickle.plan_rewind(array['event_summary'], $1, $2, $3) as plan",
    [snapshot, strategy, isAccepted],
  );
  const [table] = row?.plan.tables ?? [];
  if (table === undefined) throw new Error("the plan has no table");
  return table;
}

async function accepted(snapshot: number, strategy = "Auto"): Promise<Moved | undefined> {
  const [moved] = await rows<Moved>(
    "select * from pgtrickle.rewind(array['event_summary'], $1, $2, accept_contradiction => true)",
    [snapshot, strategy],
  );
  return moved;
}

async function lastReason(): Promise<string | undefined> {
  const [row] = await rows<{ reason: string }>(
    "select reason from pgtrickle.refresh_history order by refresh_id desc limit 1",
  );
  return row?.reason;
}

const forgetJournal = "insert into pgtrickle_internal.settings values ('journal_keep_refreshes', 0)";

describe("a lake whose past has changed", () => {
  let published: Awaited<ReturnType<typeof truth>>;
  beforeEach(async () => {
    published = await truth(target());
    await changePast();
    expect(await truth(target())).not.toEqual(published);
  });
  afterEach(restorePast);

  test("is shown by the plan, with both row counts, before anything runs", async () => {
    const { contradiction, strategy } = await planned();
    expect(strategy).toBe("Journal");
    expect(contradiction).toMatchObject({
      recorded: { row_count: 2, refresh_id: expect.any(Number), at: expect.any(String) },
      lake: { row_count: 3 },
    });
    expect(contradiction?.lake.fingerprint).not.toBe(contradiction?.recorded.fingerprint);
    expect((await planned(restorePoints[0])).contradiction).toBeNull();
    expect((await planned(restorePoints.at(-1))).contradiction).toBeNull();
  });

  test("is not published by Full: refused with both row counts and fingerprints, when, by which refresh, and the ways out", async () => {
    const { contradiction } = await planned();
    const before = await summary(pool());
    const error = await failure(rewind(target(), "Full"));
    expect(error).toMatchObject({ code: "TR022", detail: "Nothing was published." });
    const { lake, recorded } = contradiction ?? {};
    expect(error.message).toContain(
      `stream table public.event_summary at snapshot ${target()}: the lake gives 3 row(s) now (`,
    );
    expect(error.message).toContain(`(fingerprint ${lake?.fingerprint}, among them {"event_type": "purchase"`);
    expect(error.message).toContain(
      `and refresh ${recorded?.refresh_id} published 2 row(s) (fingerprint ${recorded?.fingerprint}) there`,
    );
    expect(error.message).toMatch(/ at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    expect(error.hint).toMatch(
      /^Strategy Journal brings back the rows.*accept_contradiction => true.*spec\.acceptContradiction/,
    );
    expect(await summary(pool())).toEqual(before);
    expect(await frontier(pool())).toBe(restorePoints.at(-1));
  });

  test.each(["Auto", "Journal"])("gives way to the journal with strategy %s", async (strategy) => {
    expect((await rewind(target(), strategy))[0]).toMatchObject({ strategy: "Journal", verified: "fingerprint" });
    expect(await summary(pool())).toEqual(published);
  });

  test.each(["Auto", "Journal"])(
    "gives way to the journal also where the operator wants proof, and %s says so",
    async (strategy) => {
      const claim =
        "select (pgtrickle_rewind.claim('c', 'evidence', 'n', $1, 'k', array['event_summary'])) ->> 'token' as token";
      const [claimed] = await rows<{ token: string }>(claim, [strategy]);
      try {
        await rows("select pgtrickle_rewind.pause('evidence', $1)", [claimed?.token]);
        const [moved] = await rows<{ after: { tables: Moved[] } }>(
          "select pgtrickle_rewind.rewind('evidence', $1, $2, $3) as after",
          [claimed?.token, target(), strategy],
        );
        expect(moved?.after.tables[0]).toMatchObject({
          ...{ strategy: "Journal", verified: "fingerprint", row_count: 2 },
          contradiction: { taken: "recorded", recorded: { row_count: 2 }, lake: { row_count: 3 } },
          reason: expect.stringMatching(
            /the lake gives 3 row\(s\) now .* published 2 row\(s\) .*; the published rows were taken$/,
          ),
        });
        expect(await summary(pool())).toEqual(published);
      } finally {
        await rows("select pgtrickle_rewind.orphan('evidence', 'c')");
        await rows("delete from pgtrickle_rewind.operations where uid = 'evidence'");
      }
    },
  );

  test("is taken at its word by a person, as the plan has shown, and that is on record", async () => {
    expect(await planned(target(), true)).toMatchObject({ strategy: "Full", row_count: 3, contradiction: {} });
    const moved = await accepted(target());
    expect(moved).toMatchObject({ strategy: "Full", verified: "engine", row_count: "3" });
    expect(moved?.contradiction).toMatchObject({ taken: "lake", recorded: { row_count: 2 }, lake: { row_count: 3 } });
    expect(await summary(pool())).toEqual(await truth(target()));
    expect(await lastReason()).toMatch(
      /the lake gives 3 row\(s\) now .* published 2 row\(s\) .*; the lake's word was taken$/,
    );
    // From now on those are the rows that were published there.
    await rewind(restorePoints.at(-1) ?? 0, "Full");
    expect((await planned()).contradiction).toBeNull();
    expect((await rewind(target(), "Full"))[0]).toMatchObject({ contradiction: null });
    await restorePast();
    await accepted(target());
  });

  test("rebuilds a table that stands there with a warning, not in silence", async () => {
    await rewind(target(), "Journal");
    const client = await pool().connect();
    const told: (string | undefined)[] = [];
    const listen = ({ message }: { message?: string | undefined }) => told.push(message);
    client.on("notice", listen);
    try {
      await client.query("select pgtrickle.refresh('event_summary', 'FULL')");
    } finally {
      client.off("notice", listen);
      client.release();
    }
    expect(told.join()).toMatch(/the lake gives 3 row\(s\) now .* published 2 row\(s\)/);
    expect(await lastReason()).toMatch(/the lake gives 3 row\(s\) now .*; the lake's word was taken$/);
    await restorePast();
    await accepted(target());
  });

  test("of another environment contradicts nothing, and the reason says which", async () => {
    await corruptRows("update pgtrickle_internal.environments set description = 'PostgreSQL 17.1'");
    try {
      expect((await planned()).contradiction).toBeNull();
      const [moved] = await rewind(target(), "Full");
      expect(moved).toMatchObject({ verified: "engine", contradiction: null, row_count: "3" });
      expect(moved?.reason).toMatch(
        /published other rows there \(2, .*another environment.*: PostgreSQL 17\.1; now it is PostgreSQL 18/,
      );
    } finally {
      await corruptRows(
        "update pgtrickle_internal.environments set description = pgtrickle_internal.current_environment()",
      );
      await restorePast();
      await accepted(target());
    }
  });
});

test("beside a fingerprint stand the versions of server, time zones and collations", async () => {
  const [row] = await rows<{ description: string }>(
    "select e.description from pgtrickle_internal.fingerprints f join pgtrickle_internal.environments e on e.id = f.environment_id limit 1",
  );
  expect(row?.description).toMatch(/^PostgreSQL 18.*, tzdata .*, collations .*, ICU /);
  await insertEvents(pool(), "click", 1);
  await rewind(await head(), "Full");
  expect(await rows("select distinct environment_id is null as unknown from pgtrickle_internal.fingerprints")).toEqual([
    { unknown: false },
  ]);
});

test("strategy Journal and the lake's word exclude each other, in the plan as in the rewind", async () => {
  for (const work of [accepted(target(), "Journal"), planned(target(), true, "Journal")]) {
    const error = await failure(work);
    expect(error.code).toBe("TR021");
    expect(error.message).toBe(
      "strategy Journal takes the rows that were published, accept_contradiction those of the lake",
    );
    expect(error.hint).toContain("Auto or Full");
  }
});

test("where nothing contradicts, plan and rewind by the lake's word go the same way too", async () => {
  const last = restorePoints.at(-1) ?? 0;
  await rewind(last, "Full");
  for (const snapshot of [target(), last]) {
    const { strategy, row_count } = await planned(snapshot, true);
    const moved = await accepted(snapshot);
    expect(moved).toMatchObject({ strategy, row_count: String(row_count) });
    await rewind(last, "Full");
  }
});

test("a difference at the head of the lake is drift, not evidence: the lake is right there", async () => {
  await insertEvents(pool(), "late", 1);
  const here = await head();
  await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
  await pool().query("select pgtrickle.refresh('event_summary')");
  await pool().query("select pgtrickle.pause_scheduler(array['event_summary'])");
  await corruptRows(
    "update pgtrickle_internal.fingerprints set hash_sum = hash_sum + 1 where refresh_id = (select max(refresh_id) from pgtrickle_internal.fingerprints)",
  );
  expect((await planned(here)).contradiction).toBeNull();
  expect((await rewind(here, "Full"))[0]).toMatchObject({ verified: "engine", contradiction: null });
  expect(await summary(pool())).toEqual(await truth(here));
  expect(await rows("select ok from pgtrickle.verify('event_summary', 'fingerprint')")).toEqual([{ ok: true }]);
});

test("where the journal no longer reaches, Auto refuses and says so; the lake's word is taken if a person accepts it", async () => {
  await pool().query(forgetJournal);
  await pool().query("select pgtrickle.maintain()");
  await pool().query("delete from pgtrickle_internal.settings");
  expect((await rewind(target()))[0]).toMatchObject({
    strategy: expect.not.stringMatching("Journal"),
    contradiction: null,
  });
  await rewind(restorePoints.at(-1) ?? 0, "Full");
  await pool().query(forgetJournal);
  await pool().query("select pgtrickle.maintain()");
  await pool().query("delete from pgtrickle_internal.settings");
  await changePast();
  const error = await failure(rewind(target()));
  expect(error).toMatchObject({ code: "TR022", hint: expect.stringMatching(/^The undo journal does not reach/) });
  await accepted(target());
  expect(await summary(pool())).toEqual(await truth(target()));
});
