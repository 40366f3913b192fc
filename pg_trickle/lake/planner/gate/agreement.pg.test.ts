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
import { asText, COLUMNS, fromDuckdb, ROWS, same, VALUES } from "./agreement-table.ts";

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
    maxRows: null,
    columns: null,
  };
  const sources = await readSources(plan, await parsePlan(plan, duckdb.services), null, duckdb.services);
  return duckdb.services.print(statement(gateFreely(sources).node));
}

async function fromPostgres(sql: string): Promise<readonly string[]> {
  const { rows } = await postgres.query<unknown[]>({ text: sql, rowMode: "array", types: asText });
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
      expect(
        await orError(() => fromDuckdb(duckdb, `select r from (${sql}) where id = ${id}`)),
        `row ${id}: ${sql}`,
      ).toBe(want);
    }
  });

  test.each(AGREEING_QUERIES)("%s", async (query) => {
    const sql = await translated(query);
    expect([...(await fromDuckdb(duckdb, sql))].sort(), sql).toEqual(
      [...(await fromPostgres(`select * from ${schema}.v`))].sort(),
    );
  });
});

test.each(REFUSED)("refused with %s: %s", async (code, written) => {
  const sql = /^(select|with) /.test(written) ? written : `select id, ${written} as r from public.t`;
  await expect(translated(sql)).rejects.toSatisfy((error) => error instanceof RefusedError && error.code === code);
});
