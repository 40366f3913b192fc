// The caller's lake transaction: one PostgreSQL transaction is one DuckLake snapshot. DuckDB's transaction starts at the
// first read or write, so that a session which only asks plan relations holds no catalog connection.

import type { CatalogWatch } from "../duck/catalog-watch.ts";
import type { LakeConnection } from "../duck/connection.ts";
import type { Lake } from "../duck/lake.ts";
import { deathIn, type InstanceDead, LakeError, SQL_STATE, toLakeError } from "../errors.ts";
import type { Column } from "../planner/types.ts";
import { applyRun } from "./apply-staged.ts";
import { type CommitSteps, commitWrites } from "./commit.ts";
import { commitMessage, readMarker, setCommitMessage } from "./marker.ts";
import { refuseOldFiles } from "./old-files.ts";
import { refuseRepeated } from "./operations.ts";
import { Places } from "./places.ts";
import { noPartialRollback, Savepoints } from "./savepoints.ts";
import { type RowsRun, StagedWrites } from "./staged-writes.ts";
import type { Turn } from "./turn.ts";
import type { QueueMode, WriteQueues } from "./write-queues.ts";

export interface TransactionServices {
  readonly lake: Lake;
  readonly catalog: CatalogWatch;
  readonly queues: WriteQueues;
  readonly turn: Turn;
  readonly user: string;
  readonly applicationName: () => string;
  readonly columnsOf: (table: string) => Promise<readonly Column[]>;
  readonly metadataSchema: string;
  readonly nowMs: () => number;
}

const WAIT_MS = 30_000;
const NEVER = new AbortController().signal;

export class LakeTransaction {
  readonly places = new Places();
  readonly #services: TransactionServices;
  readonly #staged = new StagedWrites();
  readonly #savepoints = new Savepoints();
  readonly #changedTables = new Set<string>();
  #connection: LakeConnection | null = null;
  #begun = false;
  #broken = false;
  #hasChanges = false;
  /** When DuckDB's transaction wrote first. */
  #filesSinceMs: number | null = null;
  #serializable = false;

  constructor(services: TransactionServices) {
    this.#services = services;
  }

  start(serializable: boolean): void {
    this.#serializable = serializable;
  }

