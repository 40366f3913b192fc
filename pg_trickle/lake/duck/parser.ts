// A DuckDB connection for questions of text to text, one after the other: two at once would block a thread each.
import type { DuckDBConnection } from "@duckdb/node-api";
import { LakeError, SQL_STATE } from "../errors.ts";

export class Parser {
  readonly #connection: DuckDBConnection;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  ask(sql: string, argument: string): Promise<string> {
    const answer = this.#queue.then(async () => {
      const reader = await this.#connection.runAndReadAll(sql, [argument]);
      const text = reader.getRows()[0]?.[0];
      if (typeof text !== "string") throw new LakeError(SQL_STATE.internal, "DuckDB gave no text for a syntax tree");
      return text;
    });
    this.#queue = answer.catch(() => undefined);
    return answer;
  }
}
