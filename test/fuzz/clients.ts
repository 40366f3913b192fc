/** The clients of the lake: each runs one statement at a time and says what it was told. They know no model. */
import { Client, DatabaseError } from "pg";
import type { TrickleDatabase } from "../../stack/database.ts";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import type { ClientName } from "./script.ts";
import { duckdbText, postgresText, type Statement } from "./statements.ts";

export type Answer =
  | { readonly ok: true; readonly count: number }
  | {
      readonly ok: false;
      /** An SQLSTATE, or a word for DuckDB's errors, which have no codes. */
      readonly kind: string;
      readonly message: string;
      /** The connection went: whether a commit was done is not known. */
      readonly isUnknown: boolean;
    };

export interface LakeClient {
  readonly name: ClientName;
  /** Marks the rows that it writes. */
  readonly owner: number;
  text(statement: Statement): string;
  run(sql: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Only to count by: the first that fits. */
const DUCKDB_ERRORS: readonly (readonly [string, RegExp])[] = [
  ["guard", /pgtrickle/],
  ["connection", /server closed the connection|terminating connection|could not receive data/],
  ["lock-timeout", /lock timeout/],
  ["statement-timeout", /statement timeout/],
  ["file-gone", /cannot open file|no files found/i],
  ["conflict", /conflict/i],
];

function duckdbKind(message: string): string {
  return DUCKDB_ERRORS.find(([, pattern]) => pattern.test(message))?.[0] ?? "other";
}

export function failure(error: unknown): Answer & { ok: false } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DatabaseError) {
    const kind = error.code ?? "no code";
    const { detail = "", hint, where } = error;
    const parts = [detail, hint && `HINT: ${hint}`, kind === "TR040" && `CONTEXT: ${where}`].filter(Boolean);
    return { ok: false, kind, message: [message, ...parts].join(" "), isUnknown: /^(?:08|57P)/.test(kind) };
  }
  const kind = duckdbKind(message);
  return { ok: false, kind, message, isUnknown: kind === "connection" || /^Connection terminated/.test(message) };
}

/** What of a message is worth showing: the guard's sentence stands behind the text of the whole commit. */
export function gistOf(message: string): string {
  const at = Math.max(0, message.indexOf("pgtrickle guard:"));
  return message.slice(at, at + 600);
}

/** A plain DuckDB with its default settings, which knows nothing of the engine. */
class DuckClient implements LakeClient {
  readonly name = "duck";
  readonly owner: number;
  readonly #duckdb: DuckdbClient;

  constructor(duckdb: DuckdbClient, owner: number) {
    this.#duckdb = duckdb;
    this.owner = owner;
  }

  text(statement: Statement): string {
    return duckdbText(statement);
  }

  async run(sql: string): Promise<Answer> {
    try {
      const [row] = await this.#duckdb.rows(sql);
      return { ok: true, count: Number(row?.["Count"] ?? row?.["count"] ?? 0) };
    } catch (error) {
      return failure(error);
    }
  }

  async close(): Promise<void> {}
}

/** A session of PostgreSQL, which reaches the lake by its foreign tables. */
class PostgresClient implements LakeClient {
  readonly name: ClientName;
  readonly owner: number;
  readonly #client: Client;

  constructor(name: ClientName, owner: number, client: Client) {
    this.name = name;
    this.owner = owner;
    this.#client = client;
  }

  text(statement: Statement): string {
    return postgresText(statement);
  }

  async run(sql: string): Promise<Answer> {
    try {
      const { rowCount, rows } = await this.#client.query<{ count?: string }>(sql);
      return { ok: true, count: Number(rows[0]?.count ?? rowCount ?? 0) };
    } catch (error) {
      return failure(error);
    }
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}

/** No statement of a PostgreSQL client waits longer than this. */
const STATEMENT_TIMEOUT_MS = 20_000;

export async function openClient(database: TrickleDatabase, name: ClientName, owner: number): Promise<LakeClient> {
  if (name === "duck") return new DuckClient(await database.duckdb({ readOnly: false }), owner);
  const client = new Client({
    connectionString: database.url,
    application_name: name,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  client.on("error", () => {});
  await client.connect();
  return new PostgresClient(name, owner, client);
}
