/**
 * A random history of several plain DuckDB clients on one lake table, interleaved statement by statement, with all kinds of
 * maintenance in between. AT of every retained snapshot is compared with the model, the newest two after each step.
 */
import type { TrickleDatabase } from "../../../stack/database.ts";
import { type DuckdbClient, openDuckdb } from "../../../stack/ducklake.ts";
import { LakeCheck } from "./lake-check.ts";
import { type Changes, LakeModel } from "./lake-model.ts";
import { LakeWork, type Operation } from "./lake-work.ts";

export interface HistoryResult {
  readonly steps: number;
  /** How often each thing was done, and each way in which it was refused. */
  readonly counts: Map<string, number>;
  /** Deletions that the guard had to date anew. */
  readonly repairs: number;
  /** What was found to be wrong, with the steps that led to it. */
  readonly damage: string[];
}

export interface HistoryOptions {
  readonly seed: number;
  readonly steps: number;
  /** One a client: its inlining limit, or DuckLake's default. */
  readonly limits: readonly (number | undefined)[];
  /** Share of steps in which transactions of two clients overlap. */
  readonly overlap: number;
}

interface OpenTransaction {
  readonly client: DuckdbClient;
  readonly changes: Changes;
}

/** The refusal without its numbers, so that they can be counted. */
function refusalText(error: unknown): string {
  const text = String(error);
  const guard = /pgtrickle guard: [^\n]*/.exec(text)?.[0];
  if (guard !== undefined) return guard.replaceAll(/\d+/g, "N");
  if (/conflict/i.test(text)) return "DuckLake: conflict";
  return text.slice(-160).replaceAll(/\d+/g, "N");
}

export class LakeHistory {
  readonly #trickle: TrickleDatabase;
  readonly #options: HistoryOptions;
  readonly #work: LakeWork;
  readonly #model = new LakeModel();
  readonly #counts = new Map<string, number>();
  readonly #log: string[] = [];
  readonly #clients: DuckdbClient[] = [];

  constructor(trickle: TrickleDatabase, options: HistoryOptions) {
    this.#trickle = trickle;
    this.#options = options;
    this.#work = new LakeWork(trickle, options.seed);
  }

  async play(): Promise<HistoryResult> {
    try {
      await this.#open();
      return await this.#playOpen();
    } finally {
      for (const client of this.#clients) client.close();
    }
  }

  async #playOpen(): Promise<HistoryResult> {
    const check = await LakeCheck.open(this.#trickle, this.#model);
    const { seed, steps, overlap } = this.#options;
    for (let step = 1; step <= steps; step++) {
      await (this.#work.random() < overlap ? this.#overlapping() : this.#alone());
      this.#work.rest();
      const differences = await check.compare(step % 6 === 0 || step === steps);
      const damage = differences.map(
        (text) => `seed ${seed}, step ${step}: ${text}\n${this.#log.slice(-25).join("\n")}`,
      );
      if (damage.length > 0 || step === steps)
        return { steps: step, counts: this.#counts, repairs: check.repairs, damage };
    }
    throw new Error("a history has at least one step");
  }

  async #open(): Promise<void> {
    for (const limit of this.#options.limits) {
      const { attach } = this.#trickle;
      this.#clients.push(await openDuckdb(limit === undefined ? attach : { ...attach, inliningRowLimit: limit }));
    }
    const [first] = this.#clients as [DuckdbClient];
    await first.run("create table lake.t (i integer, v integer)");
    await first.run("create table lake.u (i integer)");
    await this.#run(first, "insertMany");
  }

  async #head(): Promise<number> {
    const { rows } = await this.#trickle
      .pool()
      .query("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
    return (rows[0] as { head: number }).head;
  }

  /** False if it was refused. */
  async #attempt(client: DuckdbClient, what: string, work: () => Promise<void>): Promise<boolean> {
    const name = `client ${this.#clients.indexOf(client)}: ${what}`;
    const count = (counted: string) => this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
    try {
      await work();
      count(what);
      this.#log.push(name);
      return true;
    } catch (error) {
      count(`refused: ${refusalText(error)}`);
      this.#log.push(`${name} → ${refusalText(error)}`);
      return false;
    }
  }

  async #run(client: DuckdbClient, operation: Operation): Promise<void> {
    const changes = this.#model.begin();
    const isDone = await this.#attempt(client, operation, () => this.#work.perform(client, operation, changes));
    this.#model.committed(await this.#head(), isDone ? changes : undefined);
  }

  #alone(): Promise<void> {
    return this.#run(this.#work.choose(this.#clients), this.#work.chooseOperation());
  }

  /** Two transactions of two clients, committed in any order; a third client may commit between their statements. */
  async #overlapping(): Promise<void> {
    const first = this.#work.choose(this.#clients);
    const second = this.#work.choose(this.#clients.filter((client) => client !== first));
    const idle = this.#clients.find((client) => client !== first && client !== second);
    const open: OpenTransaction[] = [];
    for (const client of [first, second]) {
      const transaction = await this.#begin(client);
      if (transaction) open.push(transaction);
      if (idle && this.#work.random() < 0.4) await this.#run(idle, "other");
    }
    if (this.#work.random() < 0.5) open.reverse();
    for (const transaction of open) await this.#commit(transaction);
  }

  async #begin(client: DuckdbClient): Promise<OpenTransaction | undefined> {
    const changes = this.#model.begin();
    await client.run("begin");
    // The first read fixes what the transaction sees.
    await client.run("select count(*) from lake.u");
    for (const operation of this.#work.chooseOperations()) {
      const work = () => this.#work.perform(client, operation, changes);
      if (await this.#attempt(client, `${operation} (open)`, work)) continue;
      await client.run("rollback").catch(() => {});
      return undefined;
    }
    return { client, changes };
  }

  async #commit({ client, changes }: OpenTransaction): Promise<void> {
    const isDone = await this.#attempt(client, "commit", () => client.run("commit"));
    if (!isDone) await client.run("rollback").catch(() => {});
    this.#model.committed(await this.#head(), isDone ? changes : undefined);
  }
}
