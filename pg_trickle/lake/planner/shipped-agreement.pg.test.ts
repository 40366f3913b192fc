// postgres_fdw decides by itself what it ships. Whatever it ships is answered as PostgreSQL would, or refused.
import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type {} from "../../../test/support/provided.ts";
import { AGREEING_EXPRESSIONS, AGREEING_QUERIES, REFUSED } from "./gate/agreement-cases.ts";
import { asText, COLUMNS, fromDuckdb, same, VALUES } from "./gate/agreement-table.ts";
import { translateShipped } from "./shipped.ts";
import { startTestDuckdb, type TestDuckdb } from "./testing.ts";

const DATABASE = `shipped_${process.pid}`;
const TABLE_COLUMNS = COLUMNS.replaceAll("varchar", 'varchar collate "C"');

let postgres: Client;
let duckdb: TestDuckdb;

async function connect(database: string): Promise<Client> {
  const { socketDir, port, password } = inject("postgres");
  const client = new Client({ host: socketDir, port, user: "postgres", password, database });
  await client.connect();
  return client;
}

async function once(sql: string): Promise<void> {
  const client = await connect("postgres");
  await client.query(sql);
  await client.end();
}

beforeAll(async () => {
  await once(`create database ${DATABASE}`);
  postgres = await connect(DATABASE);
  // Never connected to: EXPLAIN shows what would be shipped.
  for (const sql of [
    "create extension postgres_fdw",
    "create server nowhere foreign data wrapper postgres_fdw options (host '/nowhere')",
    "create user mapping for postgres server nowhere options (user 'x', password 'x')",
    `create table t(${TABLE_COLUMNS})`,
    `insert into t values ${VALUES}`,
    `create foreign table f(${TABLE_COLUMNS}) server nowhere options (schema_name 'main', table_name 't')`,
    "set TimeZone = 'UTC'",
  ]) {
    await postgres.query(sql);
  }
  duckdb = await startTestDuckdb(
    "attach ':memory:' as lake",
    `create table lake.main.t(${COLUMNS})`,
    `insert into lake.main.t values ${VALUES}`,
  );
});

afterAll(async () => {
  duckdb.close();
  await postgres.end();
  await once(`drop database ${DATABASE}`);
});

interface PlanNode {
  readonly "Node Type": string;
  readonly "Remote SQL"?: string;
  readonly Plans?: readonly PlanNode[];
}

/** What is shipped for a query, and whether it is the whole query. */
async function shipped(query: string): Promise<{ readonly texts: readonly string[]; readonly isWhole: boolean }> {
  const { rows } = await postgres.query(`explain (verbose, costs off, format json) ${overForeignTable(query)}`);
  const top = (rows[0] as { "QUERY PLAN": { Plan: PlanNode }[] })["QUERY PLAN"][0]?.Plan;
  const texts: string[] = [];
  const visit = (node: PlanNode): void => {
    if (node["Remote SQL"]) texts.push(node["Remote SQL"]);
    node.Plans?.forEach(visit);
  };
  if (top) visit(top);
  return { texts, isWhole: top?.["Node Type"] === "Foreign Scan" };
}

function overForeignTable(query: string): string {
  return query.replaceAll("public.t", "public.f").replace(/\bt\./g, "f.");
}

async function agrees(query: string): Promise<"answered" | "refused"> {
  const { texts, isWhole } = await shipped(query);
  for (const text of texts) {
    const translated = await translateShipped(text, () => null, duckdb.services);
    if (!translated.ok) {
      expect(translated.sqlState, `${text}: ${translated.message}`).toBe("LT003");
      return "refused";
    }
    if (translated.kind !== "select") throw new Error(text);
    if (isWhole) await compare(query, translated.sql);
    else await duckdb.rows(translated.sql);
  }
  return "answered";
}

async function compare(query: string, sql: string): Promise<void> {
  const local = postgres
    .query<unknown[]>({ text: query, rowMode: "array", types: asText })
    .then(({ rows }) => rows.map((row) => row.map(same).join("|")));
  const want = await local.catch(() => ["error"]);
  const got = await fromDuckdb(duckdb, sql).catch(() => ["error"]);
  expect([...got].sort(), sql).toEqual([...want].sort());
}

const grouped = (expression: string): string => `select ${expression} as r, count(*) as c from public.t group by 1`;

test.each(AGREEING_EXPRESSIONS)("%s", async (expression) => {
  expect(await agrees(grouped(expression))).toBe("answered");
});

test.each(AGREEING_QUERIES.filter((sql) => /group by|count|sum/.test(sql)))("%s", async (sql) => {
  expect(await agrees(sql)).toMatch(/answered|refused/);
});

test.each(REFUSED.filter(([, sql]) => !/^(select|with) |over \(|json|^t$/.test(sql)))(
  "%s %s is never answered differently",
  async (_code, expression) => {
    expect(await agrees(grouped(expression))).toMatch(/answered|refused/);
  },
);
