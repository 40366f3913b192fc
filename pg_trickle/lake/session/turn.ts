// The turn: while a session has it nobody else commits to the lake, so what it does from the start of its lake transaction to
// its COMMIT meets no conflict, and no deletion of it is dated to another commit. Other clients wait in a trigger on DuckLake's
// table of snapshots, sessions of this engine, which that trigger lets through (duck/instance.ts), at a gate.
//
// Only for work that is short, and only inside a COMMIT: never over an open transaction of a user.
import type { LakeConnection } from "../duck/connection.ts";
import { METADATA_CATALOG } from "../duck/instance.ts";
import type { Lake } from "../duck/lake.ts";
import { hasSqlState, LakeError, SQL_STATE, toLakeError } from "../errors.ts";
import type { QueueRequest, WriteQueues } from "./write-queues.ts";

export interface TurnOptions {
  readonly lake: Pick<Lake, "connect">;
  readonly queues: WriteQueues;
  readonly nowMs: () => number;
  readonly sleep: (delayMs: number) => Promise<unknown>;
}

/** Between two turns the others commit: back to back they would starve. */
const AIR_MS = 200;
/** Who waits in the queue for the lock keeps those behind waiting too: rather give up early and come again. */
const LOCK_TIMEOUT_MS = 500;
const PATIENCE_MS = 10_000;
const QUEUE_TIMEOUT_MS = 30_000;
/** Queues of tables are named `schema.table`, so these are none. */
const QUEUE = "turn: queue";
const COMMITS = "turn: commits";
const NEVER = new AbortController().signal;

const inCatalog = (sql: string): string => `select * from postgres_query('${METADATA_CATALOG}', '${sql}')`;

const LIMIT_WAITING = inCatalog(`select set_config(''lock_timeout'', ''${LOCK_TIMEOUT_MS}'', true)`);
/** The lock that the trigger takes shared. */
const LOCK = inCatalog("select pg_advisory_xact_lock(1886872427, 7001)::text");

export class Turn {
  readonly #options: TurnOptions;
  #endedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  /** An ordinary commit of a session: waits while another session has the turn. */
  async beside<T>(owner: object, signal: AbortSignal, commit: () => Promise<T>): Promise<T> {
    await this.#enter({ key: COMMITS, owner, mode: "shared", signal });
    try {
      return await commit();
    } finally {
      this.#options.queues.release(COMMITS, owner);
    }
  }

  /** Runs a step while nobody else commits. */
  async alone<T>(owner: object, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    const { queues } = this.#options;
    await this.#enter({ key: QUEUE, owner, mode: "exclusive", signal });
    try {
      const holder = await this.#lock(signal);
      try {
        await this.#enter({ key: COMMITS, owner, mode: "exclusive", signal });
        return await step();
      } finally {
        queues.release(COMMITS, owner);
        await this.#unlock(holder);
      }
    } finally {
      queues.release(QUEUE, owner);
    }
  }

  async #enter(request: Omit<QueueRequest, "timeoutMs">): Promise<void> {
    try {
      await this.#options.queues.acquire({ ...request, timeoutMs: QUEUE_TIMEOUT_MS });
    } catch (error) {
      if (hasSqlState(error, SQL_STATE.lockNotAvailable)) throw noTurn(QUEUE_TIMEOUT_MS, error);
      throw error;
    }
  }

  /** The open transaction of a connection of its own holds the lock, and loses it whatever becomes of this process. */
  async #lock(signal: AbortSignal): Promise<LakeConnection> {
    const { lake, nowMs } = this.#options;
    const giveUpAtMs = nowMs() + PATIENCE_MS;
    for (;;) {
      await this.#air();
      signal.throwIfAborted();
      const connection = await lake.connect();
      try {
        await connection.run("begin transaction", signal);
        await connection.all(LIMIT_WAITING, signal);
        await connection.all(LOCK, signal);
        return connection;
      } catch (error) {
        await this.#unlock(connection);
        const failure = toLakeError(error);
        if (failure.sqlState !== SQL_STATE.lockNotAvailable) throw failure;
        if (nowMs() >= giveUpAtMs) throw noTurn(PATIENCE_MS, failure);
      }
    }
  }

  async #unlock(connection: LakeConnection): Promise<void> {
    await connection.run("rollback", NEVER).catch(() => undefined);
    connection.close();
    this.#endedAtMs = this.#options.nowMs();
  }

  async #air(): Promise<void> {
    const { nowMs, sleep } = this.#options;
    const leftMs = this.#endedAtMs + AIR_MS - nowMs();
    if (leftMs > 0) await sleep(leftMs);
  }
}

function noTurn(waitedMs: number, cause: unknown): LakeError {
  return new LakeError(SQL_STATE.lockNotAvailable, "another client has been committing to the lake for too long", {
    cause,
    detail: `Waited ${waitedMs} ms for a moment in which nobody commits.`,
    hint: "Nothing was committed. Find the session, in the catalog's database: select pid from pg_locks where locktype = 'advisory' and classid = 1886872427 and objid = 7001 and granted; If it is stuck: select pg_terminate_backend(pid). Then run the transaction again.",
  });
}
