// For tests only: the same edge values in both databases, and one query run in both.
import { Client } from "pg";
import { itemText, textColumns } from "../duck/text-columns.ts";
import { statement } from "../planner/ast.ts";
import { duckLiteral, type EdgeType } from "../planner/gate/edge-values.ts";
import { gatePlan, parsePlan, readSources } from "../planner/plan-sources.ts";
import { RefusedError } from "../planner/refusal.ts";
import { startTestDuckdb, type TestDuckdb } from "../planner/testing.ts";
import type { Plan } from "../planner/types.ts";
import { zoneOffset } from "../wire/text/time-zones.ts";

/** By key: the texts of the rows that have it, in order; an error is a text too. */
type Answers = ReadonlyMap<string, string>;

const ERROR = "error";
const NOTHING = "<null>";
const SCHEMA = `edges_${process.pid}`;
const asText = { getTypeParser: () => (value: string | Buffer) => value };

/** A query for one row at a time, because one row's error is no other's. */
const TRIED = `create function ${SCHEMA}.tried(wanted text) returns text language plpgsql as $$
declare found text; begin
  execute format('select string_agg(coalesce(r::text, ''<null>''), '' | '' order by r::text collate "C") from ${SCHEMA}.v where k = %s', wanted) into found;
  return found;
exception when others then return 'error'; end $$`;

export interface Server {
  readonly socketDir: string;
  readonly port: number;
  readonly password: string;
}

export class EdgeEngines {
  readonly #postgres: Client;
  readonly #duckdb: TestDuckdb;
  #compared = 0;
  #queries = 0;
  #refused = 0;
  #errors = 0;

  private constructor(postgres: Client, duckdb: TestDuckdb) {
    this.#postgres = postgres;
    this.#duckdb = duckdb;
  }

  static async open(types: readonly EdgeType[], { socketDir, port, password }: Server): Promise<EdgeEngines> {
    const postgres = new Client({ host: socketDir, port, user: "postgres", password, database: "postgres" });
    await postgres.connect();
    await postgres.query(`create schema ${SCHEMA}; ${TRIED}; set TimeZone = 'UTC'`);
    const duckdb = await startTestDuckdb("attach ':memory:' as lake");
    for (const edge of types) {
      const rows = edge.values.map((value, index) => [index + 1, value] as const);
      await postgres.query(`create table ${SCHEMA}.${edge.name}(k integer, v ${edge.postgres})`);
      for (const row of rows) await postgres.query(`insert into ${SCHEMA}.${edge.name} values ($1, $2)`, [...row]);
      const given = rows.map(([k, value]) => `(${k}, ${duckLiteral(edge, value)})`).join(", ");
      await duckdb.rows(`create table lake.main.${edge.name}(k integer, v ${edge.duckdb})`);
      await duckdb.rows(`insert into lake.main.${edge.name} values ${given}`);
    }
    await postgres.query("set search_path = ''");
    return new EdgeEngines(postgres, duckdb);
  }

  async close(): Promise<void> {
    this.#duckdb.close();
    await this.#postgres.query(`drop schema ${SCHEMA} cascade`);
    await this.#postgres.end();
  }

  summary(): string {
    return `${this.#compared} answers of ${this.#queries} queries compared; ${this.#refused} queries refused; ${this.#errors} answers that only PostgreSQL has`;
  }

  /** What differs; empty if PostgreSQL does not know the query, the gate refuses it, or both agree. */
  async differences(written: string, a: EdgeType, b: EdgeType): Promise<readonly string[]> {
    const sql = written.replaceAll("public.a", `${SCHEMA}.${a.name}`).replaceAll("public.b", `${SCHEMA}.${b.name}`);
    const type = await this.#view(sql);
    if (type === null) return [];
    const translated = await this.#translated([a, b]);
    if (translated === null) return [];
    this.#queries += 1;
    const want = await this.#fromPostgres();
    const got = await this.#fromDuckdb(translated, type);
    const keys = [...new Set([...want.keys(), ...got.keys()])];
    this.#compared += keys.length;
    return keys.flatMap((key) => {
      const [left, right] = [want.get(key) ?? "no row", got.get(key) ?? "no row"];
      if (left === right) return [];
      if (right !== ERROR) return [`${sql.replaceAll(`${SCHEMA}.`, "")}, ${key}: ${left}, not ${right}`];
      this.#errors += 1;
      return [];
    });
  }

