// docs/sql.md says what the installed extension says: every function with its signature and comment, every column; and its examples are run in their order.

import { readFileSync } from "node:fs";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";
import { fencedBlocks } from "./markdown.ts";
import { type ColumnFact, columnTable, documentedFunctions, type FunctionFact, functionRow } from "./sql-reference.ts";

const ROOT = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/sql.md", ROOT), "utf8");
const trickle = useTrickle();

/** That the page's numbers are right: its good snapshot. */
const GOOD = 42;

const FUNCTIONS = `
  select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
    obj_description(p.oid, 'pg_proc') as comment
  from pg_proc p where p.pronamespace = 'pgtrickle'::regnamespace order by p.proname, p.oid`;

const COLUMNS = `
  select c.oid::regclass::text as relation, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
    coalesce(col_description(c.oid, a.attnum), '') as comment
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'pgtrickle'::regnamespace and c.relkind in ('v', 'c', 'r') order by c.relname, a.attnum`;

const SETTINGS = "select name, value::text, description from pgtrickle_internal.setting_defaults()";

async function rows<T extends object>(text: string): Promise<T[]> {
  return (await trickle().pool().query<T>(text)).rows;
}

describe("the reference", () => {
  it("has each function once, as its catalog entry says", async () => {
    const facts = await rows<FunctionFact>(FUNCTIONS);
    expect(documentedFunctions(page).sort()).toEqual(facts.map(functionRow).sort());
  });

  it("has each column of each view and type", async () => {
    const facts = await rows<ColumnFact>(COLUMNS);
    expect(facts.filter(({ comment }) => comment === "")).toEqual([]);
    for (const relation of new Set(facts.map((fact) => fact.relation))) {
      expect(page).toContain(`${columnTable(relation, facts)}\n\n`);
    }
  });

  it("has defaults of settings as they are", async () => {
    const facts = await rows<{ name: string; value: string; description: string }>(SETTINGS);
    const shown = facts.filter(({ name }) => page.includes(`| \`${name}\` |`));
    expect(shown.length).toBeGreaterThan(1);
    for (const { name, value, description } of shown) {
      expect(page).toContain(`| \`${name}\` | ${value} | ${description} |`);
    }
  });
});

type Result = Record<string, unknown>[];

describe("its examples", () => {
  let client: Client;

  beforeAll(async () => {
    client = new Client({ connectionString: trickle().url, application_name: "psql" });
    await client.connect();
    const [found] = await rows<{ head: number }>(
      "select max(snapshot_id)::int as head from ducklake.ducklake_snapshot",
    );
    for (let head = found?.head ?? 0; head < GOOD; head += 1) await insertEvents(client, "click", 2);
  });

  afterAll(async () => {
    await client.end();
  });

  const play = async (text: string): Promise<Result> => {
    const results = [await client.query(text)].flat();
    return results.at(-1)?.rows ?? [];
  };
  const playInDuckdb = async (text: string) => {
    const duckdb = await trickle().duckdb({ readOnly: false });
    for (const statement of text.split(";").filter((part) => part.trim() !== "")) await duckdb.rows(statement);
    duckdb.close();
  };
  const corrupted = expect.objectContaining({ event_type: "CORRUPTED_EVENT", event_count: "1000" });

  /** What the page says of an example's result; the first line that has the words. */
  const checks: Readonly<Record<string, (result: Result) => unknown>> = {
    "select pgt_name, status, contents_snapshot": ([table]) =>
      expect(table).toMatchObject({ contents_snapshot: String(GOOD) }),
    // The page's incident happens after the table was looked at.
    "from pgtrickle.refresh_history order by": () => insertEvents(client, "CORRUPTED_EVENT", 1000, 999_999),
    "from pgtrickle.snapshots(": ([bad, good]) => {
      expect(bad).toMatchObject({ snapshot_id: "43", author: "postgres", message: "psql: changed main.events" });
      expect(bad).toMatchObject({ rows_added: "1000", is_current: true });
      expect(good).toMatchObject({ snapshot_id: String(GOOD), strategies: expect.arrayContaining(["Full"]) });
    },
    "from pgtrickle.rewind(": ([moved]) => expect(moved).toMatchObject({ from_snapshot: "43", to_snapshot: "42" }),
    "pgtrickle.step('event_summary', 1)": ([moved]) => expect(moved).toMatchObject({ to_snapshot: "43" }),
    "pgtrickle.step('event_summary', -1)": ([moved]) => expect(moved).toMatchObject({ to_snapshot: "42" }),
    "pgtrickle.at(": (result) => expect(result).toContainEqual(corrupted),
    "pgtrickle.diff(": (result) => expect(result).toEqual([corrupted]),
    "select ok, snapshot_id": ([result]) => expect(result).toMatchObject({ ok: true, missing: [], unexpected: [] }),
    "select ok, level": (result) => expect(result.map(({ ok }) => ok)).toEqual([true, true]),
    "pgtrickle.scrub(": ([result]) =>
      expect(result).toMatchObject({ scrub: expect.stringMatching(/as the query gives/) }),
    "pgt_name, last_scrubbed_at": ([table]) => expect(table).toMatchObject({ drift_count: "0", scrub_error: null }),
    "where action = 'Scrub'": (result) => expect(result).toEqual([]),
    "where action = 'Redefine'": (result) => expect(result).toHaveLength(1),
    "pgtrickle.adopt()": (result) => expect(result).toEqual([]),
  };
  const checked = new Set<string>();

  const blocks = fencedBlocks(page).filter(({ language }) => language.startsWith("sql"));

  it.each(blocks.map((block, i) => ({ i, ...block })))("$i: $text", async ({ language, text }) => {
    if (language === "sql duckdb") return playInDuckdb(text);
    // Where the lake really is must not be forgotten.
    const result = await play(text.includes("attach_lake(") ? `begin;\n${text}\n;rollback` : text);
    for (const [words, check] of Object.entries(checks).filter(([found]) => text.includes(found))) {
      await check(result);
      checked.add(words);
    }
  });

  it("are all that is checked here", () => {
    expect([...checked].sort()).toEqual(Object.keys(checks).sort());
  });
});
