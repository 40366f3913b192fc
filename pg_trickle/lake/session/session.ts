// One client's session: prepared statements, portals, cursors and the transaction's state, as PostgreSQL has them. What a
// query means is decided behind PreparedQuery.
import { LakeError, SQL_STATE } from "../errors.ts";
import type { ClientMessage } from "../wire/messages.ts";
import type { Output } from "../wire/output.ts";
import * as reply from "../wire/replies.ts";
import { type Command, readCommand, splitStatements } from "./commands.ts";
import { Cursors } from "./cursors.ts";
import { done, type Execution, type PreparedQuery, TextRow } from "./execution.ts";
import type { LakeTransaction } from "./lake-transaction.ts";
import { EMPTY_STATEMENT, type Portal, Portals, type Statement, Statements } from "./portals.ts";
import { sendRows } from "./send-rows.ts";
import type { Settings } from "./settings.ts";

export interface SessionParts {
  readonly settings: Settings;
  readonly transaction: LakeTransaction;
  readonly prepare: (sql: string, signal: () => AbortSignal) => Promise<PreparedQuery>;
  readonly close: () => Promise<void>;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #statements = new Statements();
  readonly #portals = new Portals();
  readonly #cursors = new Cursors();
  #status: reply.TransactionStatus = "I";
  #abort = new AbortController();
  readonly #signal = (): AbortSignal => this.#abort.signal;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get status(): reply.TransactionStatus {
    return this.#status;
  }

  /** Cancels what is being done now, if anything; the next message starts uncancelled. */
  cancel(reason: LakeError): void {
    this.#abort.abort(reason);
  }

  async close(): Promise<void> {
    this.#cursors.closeAll();
    this.#portals.closeAll();
    await this.#parts.transaction.close();
    await this.#parts.close();
  }

  async handle(message: ClientMessage, output: Output): Promise<void> {
    this.#abort = new AbortController();
    try {
      await this.#dispatch(message, output);
    } catch (error) {
      await this.#fail();
      throw error;
    }
  }

  /** The end of a batch of extended messages: outside a transaction block it commits. */
  async sync(): Promise<void> {
    this.#abort = new AbortController();
    if (this.#status !== "I") return;
    this.#portals.closeAll();
    await this.#commitImplicit();
  }

  async #dispatch(message: ClientMessage, output: Output): Promise<void> {
    switch (message.kind) {
      case "query":
        return this.#simpleQuery(message.sql, output);
      case "parse":
        return this.#parse(message, output);
      case "bind":
        return this.#bind(message, output);
      case "describe":
        return message.target === "statement"
          ? this.#describeStatement(message.name, output)
          : this.#describePortal(message.name, output);
      case "execute":
        return this.#execute(message.portal, message.maxRows, output);
      case "close":
        return this.#close(message.target, message.name, output);
      case "sync":
      case "flush":
      case "terminate":
        return;
    }
  }

  async #simpleQuery(sql: string, output: Output): Promise<void> {
    const statements = splitStatements(sql);
    if (statements.length === 0) await output.write(reply.emptyQueryResponse());
    for (const text of statements) await this.#simpleStatement(text, output);
  }

  async #simpleStatement(text: string, output: Output): Promise<void> {
    const execution = await this.#start(await this.#read(text, []), []);
    if (execution.rows !== null) await output.write(reply.rowDescription(execution.rows.fields));
    const { count } = await sendRows(execution.rows, Number.MAX_SAFE_INTEGER, output);
    execution.rows?.close();
    if (this.#status === "I") await this.#commitImplicit();
    await output.write(reply.commandComplete(execution.tag(count)));
  }

  async #parse(message: Extract<ClientMessage, { kind: "parse" }>, output: Output): Promise<void> {
    this.#statements.requireFree(message.name);
    const [text, ...more] = splitStatements(message.sql);
    if (more.length > 0) throw new LakeError(SQL_STATE.syntaxError, "only one command can be prepared at a time");
    const statement = text === undefined ? EMPTY_STATEMENT : await this.#read(text, message.parameterTypes);
    this.#statements.add(message.name, statement);
    await output.write(reply.parseComplete());
  }

  async #bind(message: Extract<ClientMessage, { kind: "bind" }>, output: Output): Promise<void> {
    this.#portals.open(message.portal, this.#statements.get(message.statement), message.values);
    await output.write(reply.bindComplete());
  }

  async #describeStatement(name: string, output: Output): Promise<void> {
    const statement = this.#statements.get(name);
    await output.write(reply.parameterDescription(statement.parameterTypes));
    // The columns depend on the parameters, which are not there yet; clients that need them describe the portal.
    await output.write(reply.noData());
  }

  async #describePortal(name: string, output: Output): Promise<void> {
    const portal = this.#portals.get(name);
    const { rows } = await this.#startPortal(portal);
    await output.write(rows === null ? reply.noData() : reply.rowDescription(rows.fields));
  }

  async #execute(name: string, maxRows: number, output: Output): Promise<void> {
    const portal = this.#portals.get(name);
    if (portal.statement === EMPTY_STATEMENT) return output.write(reply.emptyQueryResponse());
    const execution = await this.#startPortal(portal);
    const limit = maxRows > 0 ? maxRows : Number.MAX_SAFE_INTEGER;
    const { count, done: isDone } = await sendRows(execution.rows, limit, output);
    portal.sent += count;
    if (!isDone) return output.write(reply.portalSuspended());
    await output.write(reply.commandComplete(execution.tag(portal.sent)));
  }

  async #close(target: "statement" | "portal", name: string, output: Output): Promise<void> {
    if (target === "statement") this.#statements.close(name);
    else this.#portals.close(name);
    await output.write(reply.closeComplete());
  }

  /** A statement is run when its columns are asked for, as they are known only then, or when it is executed. */
  async #startPortal(portal: Portal): Promise<Execution> {
    if (portal.statement === EMPTY_STATEMENT) return done("");
    portal.execution ??= await this.#start(portal.statement, portal.values);
    return portal.execution;
  }

  async #read(text: string, parameterTypes: readonly number[]): Promise<Statement> {
    const command = readCommand(text);
    const sql = command.kind === "query" || command.kind === "declare" ? command.sql : null;
    this.#requireUsable(command);
    return { command, parameterTypes, query: sql === null ? null : await this.#parts.prepare(sql, this.#signal) };
  }

  #requireUsable(command: Command): void {
    const ends = ["commit", "rollback", "rollbackTo"].includes(command.kind);
    if (this.#status !== "E" || ends) return;
    throw new LakeError(
      SQL_STATE.inFailedTransaction,
      "current transaction is aborted, commands ignored until end of transaction block",
    );
  }

  async #start(statement: Statement, values: readonly (string | null)[]): Promise<Execution> {
    const { command, query } = statement;
    this.#requireUsable(command);
    switch (command.kind) {
      case "query":
        return this.#startQuery(query, values);
      case "declare":
        this.#requireBlock("DECLARE CURSOR");
        return this.#cursors.declare(command.cursor, await this.#startQuery(query, values));
      case "fetch":
        return this.#cursors.fetch(command.cursor, command.count);
      case "closeCursor":
        return this.#cursors.close(command.cursor);
      case "set":
        this.#parts.settings.set(command.name, command.value, command.local);
        return done("SET");
      case "show":
        return { rows: new TextRow(command.name, this.#parts.settings.get(command.name)), tag: () => "SHOW" };
      case "deallocate":
        this.#statements.deallocate(command.name);
        return done("DEALLOCATE");
      case "discard":
        return this.#discard();
      default:
        return this.#transactionCommand(command);
    }
  }

  #startQuery(query: PreparedQuery | null, values: readonly (string | null)[]): Promise<Execution> {
    if (query === null) throw new LakeError(SQL_STATE.internal, "a query has not been prepared");
    return query.start({ values, signal: this.#signal });
  }

  async #transactionCommand(command: Command): Promise<Execution> {
    const { transaction } = this.#parts;
    switch (command.kind) {
      case "begin":
        transaction.start(command.serializable);
        this.#status = "T";
        return done("BEGIN");
      case "commit":
        return done(await this.#commit());
      case "rollback":
        await this.#end(() => transaction.rollback());
        return done("ROLLBACK");
      case "savepoint":
        this.#requireBlock("SAVEPOINT");
        this.#cursors.markSavepoint(command.name);
        transaction.savepoint(command.name);
        return done("SAVEPOINT");
      case "release":
        this.#requireBlock("RELEASE SAVEPOINT");
        transaction.release(command.name);
        return done("RELEASE");
      case "rollbackTo":
        this.#requireBlock("ROLLBACK TO SAVEPOINT");
        this.#cursors.closeAfter(command.name);
        await transaction.rollbackTo(command.name);
        this.#status = "T";
        return done("ROLLBACK");
      default:
        throw new LakeError(SQL_STATE.internal, `command ${command.kind} is not about transactions`);
    }
  }

  async #commit(): Promise<string> {
    const isFailed = this.#status === "E";
    const { transaction } = this.#parts;
    await this.#end(() => (isFailed ? transaction.rollback() : transaction.commit(this.#signal())));
    return isFailed ? "ROLLBACK" : "COMMIT";
  }

  async #end(step: () => Promise<void>): Promise<void> {
    this.#status = "I";
    this.#cursors.closeAll();
    this.#portals.closeAll();
    this.#parts.settings.endTransaction();
    await step();
  }

  #commitImplicit(): Promise<void> {
    return this.#parts.transaction.commit(this.#signal());
  }

  async #fail(): Promise<void> {
    if (this.#status === "T") this.#status = "E";
    if (this.#status !== "I") return;
    this.#portals.closeAll();
    await this.#parts.transaction.rollback();
  }

  #discard(): Execution {
    this.#statements.deallocate(null);
    this.#cursors.closeAll();
    this.#parts.settings.reset();
    return done("DISCARD ALL");
  }

  #requireBlock(what: string): void {
    if (this.#status !== "I") return;
    throw new LakeError(SQL_STATE.noActiveTransaction, `${what} can only be used in transaction blocks`);
  }
}
