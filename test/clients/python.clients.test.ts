// Every row of "Python clients" in docs/other-clients.md, done by that client: after each of its commits a stream table is the
// query over the lake as a plain DuckDB answers it, or says why not.
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  MODES,
  streamTableOf,
  summaryOf,
  useFollowedTables,
} from "../../pg_trickle/extension/testing/followed-tables.ts";
import { useSchedulerRounds } from "../../pg_trickle/extension/testing/scheduler-rounds.ts";
import { useStreamTables } from "../../pg_trickle/extension/testing/stream-tables.ts";
import { openDuckdb } from "../../stack/ducklake.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { terminalProgress } from "../../tools/progress.ts";
import { useTrickle } from "../support/trickle.ts";
import { CASES, type PythonCase, type Step, VERSIONS } from "./cases.ts";
import { act, ensurePythonClients, makeHome, type PythonLake } from "./python.ts";

const trickle = useTrickle();
const round = useSchedulerRounds(trickle);
const { sql, duckdb, head, preferStrategy } = useStreamTables(trickle);
const tables = useFollowedTables({ sql, duckdb });
const text = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const home = temporaryFolder();
let lake: PythonLake;

beforeAll(async () => {
  const python = await ensurePythonClients(terminalProgress());
  await makeHome(home.path, inject("postgres").duckdbExtensions);
  await sql("drop role if exists lake_python");
  await sql("create role lake_python login password 'python'");
  await sql("grant pgtrickle_catalog to lake_python");
  await sql(`alter role lake_python in database ${trickle().name} set search_path = ducklake`);
  const catalog = { ...trickle().attach.catalog, user: "lake_python", password: "python" };
  lake = { python, home: home.path, catalog, dataPath: trickle().dataPath };
  await preferStrategy("Delta");
});

afterAll(async () => {
  home.remove();
  await sql("drop owned by lake_python cascade");
  await sql("drop role lake_python");
});

test("each row of the page has its test, and each test its row", () => {
  const [, section = ""] = text("../../docs/other-clients.md").split("\n## Python clients\n");
  const rows = section
    .split("\n")
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.slice(2, -2).split(" | "));
  const wanted = CASES.map(({ client, operation, happens }) => [
    `\`${client}\` ${VERSIONS[client]}`,
    operation,
    happens,
  ]);
  expect(rows).toEqual(wanted);
});

test("the versions of the page are those that are installed", () => {
  const pins = text("requirements.txt").split("\n");
  for (const [client, version] of Object.entries(VERSIONS)) expect(pins).toContain(`${client}==${version}`);
});

/** Attached for this read only: what one that was attached before makes of the files of some clients is not asked here. */
async function wanted(table: string): Promise<unknown[]> {
  const reader = await openDuckdb({ ...trickle().attach, readOnly: true });
  try {
    return await reader.rows(summaryOf(table));
  } finally {
    reader.close();
  }
}

async function check(table: string, step: string): Promise<unknown[]> {
  const rows = await wanted(table);
  for (const mode of MODES) {
    const name = streamTableOf(table, mode);
    expect({ step, mode, ...(await round(name)) }).toEqual({ step, mode, status: "ACTIVE", error: null });
    expect({ step, mode, rows: await tables.rows(name) }).toEqual({ step, mode, rows });
    const verified = await sql("select ok, level from pgtrickle.verify($1, 'engine')", [name]);
    expect({ step, mode, verified: verified.rows }).toEqual({ step, mode, verified: [{ ok: true, level: "engine" }] });
  }
  return rows;
}

async function checkError(table: string, error: RegExp, before: unknown[]): Promise<void> {
  for (const mode of MODES) {
    const name = streamTableOf(table, mode);
    expect(await round(name)).toEqual({ status: "ERROR", error: expect.stringMatching(error) });
    expect(await tables.rows(name)).toEqual(before);
    const code = await sql(
      `select sqlstate from pgtrickle_internal.refreshes
       where stream_table_id = pgtrickle_internal.resolve($1) order by id desc limit 1`,
      [name],
    );
    expect(code.rows).toEqual([{ sqlstate: "LT012" }]);
  }
}

const named = (found: string, table: string) => found.replaceAll(/\bT\b/g, table);

function moveFiles(table: string): void {
  const from = join(dirname(trickle().dataPath), "main", table);
  const to = join(trickle().dataPath, "main", table);
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) renameSync(join(from, file), join(to, file));
}

interface Played {
  readonly client: string;
  readonly table: string;
  readonly snapshot: number;
}

async function take(step: Step, played: Played): Promise<void> {
  if ("sql" in step) return duckdb().run(named(step.sql, played.table));
  if ("moveFiles" in step) return moveFiles(played.table);
  const done = act(lake, { ...played, action: step.action });
  if (step.refusal === undefined) await done;
  else await expect(done).rejects.toThrow(step.refusal);
}

async function play({ client, steps }: PythonCase, table: string): Promise<void> {
  const played = { client, table, snapshot: await head() };
  let rows = await check(table, "before");
  for (const step of steps) {
    await take(step, played);
    if (step.error === undefined) rows = await check(table, JSON.stringify(step));
    else await checkError(table, new RegExp(named(step.error.source, table)), rows);
  }
}

const tested = CASES.map((found, index) => ({ ...found, table: `t${index}` }));

describe.each(tested)("$client: $operation", (found) => {
  test(`${found.happens}`, async () => {
    await tables.create(found.table);
    await play(found, found.table);
    const strategies = (await tables.strategies(found.table)).filter(
      (strategy) => strategy === "Delta" || strategy === "Full",
    );
    expect(strategies).toEqual([/recomputed/.test(found.happens) ? "Full" : "Delta"]);
  });
});
