// A DuckDB connection for questions of text to text, one after the other: two at once would block a thread each.
import { LakeError, SQL_STATE } from "../errors.ts";
import type { LakeConnection } from "./connection.ts";

const NEVER = new AbortController().signal;

export class Parser {
  readonly #connection: LakeConnection;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(connection: LakeConnection) {
    this.#connection = connection;
  }

  ask(sql: string, argument: string): Promise<string> {
    const answer = this.#queue.then(async () => {
      const rows = await this.#connection.all(sql, NEVER, [argument]);
      const text = rows[0]?.[0];
      if (typeof text !== "string") throw new LakeError(SQL_STATE.internal, "DuckDB gave no text for a syntax tree");
      return text;
    });
    this.#queue = answer.catch(() => undefined);
    return answer;
  }
}
