// Runs SQL the way a person does: by psql, as it stands. Where there is no psql on the PATH, by pg's simple protocol, which
// takes the same text, after saying so once. Values stay the text that PostgreSQL sent.

import { spawn, spawnSync } from "node:child_process";
import pg from "pg";
import { parsePsqlOutput, type QueryResult } from "./psql-output.ts";

export interface SqlRunner {
  readonly name: "psql" | "pg";
  /** Results of the statements that return rows, in their order. Rejects with PostgreSQL's message. */
  run(sql: string): Promise<readonly QueryResult[]>;
}

/** What psql says on its standard error, with the message's SQLSTATE as `ERROR:  TR001: …`. */
class SqlError extends Error {
  override readonly name = "SqlError";
}

const PSQL_ARGUMENTS = [
  "--no-psqlrc",
  "--quiet",
  "--set=ON_ERROR_STOP=1",
  "--set=VERBOSITY=verbose",
  "--pset=format=unaligned",
  "--pset=fieldsep=\u001f",
  "--pset=footer=on",
  "--file=-",
];

function hasPsql(): boolean {
  return spawnSync("psql", ["--version"], { stdio: "ignore" }).status === 0;
}

function runPsql(url: string, sql: string): Promise<readonly QueryResult[]> {
  return new Promise((resolve, reject) => {
    // A person's own PGOPTIONS, PGSERVICE or PGTZ must not decide what the test sees.
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
    const child = spawn("psql", [...PSQL_ARGUMENTS, url], {
      env: { ...Object.fromEntries(environment), PGCLIENTENCODING: "UTF8" },
    });
    const output: string[] = [];
    const errors: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) {
        resolve(parsePsqlOutput(output.join("")));
      } else {
        reject(new SqlError(errors.join("").trim()));
      }
    });
    child.stdin.end(`${sql}\n`);
  });
}

async function runPg(url: string, sql: string): Promise<readonly QueryResult[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const asText = { getTypeParser: () => (value: string) => value };
    const answer: unknown = await client.query({ text: sql, rowMode: "array", types: asText });
    const results = (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult<(string | null)[]>[];
    return results
      .filter((result) => result.fields.length > 0)
      .map(({ fields, rows }) => ({
        columns: fields.map((field) => field.name),
        rows: rows.map((row) => row.map((value) => value ?? "")),
      }));
  } catch (error) {
    const { code, message, hint } = error as pg.DatabaseError;
    throw new SqlError(`ERROR:  ${code}: ${message}${hint === undefined ? "" : `\nHINT:  ${hint}`}`);
  } finally {
    await client.end();
  }
}

export function chooseRunner(url: string, say: (text: string) => void): SqlRunner {
  if (hasPsql()) {
    return { name: "psql", run: (sql) => runPsql(url, sql) };
  }
  say("no psql on the PATH: the statements go through the pg client instead\n");
  return { name: "pg", run: (sql) => runPg(url, sql) };
}
