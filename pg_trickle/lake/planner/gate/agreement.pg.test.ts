// The gate's promise, kept against a real PostgreSQL: what passes gives the same rows there and in DuckDB.
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type {} from "../../../../test/support/provided.ts";
import { statement } from "../ast.ts";
import { gateFreely, parsePlan, readSources } from "../plan-sources.ts";
import { RefusedError } from "../refusal.ts";
import { startTestDuckdb, type TestDuckdb } from "../testing.ts";
import type { Plan } from "../types.ts";
import { AGREEING_EXPRESSIONS, AGREEING_QUERIES, REFUSED } from "./agreement-cases.ts";

const COLUMNS =
  "id int, i int, b bigint, s smallint, n numeric(12,2), m numeric(10,4), f double precision, x varchar, y varchar, d date, ts timestamp, tz timestamptz, u uuid, bo boolean";

const ROWS: readonly string[] = [
  `1, 1, 10, 2, 1.25, 0.5000, 1.5, 'abc', 'a%c', '2026-01-31', '2026-01-31 10:11:12.5', '2026-01-31 10:11:12.5+00', '00000000-0000-0000-0000-000000000001', true`,
  `2, -7, -70, -2, -1.25, -0.0005, -2.5, 'Ärger', 'a_c', '2024-02-29', '2024-02-29 23:59:59.999999', '2024-02-29 23:59:59.999999+00', 'ffffffff-0000-0000-0000-000000000001', false`,
  "3, null, null, null, null, null, null, null, null, null, null, null, null, null",
  `4, 2147483647, 9223372036854775807, 32767, 9999999999.99, 999999.9999, 1e15, '', '\\_', '1999-12-31', '1999-12-31 00:00:00', '1999-12-31 00:00:00+00', '00000000-0000-0000-0000-00000000000f', true`,
  `5, -2147483648, -9223372036854775808, -32768, -9999999999.99, -999999.9999, 0, 'a_c', '%', '2026-03-29', '2026-03-29 02:30:00', '2026-03-29 02:30:00+00', '10000000-0000-0000-0000-000000000001', false`,
  `6, 0, 0, 0, 0.00, 0.0000, 'NaN', E'x\\ny ', 'abc', '2026-12-31', '2026-12-31 12:00:00', '2026-12-31 12:00:00+00', '20000000-0000-0000-0000-000000000001', null`,
  `7, 5, 5, 5, 2.50, 2.5000, 'infinity', 'a\\_c', 'a\\_c', '2026-06-15', '2026-06-15 01:01:01', '2026-06-15 01:01:01+00', '30000000-0000-0000-0000-000000000001', true`,
  `8, 3, 3, 3, 3.35, 3.3550, 0.1, 'ABC', 'abc', '2026-06-16', '2026-06-16 01:01:01', '2026-06-16 01:01:01+00', '40000000-0000-0000-0000-000000000001', true`,
  `9, 3, 3, 3, -3.35, -2.5000, 3.5, E' \\t é日本  ', '', '1970-01-01', '1969-12-31 23:59:59.5', '1969-12-31 23:59:59.5+00', '40000000-0000-0000-0000-00000000000a', true`,
  `10, 12, -13, -3, 0.05, 0.0050, 0.5, 'ab', 'b', '1904-02-29', '1900-01-01 00:00:00.000001', '1900-01-01 00:00:00.000001+00', '40000000-0000-0000-0000-00000000000b', false`,
];
const VALUES = ROWS.map((row) => `(${row})`).join(", ");
const asText = { getTypeParser: () => (value: string | Buffer) => value };

let postgres: Client;
let duckdb: TestDuckdb;
let schema: string;

