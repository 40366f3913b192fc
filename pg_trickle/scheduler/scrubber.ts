// One scrub at a time, beside the refreshes: which table is due and whether the budget has time for it is decided in the
// database. This tells what came out; it owns no state but the scrub that runs, and never fails its caller's loop for one table.
import type { Logger } from "pino";
import { type DueRefresh, type Scrubbed, sqlStateOf } from "./database.ts";

/** A pause, an edit of the frontier or another refresh came first: nothing failed. */
export const SUPERSEDED = "TR012";

/** How often it is asked whether one is due. */
const ASK_EVERY_MS = 1_000;

export interface ScrubDatabase {
  begin(): Promise<DueRefresh | undefined>;
  refresh(id: string): Promise<unknown>;
  scrub(id: string): Promise<Scrubbed>;
  recordFailure(id: string, failure: { readonly durationMs: number; readonly error: Error }): Promise<void>;
}

export class Scrubber {
  readonly #database: ScrubDatabase;
  readonly #log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  readonly #now: () => number;
  #running: { readonly id: string; readonly done: Promise<void> } | undefined;
  #askAt = Number.NEGATIVE_INFINITY;

  constructor(
    database: ScrubDatabase,
    log: Pick<Logger, "debug" | "info" | "warn" | "error">,
    now: () => number = () => performance.now(),
  ) {
    this.#database = database;
    this.#log = log;
    this.#now = now;
  }

  /** The table that is being scrubbed: its refreshes wait, as they would only take the scrub's work back. */
  get tableId(): string | undefined {
    return this.#running?.id;
  }

  async ended(): Promise<void> {
    await this.#running?.done;
  }

  /** @param refreshOf the refresh of a table that runs now, which is waited for. */
  async startDue(refreshOf: (id: string) => Promise<void> | undefined): Promise<void> {
    if (this.#running !== undefined || this.#now() < this.#askAt) return;
    this.#askAt = this.#now() + ASK_EVERY_MS;
    const table = await this.#database.begin();
    if (table === undefined) return;
    const done = Promise.resolve(refreshOf(table.id))
      .then(() => this.#work(table))
      .finally(() => {
        this.#running = undefined;
      });
    this.#running = { id: table.id, done };
  }

  /** Never rejects. */
  async #work(table: DueRefresh): Promise<void> {
    const startedAt = this.#now();
    // In a transaction of its own, so that the scrub finds the table at head and looks at it without a lock on a row. Where
    // this fails, the scrub finds out why.
    await this.#database.refresh(table.id).catch((err: unknown) => {
      this.#log.debug({ table: table.tableName, err }, "the refresh before a scrub failed");
    });
    try {
      this.#tell(table, await this.#database.scrub(table.id));
    } catch (err) {
      const error = err instanceof Error ? err : new Error(String(err));
      await this.#handleFailure(table, { durationMs: Math.round(this.#now() - startedAt), error });
    }
  }

  #tell({ tableName: table }: DueRefresh, { kind, summary }: Scrubbed): void {
    if (summary === null) this.#log.debug({ table }, "a table was paused before its scrub");
    else if (kind === null) this.#log.info({ table, summary }, "scrubbed");
    else this.#log.error({ table, kind, summary }, "a stream table was not its query, and was healed");
  }

  async #handleFailure(
    table: DueRefresh,
    failure: { readonly durationMs: number; readonly error: Error },
  ): Promise<void> {
    const { error: err, durationMs } = failure;
    try {
      await this.#database.recordFailure(table.id, failure);
      const isSuperseded = sqlStateOf(err) === SUPERSEDED;
      this.#log[isSuperseded ? "debug" : "warn"]({ table: table.tableName, err, durationMs }, "a scrub failed");
    } catch (recordError) {
      this.#log.error({ table: table.tableName, err, recordError }, "a scrub failed and could not be recorded");
    }
  }
}
