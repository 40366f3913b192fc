/** A differential refresh reads the change and not the table: proved by taking the table's other files away while it runs. */
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createSummary, failure, insertEvents, summary } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();
const ROWS = 1_000_000;
const FILES = 20;
/** So many that reading the change is estimated cheaper than recomputing. */
const GROUPS = 10_000;

beforeAll(async () => {
  const pool = trickle().pool();
  const writer = await trickle().duckdb({ readOnly: false });
  for (let file = 0; file < FILES; file++) {
    await writer.run(
      `insert into lake.main.events select uuid(), 'type ' || (i % ${GROUPS}), 50, timestamptz '2026-01-01' from range(${ROWS / FILES}) r(i)`,
    );
  }
  await createSummary(pool);
});

async function dataFiles(): Promise<string[]> {
  const entries = await readdir(trickle().dataPath, { recursive: true });
  return entries.filter((name) => name.endsWith(".parquet")).map((name) => join(trickle().dataPath, name));
}

async function strategyOfExplain(): Promise<string> {
  const { rows } = await trickle()
    .pool()
    .query<{ explain: unknown }>("select to_jsonb(e) as explain from pgtrickle.explain('event_summary') e");
  return JSON.stringify(rows);
}

test("a refresh of 50 rows on 10^6 reads by delta, as explain says, from fewer than 10 files", async () => {
  const pool = trickle().pool();
  const old = await dataFiles();
  expect(old.length).toBeGreaterThanOrEqual(FILES);
  await insertEvents(pool, "type 1", 50);
  expect(await strategyOfExplain()).toContain("Delta");
  const added = (await dataFiles()).filter((file) => !old.includes(file));
  expect(added.length).toBeLessThan(10);
  for (const file of old) await rename(file, `${file}.away`);
  try {
    // Proof that the files are needed by anything else than the delta.
    const error = await failure(pool.query("select * from pgtrickle.verify('event_summary')"));
    expect(error.message).toBeTruthy();
    await pool.query("select pgtrickle.refresh('event_summary', 'DIFFERENTIAL')");
  } finally {
    for (const file of old) await rename(`${file}.away`, file);
  }
  expect((await summary(pool)).find((row) => row.event_type === "type 1")).toEqual({
    event_type: "type 1",
    event_count: String(ROWS / GROUPS + 50),
    total_value: String((ROWS / GROUPS + 50) * 50),
  });
  const { rows } = await pool.query("select ok from pgtrickle.verify('event_summary')");
  expect(rows).toEqual([{ ok: true }]);
  const { rows: history } = await pool.query(
    "select strategy from pgtrickle.refresh_history where table_name = 'event_summary' or table_name = 'public.event_summary' order by 1",
  );
  expect(history.map((row) => row.strategy)).toContain("Delta");
});