beforeAll(async () => {
  const { socketDir, port, password } = inject("postgres");
  postgres = new Client({ host: socketDir, port, user: "postgres", password, database: "postgres" });
  await postgres.connect();
  schema = `agreement_${process.pid}`;
  await postgres.query(`create schema ${schema}`);
  await postgres.query(`create table ${schema}.t(${COLUMNS.replaceAll("varchar", 'varchar collate "C"')})`);
  await postgres.query(`insert into ${schema}.t values ${VALUES}`);
  await postgres.query("set search_path = ''");
  duckdb = await startTestDuckdb(
    "attach ':memory:' as lake",
    `create table lake.main.t(${COLUMNS})`,
    `insert into lake.main.t values ${VALUES}`,
  );
});

afterAll(async () => {
  duckdb.close();
  await postgres.query(`drop schema ${schema} cascade`);
  await postgres.end();
});

/** The query as DuckDB is to run it, by way of a PostgreSQL view. */
async function translated(written: string): Promise<string> {
  const sql = written.replaceAll("public.t", `${schema}.t`);
  const view = `${schema}.v`;
  await postgres.query(`drop view if exists ${view}; create view ${view} as ${sql}`);
  const shown = await postgres.query<{ d: string }>("select pg_get_viewdef($1::regclass) as d", [view]);
  const plan: Plan = {
    sql: shown.rows[0]?.d ?? "",
    tables: new Map([[`${schema}.t`, "main.t"]]),
    settings: new Map(),
    shape: "rows",
    table: null,
  };
  const sources = await readSources(plan, await parsePlan(plan, duckdb.services), null, duckdb.services);
  return duckdb.services.print(statement(gateFreely(sources).node));
}

/** Texts that mean the same value. */
function same(value: unknown): unknown {
  if (value === "t" || value === "f") return value === "t" ? "true" : "false";
  const text = String(value);
  if (/^-?\d+(\.\d+)?e[+-]\d+$/.test(text)) return String(Number(text));
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text;
}

async function fromPostgres(sql: string): Promise<readonly string[]> {
  const { rows } = await postgres.query<unknown[]>({ text: sql, rowMode: "array", types: asText });
  return rows.map((row) => row.map(same).join("|"));
}

async function fromDuckdb(sql: string): Promise<readonly string[]> {
  const types = await duckdb.rows(`describe ${sql}`);
  const columns = types.map(([name, type]) =>
    /TIME ZONE|DATE/.test(String(type)) ? `"${name}"::varchar` : `"${name}"`,
  );
  const rows = await duckdb.rows(`select ${columns.join(", ")} from (${sql})`);
  return rows.map((row) => row.map(same).join("|"));
}

async function orError(step: () => Promise<readonly string[]>): Promise<string> {
  try {
    return (await step()).join();
  } catch {
    return "error";
  }
}

describe.each(["UTC", "Europe/Berlin"])("TimeZone %s", (zone) => {
  beforeAll(async () => {
    await postgres.query(`set TimeZone = '${zone}'`);
    await duckdb.rows(`set TimeZone = '${zone}'`);
  });

  test.each(AGREEING_EXPRESSIONS)("%s", async (expression) => {
    const sql = await translated(`select id, ${expression} as r from public.t`);
    for (let id = 1; id <= ROWS.length; id += 1) {
      const want = await orError(() => fromPostgres(`select r from ${schema}.v where id = ${id}`));
      expect(await orError(() => fromDuckdb(`select r from (${sql}) where id = ${id}`)), `row ${id}: ${sql}`).toBe(
        want,
      );
    }
  });

  test.each(AGREEING_QUERIES)("%s", async (query) => {
    const sql = await translated(query);
    expect([...(await fromDuckdb(sql))].sort(), sql).toEqual(
      [...(await fromPostgres(`select * from ${schema}.v`))].sort(),
    );
  });
});

test.each(REFUSED)("refused with %s: %s", async (code, written) => {
  const sql = /^(select|with) /.test(written) ? written : `select id, ${written} as r from public.t`;
  await expect(translated(sql)).rejects.toSatisfy((error) => error instanceof RefusedError && error.code === code);
});