  /** The connection inside the transaction, with everything staged visible. */
  async forReading(signal: AbortSignal): Promise<LakeConnection> {
    const connection = await this.#inside(signal);
    await this.guard(() => this.#flush(connection, signal));
    return connection;
  }

  /** Gives the number of rows that will be written. */
  async stage(run: RowsRun, signal: AbortSignal): Promise<number> {
    const count = this.#staged.add(run);
    this.#changedTables.add(run.table);
    if (!this.#staged.isLarge) return count;
    // The rows are let go once DuckDB has them, so they cannot be appended again after a conflict: there must be none.
    await this.#enterQueue(run.table, "shared", signal);
    await this.forReading(signal);
    return count;
  }

  /** Waits for the table's other writers, then makes sure that the transaction sees what they have committed. */
  async lockTable(table: string, signal: AbortSignal): Promise<void> {
    await this.#enterQueue(table, "exclusive", signal);
  }

  /** Runs a DELETE or UPDATE; gives the number of rows. */
  async change(table: string, sql: string, signal: AbortSignal): Promise<number> {
    await this.lockTable(table, signal);
    const connection = await this.forReading(signal);
    this.#hasChanges = true;
    this.#changedTables.add(table);
    this.#savepoints.applied();
    this.#filesSinceMs ??= this.#services.nowMs();
    const count = await this.guard(() => connection.run(sql, signal));
    this.#staged.addChange({ kind: "change", table, sql, count });
    return count;
  }

  savepoint(name: string): void {
    this.#savepoints.set(name, this.#staged.mark());
  }

  release(name: string): void {
    this.#savepoints.release(name);
  }

  /** DuckDB has no savepoints: what has only been staged is forgotten, what has been applied is done again without it. */
  async rollbackTo(name: string): Promise<void> {
    const savepoint = this.#savepoints.find(name);
    if (savepoint.isApplied || this.#broken) {
      if (this.#hasChanges || !this.#staged.canReplay) throw noPartialRollback();
      await this.#restart();
    }
    this.#staged.truncate(savepoint.mark);
    this.#savepoints.endAt(savepoint);
    savepoint.isApplied = false;
  }

  async commit(signal: AbortSignal): Promise<void> {
    try {
      if (this.#broken) throw new LakeError(SQL_STATE.inFailedTransaction, "the lake transaction has failed");
      if (this.#staged.isEmpty && !this.#hasChanges) await this.#endDuckdb("commit");
      else await this.#commitWrites(signal);
    } finally {
      await this.rollback();
    }
  }

  /** Ends whatever there is; never throws. */
  async rollback(): Promise<void> {
    await this.#endDuckdb("rollback").catch(() => this.#dropConnection());
    this.#staged.clear();
    this.places.clear();
    this.#changedTables.clear();
    this.#savepoints.clear();
    this.#hasChanges = false;
    this.#serializable = false;
    this.#services.queues.releaseAll(this);
  }

  async close(): Promise<void> {
    await this.rollback();
    this.#dropConnection();
  }

  /** Wraps everything that runs inside DuckDB's transaction: after any error there it accepts nothing but ROLLBACK. */
  async guard<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.#broken = this.#begun;
      const death = deathIn(error);
      if (death !== null) await this.#renewInstance(death);
      throw toLakeError(error);
    }
  }

  /**
   * Opens a read inside the transaction. If the instance proves dead, it is opened once more on a new one, unless the
   * transaction has changed the lake or read it before: it would go on with another view than its client has seen.
   */
  async read<T>(signal: AbortSignal, open: (connection: LakeConnection) => Promise<T>): Promise<T> {
    const isFirst = !this.#begun;
    const once = async () => {
      const connection = await this.forReading(signal);
      return this.guard(() => open(connection));
    };
    try {
      return await once();
    } catch (error) {
      if (!isFirst || this.#broken || deathIn(error) === null) throw error;
      return once();
    }
  }

  async #enterQueue(key: string, mode: QueueMode, signal: AbortSignal): Promise<void> {
    const { queues } = this.#services;
    if (queues.holds(key, this, mode)) return;
    await queues.acquire({ key, owner: this, mode, signal, timeoutMs: WAIT_MS });
    if (this.#begun && !this.#serializable && !this.#hasChanges && this.#staged.canReplay) await this.#restart();
  }

  /** What was only staged can be applied anew; what DuckDB alone had is lost, and nothing but a rollback is possible. */
  async #renewInstance(death: InstanceDead): Promise<void> {
    this.#dropConnection();
    this.#staged.unapply();
    this.#broken = this.#hasChanges || !this.#staged.canReplay;
    const { lake } = this.#services;
    await lake.renew(death).catch(() => undefined);
    lake.suspects.refuse(death.statement);
  }

  async #inside(signal: AbortSignal): Promise<LakeConnection> {
    if (this.#broken) throw new LakeError(SQL_STATE.inFailedTransaction, "the lake transaction has failed");
    if (this.#begun && this.#connection !== null) return this.#connection;
    const { lake, catalog } = this.#services;
    await catalog.beforeReading();
    const connection = await lake.healing(async () => {
      if (this.#connection?.generation !== lake.generation) this.#dropConnection();
      this.#connection ??= await lake.connect();
      await this.#connection.run("begin transaction", signal);
      return this.#connection;
    });
    this.#begun = true;
    return connection;
  }

  async #flush(connection: LakeConnection, signal: AbortSignal): Promise<void> {
    if (!this.#staged.hasPending) return;
    this.#savepoints.appliedUpTo(this.#staged.mark());
    const { columnsOf } = this.#services;
    this.#filesSinceMs ??= this.#services.nowMs();
    for (const run of this.#staged.pending) {
      if (run.kind !== "insert") this.#hasChanges = true;
      await applyRun(run, { connection, columnsOf, view: this.places.view, signal });
    }
    this.#staged.applied();
  }

  /** A new DuckDB transaction, with a new view of the lake; what was staged is applied again when needed. */
  async #restart(): Promise<void> {
    await this.#connection?.detach(NEVER).catch(() => undefined);
    await this.#endDuckdb("rollback");
    this.#staged.unapply();
    this.places.renew();
    this.#savepoints.unapplied();
  }

  async #endDuckdb(how: "commit" | "rollback"): Promise<void> {
    if (this.#begun) await this.#connection?.run(how, NEVER);
    this.#forgetDuckdb();
  }

  #dropConnection(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#forgetDuckdb();
  }

  #forgetDuckdb(): void {
    this.#begun = false;
    this.#broken = false;
    this.#filesSinceMs = null;
  }

  async #commitWrites(signal: AbortSignal): Promise<void> {
    const { queues } = this.#services;
    // In one order, so that two commits never wait for each other.
    for (const table of [...this.#changedTables].sort()) {
      await queues.acquire({ key: table, owner: this, mode: "shared", signal, timeoutMs: WAIT_MS });
    }
    await this.#claimOperation(signal);
    await commitWrites(this.#commitSteps(signal), signal);
  }

  #commitSteps(signal: AbortSignal): CommitSteps {
    return {
      owner: this,
      turn: this.#services.turn,
      again: this.#howAgain(),
      prepare: () => this.#prepareCommit(signal),
      commit: () => this.guard(() => this.#commitDuckdb()),
      restart: () => this.#restart(),
    };
  }

  /** SERIALIZABLE promises that what was read is still so, which nobody can say after a conflict. */
  #howAgain(): CommitSteps["again"] {
    if (this.#serializable || !this.#staged.canRepeat) return "no";
    return this.#hasChanges || !this.#staged.canReplay ? "under the turn" : "at once";
  }

  async #prepareCommit(signal: AbortSignal): Promise<void> {
    const { user, applicationName, catalog } = this.#services;
    // Beside the work, as it takes a millisecond.
    const isRight = catalog.beforeCommit();
    isRight.catch(() => undefined);
    const connection = await this.forReading(signal);
    const summary = `changed ${[...this.#changedTables].sort().join(", ")}`;
    const { sql, values } = setCommitMessage(commitMessage(user, applicationName(), summary));
    await this.guard(async () => {
      await connection.run(sql, signal, values);
      await isRight;
      signal.throwIfAborted();
    });
  }

  async #commitDuckdb(): Promise<void> {
    refuseOldFiles(this.#filesSinceMs, this.#services.nowMs());
    // A COMMIT that fails ends DuckDB's transaction all the same.
    this.#begun = false;
    // From here on a cancel would only make the outcome unknown.
    await this.#connection?.run("commit", NEVER);
  }

  /** Operations are one at a time in the engine, and one that is in the catalog already is refused. */
  async #claimOperation(signal: AbortSignal): Promise<void> {
    const marker = readMarker(this.#services.applicationName());
    if (marker === null) return;
    const { queues, lake, metadataSchema } = this.#services;
    await queues.acquire({ key: marker.operation, owner: this, mode: "exclusive", signal, timeoutMs: WAIT_MS });
    await refuseRepeated({ lake, metadataSchema, operation: marker.operation, signal });
  }
}
