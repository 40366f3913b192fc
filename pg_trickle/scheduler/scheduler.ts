// The loop: ask what is due, refresh it, scrub it, record what failed, ask how the lake is. All state is in the database; this
// process may die at any moment and another one goes on.
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Pool } from "pg";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import {
  becomeScheduler,
  beginScrub,
  checkLake,
  createCoordinator,
  createWorkers,
  type DueRefresh,
  type Facts,
  listDue,
  maintain,
  readFacts,
  readNextDueMs,
  recordFailure,
  recordScrubFailure,
  refresh,
  scrub,
  sqlStateOf,
} from "./database.ts";
import { Scrubber, SUPERSEDED } from "./scrubber.ts";

const SHORTEST_WAIT_MS = 50;
const OVERDUE_WAIT_MS = 250;
const LONGEST_WAIT_MS = 1_000;
const LONGEST_RECONNECT_MS = 5_000;

export class Scheduler {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #workers: Pool;
  readonly #scrubber: Scrubber;
  #isLakeHealthy: boolean | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#workers = createWorkers(config.databaseUrl, config.maxRefreshes, config.refreshTimeoutMs);
    this.#workers.on("error", (err) => log.warn({ err }, "an idle connection was lost"));
    this.#scrubber = new Scrubber(
      {
        begin: () => beginScrub(this.#workers),
        refresh: (id) => refresh(this.#workers, id),
        scrub: (id) => scrub(this.#workers, id),
        recordFailure: (id, failure) => recordScrubFailure(this.#workers, id, failure),
      },
      log,
    );
  }

  /** What /metrics tells; asked anew each time. */
  facts(): Promise<Facts> {
    return readFacts(this.#workers);
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Runs until stop(); a lost database is waited for. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#runSession(() => {
          failures = 0;
        });
      } catch (err) {
        failures += 1;
        const waitMs = reconnectDelayMs(failures, Math.random());
        this.#log.warn({ err, waitMs }, "the database is not usable, trying again");
        await this.#wait(waitMs);
      }
    }
    await Promise.allSettled([...this.#running.values(), this.#scrubber.ended()]);
    await this.#workers.end();
  }

  async #runSession(onStarted: () => void): Promise<void> {
    const client = createCoordinator(this.#config.databaseUrl);
    client.on("error", (err) => this.#log.warn({ err }, "the connection was lost"));
    try {
      await client.connect();
      await this.#waitForTurn(client);
      onStarted();
      this.#isLakeHealthy = undefined;
      await this.#tickUntilStopped(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #waitForTurn(client: Client): Promise<void> {
    let isWaiting = false;
    while (!this.#stop.signal.aborted && !(await becomeScheduler(client))) {
      if (!isWaiting) {
        this.#log.info("another scheduler runs, waiting for its end");
      }
      isWaiting = true;
      await this.#wait(LONGEST_WAIT_MS);
    }
    this.#log.info("scheduler is running");
  }

  async #tickUntilStopped(client: Client): Promise<void> {
    let healthDueAt = 0;
    let maintenanceDueAt = Date.now() + this.#config.maintenanceIntervalMs;
    while (!this.#stop.signal.aborted) {
      if (Date.now() >= healthDueAt) {
        await this.#watchLake(client);
        healthDueAt = Date.now() + this.#config.healthIntervalMs;
      }
      await this.#startDue(client);
      // Beside the refreshes, whose places it does not take.
      await this.#scrubber.startDue((id) => this.#running.get(id));
      if (Date.now() >= maintenanceDueAt) {
        await maintain(this.#workers);
        maintenanceDueAt = Date.now() + this.#config.maintenanceIntervalMs;
      }
      await this.#wait(tickDelayMs(await readNextDueMs(client)));
    }
  }

  async #watchLake(client: Client): Promise<void> {
    const isHealthy = await checkLake(client, this.#config.healthTimeoutMs);
    if (isHealthy !== this.#isLakeHealthy) {
      const message = isHealthy ? "the lake engine answers" : "the lake engine does not answer";
      this.#log[isHealthy ? "info" : "warn"](message);
    }
    this.#isLakeHealthy = isHealthy;
  }

  async #startDue(client: Client): Promise<void> {
    const free = this.#config.maxRefreshes - this.#running.size;
    if (free <= 0) {
      return;
    }
    const due = (await listDue(client)).filter(
      (table) => !this.#running.has(table.id) && this.#scrubber.tableId !== table.id,
    );
    for (const table of due.slice(0, free)) {
      const done = this.#refresh(table).finally(() => this.#running.delete(table.id));
      this.#running.set(table.id, done);
    }
  }

  /** Never rejects: what fails is recorded in the database, or, if that fails too, logged. */
  async #refresh(table: DueRefresh): Promise<void> {
    const startedAt = performance.now();
    try {
      const summary = await refresh(this.#workers, table.id);
      if (summary !== null) {
        this.#log.info({ table: table.tableName, durationMs: elapsedMs(startedAt), summary }, "refreshed");
      }
    } catch (err) {
      await this.#handleFailure(table, err instanceof Error ? err : new Error(String(err)));
    }
  }

  async #handleFailure(table: DueRefresh, err: Error): Promise<void> {
    if (sqlStateOf(err) === SUPERSEDED) {
      this.#log.debug({ table: table.tableName }, "a refresh was superseded");
      return;
    }
    try {
      const waitMs = await recordFailure(this.#workers, table.id, err);
      this.#log.warn({ table: table.tableName, err, waitMs }, "a refresh failed");
    } catch (recordError) {
      this.#log.error({ table: table.tableName, err, recordError }, "a refresh failed and could not be recorded");
    }
  }

  async #wait(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

/** What is due and not started is running, or cannot run now: no reason to ask at once again. */
export function tickDelayMs(nextDueMs: number | null): number {
  if (nextDueMs === null) return LONGEST_WAIT_MS;
  if (nextDueMs === 0) return OVERDUE_WAIT_MS;
  return Math.min(Math.max(nextDueMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
}

/** Doubles from 250 ms; between a half and the whole of it, so that several do not come back together. */
export function reconnectDelayMs(failures: number, random: number): number {
  const limitMs = Math.min(250 * 2 ** Math.min(failures - 1, 10), LONGEST_RECONNECT_MS);
  return Math.round(limitMs * (0.5 + random / 2));
}

function elapsedMs(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