  /** Makes it the view; its type, or null for what PostgreSQL does not know. */
  async #view(sql: string): Promise<string | null> {
    try {
      await this.#postgres.query(`drop view if exists ${SCHEMA}.v; create view ${SCHEMA}.v as ${sql}`);
    } catch {
      return null;
    }
    const { rows } = await this.#postgres.query<{ type: string }>(
      "select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attname = 'r'",
      [`${SCHEMA}.v`],
    );
    return rows[0]?.type ?? null;
  }

  async #translated(edges: readonly EdgeType[]): Promise<string | null> {
    const shown = await this.#postgres.query<{ d: string }>(`select pg_get_viewdef('${SCHEMA}.v'::regclass) as d`);
    const plan: Plan = {
      sql: shown.rows[0]?.d ?? "",
      tables: new Map(edges.map((edge) => [`${SCHEMA}.${edge.name}`, `main.${edge.name}`])),
      settings: new Map(),
      shape: "rows",
      table: null,
      maxRows: null,
      columns: null,
    };
    try {
      const { services } = this.#duckdb;
      const sources = await readSources(plan, await parsePlan(plan, services), null, services);
      return await services.print(statement(gatePlan(sources).node));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refused += 1;
      return null;
    }
  }

  async #fromPostgres(): Promise<Answers> {
    const grouped = `select k::text, string_agg(coalesce(r::text, '${NOTHING}'), ' | ' order by r::text collate "C") from ${SCHEMA}.v group by k`;
    try {
      return await this.#pairs(grouped);
    } catch {
      try {
        return await this.#pairs(
          `select q.k::text, ${SCHEMA}.tried(q.k::text) from (select distinct k from ${SCHEMA}.v) q`,
        );
      } catch {
        return new Map([["all", ERROR]]);
      }
    }
  }

  async #pairs(sql: string): Promise<Answers> {
    const { rows } = await this.#postgres.query<[string, string]>({ text: sql, rowMode: "array", types: asText });
    return new Map(rows);
  }

  /** Written as the engine sends it, and read by PostgreSQL as its type. */
  async #fromDuckdb(sql: string, type: string): Promise<Answers> {
    const rows = (await this.#rows(sql).catch(() => null)) ?? (await this.#oneByOne(sql));
    if (rows === null) return new Map([["all", ERROR]]);
    // What PostgreSQL cannot read is no answer of its type.
    return this.#read(rows, type).catch(() => new Map([["all", "unreadable"]]));
  }

  async #read(rows: readonly (readonly [string | null, string | null])[], type: string): Promise<Answers> {
    const { rows: read } = await this.#postgres.query<[string, string]>({
      text: `select k, string_agg(case when r = '${ERROR}' then r else coalesce(r::${type}::text, '${NOTHING}') end, ' | ' order by case when r = '${ERROR}' then r else r::${type}::text end collate "C")
        from unnest($1::text[], $2::text[]) as u(k, r) group by k`,
      values: [rows.map(([k]) => k), rows.map(([, r]) => r)],
      rowMode: "array",
      types: asText,
    });
    return new Map(read);
  }

  async #rows(sql: string): Promise<readonly (readonly [string | null, string | null])[]> {
    const result = await this.#duckdb.connection.run(sql);
    const writers = result.columnTypes().map((item) => itemText(item, zoneOffset("UTC")));
    const chunks = await result.fetchAllChunks();
    return chunks.flatMap((chunk) => {
      const [keys = [], values = []] = textColumns(chunk, writers);
      return keys.map((key, index) => [key, values[index] ?? null] as const);
    });
  }

  async #oneByOne(sql: string): Promise<readonly (readonly [string | null, string | null])[] | null> {
    try {
      const keys = await this.#rows(`select distinct k, '' from (${sql})`);
      const rows = keys.map(([key]) =>
        this.#rows(`select k, r from (${sql}) where k = ${key}`).catch(() => [[key, ERROR] as const]),
      );
      return (await Promise.all(rows)).flat();
    } catch {
      return null;
    }
  }
}
