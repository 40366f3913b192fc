// Prepared statements and portals of the extended protocol.
import { LakeError, SQL_STATE } from "../errors.ts";
import type { Command } from "./commands.ts";
import type { Execution, PreparedQuery } from "./execution.ts";

export interface Statement {
  readonly command: Command;
  /** Null for commands that are no queries. */
  readonly query: PreparedQuery | null;
  readonly parameterTypes: readonly number[];
}

/** A statement without text. */
export const EMPTY_STATEMENT: Statement = { command: { kind: "query", sql: "" }, query: null, parameterTypes: [] };

export interface Portal {
  readonly statement: Statement;
  readonly values: readonly (string | null)[];
  execution: Execution | null;
  sent: number;
}

export class Statements {
  readonly #statements = new Map<string, Statement>();

  requireFree(name: string): void {
    if (name === "" || !this.#statements.has(name)) return;
    throw new LakeError(SQL_STATE.duplicateStatement, `prepared statement "${name}" already exists`);
  }

  add(name: string, statement: Statement): void {
    this.#statements.set(name, statement);
  }

  get(name: string): Statement {
    const statement = this.#statements.get(name);
    if (statement === undefined) throw unknownStatement(name);
    return statement;
  }

  close(name: string): void {
    this.#statements.delete(name);
  }

  /** Null deallocates all. */
  deallocate(name: string | null): void {
    if (name === null) this.#statements.clear();
    else if (!this.#statements.delete(name)) throw unknownStatement(name);
  }
}

export class Portals {
  readonly #portals = new Map<string, Portal>();

  open(name: string, statement: Statement, values: readonly (string | null)[]): void {
    this.close(name);
    this.#portals.set(name, { statement, values, execution: null, sent: 0 });
  }

  get(name: string): Portal {
    const portal = this.#portals.get(name);
    if (portal !== undefined) return portal;
    throw new LakeError(SQL_STATE.invalidCursorName, `portal "${name}" does not exist`);
  }

  close(name: string): void {
    this.#portals.get(name)?.execution?.rows?.close();
    this.#portals.delete(name);
  }

  closeAll(): void {
    for (const name of [...this.#portals.keys()]) this.close(name);
  }
}

function unknownStatement(name: string): LakeError {
  return new LakeError(SQL_STATE.invalidStatementName, `prepared statement "${name}" does not exist`);
}
