// One DuckDB connection: one statement at a time, cancellable at any moment, its open result kept alive across others.
import { type DuckDBConnection, DuckDBDataChunk, type DuckDBResult, type DuckDBValue, VARCHAR } from "@duckdb/node-api";
import { LakeError, SQL_STATE } from "../errors.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";
import { DuckRows } from "./rows.ts";

/** DuckDB forgets an interrupt that comes between two of its steps, so it is repeated until the call has come back. */
const INTERRUPT_AGAIN_MS = 20;
/** Rows in one DuckDB vector. */
const CHUNK_ROWS = 2048;

export class LakeConnection {
  readonly generation: number;
  readonly #duck: DuckDBConnection;
  #live: DuckRows | null = null;
  #busy = false;
  #closed = false;
  #timeZone: string | null = null;
  #ending: Promise<unknown> | null = null;

  constructor(duck: DuckDBConnection, generation: number) {
    this.#duck = duck;
    this.generation = generation;
  }

  /** Runs a statement to its end; gives the number of rows that it changed. */
  async run(sql: string, signal: AbortSignal, values?: DuckDBValue[]): Promise<number> {
    await this.detach(signal);
    const result = await this.#call(signal, () => this.#duck.run(sql, values));
    return result.rowsChanged;
  }

  /** All rows of a small result. */
  async all(sql: string, signal: AbortSignal, values?: DuckDBValue[]): Promise<DuckDBValue[][]> {
    await this.detach(signal);
    const reader = await this.#call(signal, () => this.#duck.runAndReadAll(sql, values));
    return reader.getRows();
  }

  /** Starts a query; its rows are read as they are needed. `signal` is asked for anew at each step. */
  async open(sql: string, zone: ZoneOffset, signal: () => AbortSignal): Promise<DuckRows> {
    await this.detach(signal());
    const result: DuckDBResult = await this.#call(signal(), () => this.#duck.stream(sql));
    const fetch = (open: DuckDBResult) => this.#call(signal(), () => open.fetchChunk());
    const rows = new DuckRows({ result, zone, fetch, abandon: () => this.#abandon() });
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
    if (this.#closed) return;
    this.#ending = this.#duck.run("select 1").catch(() => undefined);
  }

  interrupt(): void {
    if (this.#busy && !this.#closed) this.#duck.interrupt();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#live = null;
    const disconnect = () => this.#duck.disconnectSync();
    if (this.#ending === null) disconnect();
    else void this.#ending.then(disconnect);
  }

  async #call<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new LakeError(SQL_STATE.connectionFailure, "the connection to the lake has been closed");
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
    } finally {
      this.#busy = false;
      signal.removeEventListener("abort", interrupt);
      clearInterval(again);
    }
  }
}
