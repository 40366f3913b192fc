// One DuckDB connection: one statement at a time, cancellable at any moment, its open result kept alive across others.
// Nothing that it gives is short in silence, and it says so when its instance is dead.
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBMaterializedResult,
  type DuckDBResult,
  type DuckDBValue,
  ResultReturnType,
  VARCHAR,
} from "@duckdb/node-api";
import { AttachmentOutdated, InstanceDead, LakeError, outsideDataPath, readDeath, SQL_STATE } from "../errors.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";
import { cutShort, reasonOfEnd } from "./early-end.ts";
import { DuckRows } from "./rows.ts";
import type { Suspects } from "./suspects.ts";

/** DuckDB forgets an interrupt that comes between two of its steps, so it is repeated until the call has come back. */
const INTERRUPT_AGAIN_MS = 20;
/** Rows in one DuckDB vector. */
const CHUNK_ROWS = 2048;
const DEFAULT_ZONE = "UTC";

/** What a connection knows of its instance. */
export interface ConnectionHome {
  readonly dataPath: string;
  readonly generation: number;
  readonly suspects: Suspects;
  /** Another connection to the same instance. */
  readonly connect: () => Promise<DuckDBConnection>;
  /** Whether a new attachment has taken this one's place, as it does not fail of the statement. */
  readonly isOutdated: (error: unknown, statement: TriedStatement, signal: AbortSignal) => Promise<boolean>;
}

export interface TriedStatement {
  readonly sql: string;
  readonly values?: DuckDBValue[] | undefined;
}

interface Call extends TriedStatement {
  readonly signal: AbortSignal;
}

export class LakeConnection {
  readonly #duck: DuckDBConnection;
  readonly #home: ConnectionHome;
  #live: DuckRows | null = null;
  #busy = false;
  #closedBecause: Error | null = null;
  #timeZone: string | null = null;
  #ending: Promise<unknown> | null = null;
  #interrupts = 0;

  constructor(duck: DuckDBConnection, home: ConnectionHome) {
    this.#duck = duck;
    this.#home = home;
  }

  get generation(): number {
    return this.#home.generation;
  }

  /** Runs a statement to its end; gives the number of rows that it changed. */
  async run(sql: string, signal: AbortSignal, values?: DuckDBValue[]): Promise<number> {
    await this.detach(signal);
    const result = await this.#call({ sql, values, signal }, () => this.#duck.run(sql, values));
    return result.rowsChanged;
  }

  /** All rows of a small result. */
  async all(sql: string, signal: AbortSignal, values?: DuckDBValue[]): Promise<DuckDBValue[][]> {
    await this.detach(signal);
    return this.#call({ sql, values, signal }, async () => {
      const result = await this.#duck.run(sql, values);
      const rows = await result.getRows();
      const isWhole = result instanceof DuckDBMaterializedResult && result.rowCount === rows.length;
      if (!isWhole) throw cutShort();
      return rows;
    });
  }

  /** Starts a query; its rows are read as they are needed. `signal` is asked for anew at each step. */
  async open(sql: string, zone: ZoneOffset, signal: () => AbortSignal): Promise<DuckRows> {
    await this.detach(signal());
    const interrupts = this.#interrupts;
    const result = await this.#call({ sql, signal: signal() }, () => this.#duck.stream(sql));
    const rows = new DuckRows({
      result,
      zone,
      fetch: () => this.#fetch(result, { sql, signal: signal() }, interrupts),
      abandon: () => this.#abandon(),
    });
    this.#live = rows;
    return rows;
  }

  /** Rows of text into a temporary table whose columns are all VARCHAR. */
  async append(
    table: string,
    columns: number,
    rows: AsyncIterable<readonly (string | null)[]> | Iterable<readonly (string | null)[]>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.detach(signal);
    try {
      await this.#append(table, columns, rows, signal);
    } catch (error) {
      throw (await this.#death(error, `insert into ${table}`)) ?? error;
    }
  }

  async #append(
    table: string,
    columns: number,
    rows: AsyncIterable<readonly (string | null)[]> | Iterable<readonly (string | null)[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const appender = await this.#duck.createAppender(table, "main", "temp");
    const types = Array.from({ length: columns }, () => VARCHAR);
    let batch: (string | null)[][] = types.map(() => []);
    const put = () => {
      const chunk = DuckDBDataChunk.create(types, batch[0]?.length ?? 0);
      chunk.setColumns(batch);
      appender.appendDataChunk(chunk);
      batch = types.map(() => []);
    };
    for await (const row of rows) {
      for (const [index, column] of batch.entries()) column.push(row[index] ?? null);
      if ((batch[0]?.length ?? 0) < CHUNK_ROWS) continue;
      put();
      // A chunk takes a few milliseconds of the event loop: others get their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    if ((batch[0]?.length ?? 0) > 0) put();
    appender.closeSync();
  }

  async setTimeZone(zone: string, signal: AbortSignal): Promise<void> {
    if (this.#timeZone === zone) return;
    // SET takes no parameters; the name has been checked against ICU's list, which has no quotes in it.
    await this.run(`set session TimeZone = '${zone.replaceAll("'", "''")}'`, signal);
    this.#timeZone = zone;
  }

  /** Keeps what an open result has not given yet, so that the connection can be used for something else. */
  async detach(signal: AbortSignal): Promise<void> {
    const live = this.#live;
    this.#live = null;
    if (!live?.isLive) return;
    signal.throwIfAborted();
    await live.detach();
  }

  /** Any other statement ends a query whose rows nobody wants any more; the next call waits for this one. */
  #abandon(): void {
    if (this.#closedBecause !== null) return;
    this.#ending = this.#duck.run("select 1").catch(() => undefined);
  }

  interrupt(): void {
    if (!this.#busy || this.#closedBecause !== null) return;
    this.#interrupts += 1;
    this.#duck.interrupt();
  }

  /** The reason is what those are told who still read from it. */
  close(
    reason: Error = new LakeError(SQL_STATE.connectionFailure, "the connection to the lake has been closed"),
  ): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason;
    this.#live = null;
    const disconnect = () => this.#duck.disconnectSync();
    if (this.#ending === null) disconnect();
    else void this.#ending.then(disconnect);
  }

  /**
   * The next rows, or null at the end. DuckDB's null means no more than that nothing comes: also after an error, an
   * interrupt or a closed connection, none of which is thrown. The end is believed if nobody has cancelled, the
   * connection is open, and the result holds no error, of which its type is all that the client library shows. Seen in
   * 2,144 reads that interrupts had cut off, in autocommit and in transactions: an error each time, and none in the 252
   * that came to their end. A statement after it in the same transaction said the same, for 0.8 ms.
   */
  async #fetch(result: DuckDBResult, call: Call, interruptsBefore: number): Promise<DuckDBDataChunk | null> {
    const chunk = await this.#call(call, () => result.fetchChunk());
    call.signal.throwIfAborted();
    if (this.#closedBecause !== null) throw this.#closedBecause;
    if (chunk !== null && chunk.rowCount > 0) return chunk;
    if (result.returnType === ResultReturnType.QUERY_RESULT) return null;
    if (this.#interrupts !== interruptsBefore) {
      throw new LakeError(SQL_STATE.queryCanceled, "canceling statement due to user request");
    }
    throw await this.#reasonOfEnd(call);
  }

  async #reasonOfEnd({ sql, signal }: Call): Promise<Error> {
    const { generation } = this.#home;
    const connection = new LakeConnection(await this.#home.connect(), this.#home);
    try {
      await connection.setTimeZone(this.#timeZone ?? DEFAULT_ZONE, signal);
      return await reasonOfEnd(sql, connection, signal);
    } catch (cause) {
      if (!(cause instanceof InstanceDead) || cause instanceof AttachmentOutdated) throw cause;
      // The read was under way when the instance died.
      return new InstanceDead({ generation, statement: sql, diedOfIt: true, cause });
    } finally {
      connection.close();
    }
  }

  async #call<T>(call: Call, step: () => Promise<T>): Promise<T> {
    if (this.#closedBecause !== null) throw this.#closedBecause;
    const { signal } = call;
    const statement = textOf(call);
    this.#home.suspects.refuse(statement);
    await this.#ending;
    this.#ending = null;
    signal.throwIfAborted();
    this.#busy = true;
    let again: NodeJS.Timeout | undefined;
    const interrupt = () => {
      this.interrupt();
      again = setInterval(() => this.interrupt(), INTERRUPT_AGAIN_MS);
    };
    signal.addEventListener("abort", interrupt, { once: true });
    try {
      return await step();
    } catch (error) {
      const death = (await this.#death(error, statement)) ?? (await this.#outdated(error, call));
      throw death ?? outsideDataPath(error, this.#home.dataPath) ?? error;
    } finally {
      this.#busy = false;
      signal.removeEventListener("abort", interrupt);
      clearInterval(again);
    }
  }

  async #death(cause: unknown, statement: string): Promise<InstanceDead | null> {
    const said = readDeath(cause);
    if (said === null || (said === "perhaps" && (await this.#isAlive()))) return null;
    return new InstanceDead({ generation: this.generation, statement, diedOfIt: said !== "already", cause });
  }

  async #outdated(error: unknown, call: Call): Promise<AttachmentOutdated | null> {
    if (!(error instanceof Error) || !(await this.#home.isOutdated(error, call, call.signal))) return null;
    return new AttachmentOutdated(this.generation, textOf(call), error);
  }

  /** An internal error may leave the instance alive: only another statement tells. */
  async #isAlive(): Promise<boolean> {
    try {
      const other = await this.#home.connect();
      await other.run("select 1");
      other.disconnectSync();
      return true;
    } catch (error) {
      return readDeath(error) === null;
    }
  }
}

/** What a statement is known by when an instance dies of it. */
function textOf({ sql, values = [] }: TriedStatement): string {
  return [sql, ...values.map(String)].join("\n");
}
