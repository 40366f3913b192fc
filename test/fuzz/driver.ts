/** One step after the other: who is asked what next, and how long for an answer is waited. What it means is in answers.ts. */
import { type Actor, type Job, mayCommit, mayWait } from "./actor.ts";
import { Answers } from "./answers.ts";
import { Checks } from "./checks.ts";
import { gistOf } from "./clients.ts";
import { Finding } from "./finding.ts";
import { Ledger } from "./ledger.ts";
import { maintenanceText } from "./maintenance.ts";
import { hasBroad } from "./model.ts";
import { resolveWrite } from "./resolve.ts";
import { Rivals } from "./rivals.ts";
import { isBound, isCheck, isMaintenance, isProvocation, type Step } from "./script.ts";
import type { Stage } from "./stage.ts";
import { isBroad, type Statement } from "./statements.ts";

/** So long a statement is waited for that may wait for another client; then the others go on: a legal outcome, counted. */
const PATIENCE_MS = 1_000;
/** Longer than every timeout of a client. */
const HANG_MS = 90_000;

export async function withinMs(promise: Promise<void>, ms: number): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

export class Driver {
  readonly log: string[] = [];
  readonly #stage: Stage;
  readonly #actors: readonly Actor[];
  readonly #checks: Checks;
  readonly #ledger: Ledger;
  readonly #answers: Answers;
  readonly #rivals: Rivals;

  private constructor(stage: Stage, actors: readonly Actor[], checks: Checks, head: number) {
    this.#stage = stage;
    this.#actors = actors;
    this.#checks = checks;
    this.#ledger = new Ledger(stage.streams.counts, head);
    const note = (line: string) => this.note(line);
    this.#answers = new Answers({ stage, actors, ledger: this.#ledger, note });
    const compare = () => this.#compare();
    this.#rivals = new Rivals({ stage, ledger: this.#ledger, answers: this.#answers, note, compare });
  }

  static async create(stage: Stage, actors: readonly Actor[]): Promise<Driver> {
    const checks = new Checks(stage);
    return new Driver(stage, actors, checks, await checks.start());
  }

  note(line: string): void {
    this.log.push(line);
  }

  async play(step: Step): Promise<void> {
    const { counts } = this.#stage.streams;
    await this.#collect();
    if (isCheck(step.act)) {
      counts.add("played steps");
      counts.add(`steps: ${step.act}`);
      return this.#check(step);
    }
    if (isProvocation(step.act)) return this.#provoke(step);
    const actor = this.#actors.find(({ client }) => client.name === step.client);
    if (!actor) return this.#skip("no such client");
    if (actor.job) await this.#await(actor, actor.job);
    if (actor.job) return this.#skip("its client waits");
    const job = await this.#begin(actor, step);
    if (!job) return;
    counts.add("played steps");
    counts.add(`steps: ${step.act}`);
    await this.#await(actor, job);
    if (actor.job) counts.add("waits: a client for another one");
    await this.#compare();
  }

  /** Ends all transactions; then everything must be right, also what others could hold up before. */
  async finish(): Promise<void> {
    for (const actor of this.#actors) {
      if (!actor.job && actor.transaction) await this.#answers.rollback(actor, "the history ends");
    }
    await this.#settle();
    for (const actor of this.#actors) if (actor.transaction) await this.#answers.rollback(actor, "the history ends");
    await this.#compare();
    await this.#checks.atTheEnd();
  }

  #skip(reason: string): void {
    this.#stage.streams.counts.add(`skipped steps: ${reason}`);
    this.note(`   skipped: ${reason}`);
  }

  async #await(actor: Actor, job: Job): Promise<void> {
    const others = this.#actors.filter((other) => other !== actor);
    await withinMs(job.done, mayWait(job, others) ? PATIENCE_MS : HANG_MS);
    await this.#collect();
  }

  /** Waits for those that wait for nobody any more; each has a timeout of its own. */
  async #settle(): Promise<void> {
    for (const { job } of this.#actors) if (job) await withinMs(job.done, HANG_MS);
    await this.#collect();
  }

  /** Takes in what has been answered. */
  async #collect(): Promise<void> {
    for (const actor of this.#actors) {
      const { job } = actor;
      if (!job) continue;
      if (!job.answer) {
        if (Date.now() - job.startedAt > HANG_MS)
          throw new Finding("hang", job.kind, `${actor.client.name}: ${job.sql}`);
        continue;
      }
      actor.job = undefined;
      const told = job.answer.ok ? `ok ${job.answer.count}` : `${job.answer.kind}: ${gistOf(job.answer.message)}`;
      this.note(`   ${actor.client.name}: ${job.sql.slice(0, 1_000)} → ${told}`);
      await this.#answers.take(actor, job, job.answer);
    }
  }

  async #begin(actor: Actor, step: Step): Promise<Job | undefined> {
    const { model } = this.#stage;
    if (actor.transaction && actor.transaction.number !== step.transaction) {
      await this.#answers.rollback(actor, "its transaction was not ended");
    }
    const from = model.sequence;
    if (step.act === "begin") return actor.start({ step, sql: "begin", kind: "begin", from });
    if (step.transaction !== 0 && !actor.transaction) {
      this.#skip("its transaction has failed");
      return undefined;
    }
    if (isBound(step.act)) return this.#bound(actor, step);
    if (isMaintenance(step.act)) return this.#maintain(actor, step);
    const statement = this.#resolve(actor, step);
    if (!statement) return undefined;
    const kind = actor.transaction ? "statement" : "autocommit";
    return actor.start({ step, sql: actor.client.text(statement), kind, statement, from });
  }

  #resolve(actor: Actor, step: Step): Statement | undefined {
    const { model, ids } = this.#stage;
    const newIds = (count: number) => Array.from({ length: count }, () => ids.next++);
    const own = actor.ownState(model);
    const statement = resolveWrite(step, { owner: actor.client.owner, own, committed: model.current, newIds });
    if (!statement) {
      this.#skip("there are no such rows");
      return undefined;
    }
    const others = this.#actors.filter((other) => other !== actor);
    const isContested = others.some(
      (other) => mayCommit(other.job) || (!actor.transaction && (other.job ?? other.transaction)),
    );
    if (isBroad(statement) && isContested) {
      this.#skip("what it meets could not be told");
      return undefined;
    }
    return statement;
  }

  async #bound(actor: Actor, step: Step): Promise<Job | undefined> {
    const { transaction } = actor;
    const from = this.#stage.model.sequence;
    if (!transaction) return undefined;
    switch (step.act) {
      case "rollback":
        await this.#answers.rollback(actor, "as the script says");
        return undefined;
      case "savepoint":
        return actor.start({ step, sql: "savepoint s", kind: "savepoint", from });
      case "rollback-to":
        if (transaction.savepoint !== undefined) {
          return actor.start({ step, sql: "rollback to savepoint s", kind: "rollback-to", from });
        }
        this.#skip("there is no savepoint");
        return undefined;
      default:
        return this.#commit(actor, step);
    }
  }

  /** Only what is determined whatever comes in between. */
  async #commit(actor: Actor, step: Step): Promise<Job | undefined> {
    const { model } = this.#stage;
    const isContested = this.#actors.some((other) => other !== actor && mayCommit(other.job));
    const isOpen = hasBroad(actor.transaction?.told ?? []) && isContested;
    if (isOpen || actor.verdict(model).kind === "ambiguous") {
      await this.#answers.rollback(actor, "what it met cannot be told");
      return undefined;
    }
    return actor.start({ step, sql: "commit", kind: "commit", from: model.sequence });
  }

  async #maintain(actor: Actor, step: Step): Promise<Job | undefined> {
    const { act, table, pick } = step;
    if (!isMaintenance(act)) return undefined;
    const views = this.#actors.flatMap(({ transaction }) => transaction?.snapshot ?? []);
    const snapshots = await this.#checks.snapshots();
    const oldestView = Math.min(...views, snapshots.at(-1) ?? 0);
    const sql = maintenanceText({ act, table, pick }, { snapshots, oldestView });
    if (sql === undefined) {
      this.#skip("nothing may be expired");
      return undefined;
    }
    return actor.start({
      step,
      sql,
      kind: actor.transaction ? "statement" : "maintenance",
      from: this.#stage.model.sequence,
    });
  }

  async #compare(): Promise<void> {
    for (const actor of this.#actors) if (actor.job && mayCommit(actor.job)) await this.#await(actor, actor.job);
    if (this.#actors.some(({ job }) => mayCommit(job))) {
      this.#stage.streams.counts.add("waits: a commit for another client");
      return;
    }
    const head = await this.#checks.head();
    const late = this.#ledger.lookAt(head);
    if (late) await this.#answers.apply(late);
    await this.#checks.compare(head, this.#isAlone());
  }

  #isAlone(): boolean {
    return this.#actors.every(({ job, transaction }) => !job && !transaction);
  }

  /** Nobody else may commit in the middle of it, nor hold what a flush holds. */
  async #provoke(step: Step): Promise<void> {
    if (this.#actors.some(({ job }) => job)) return this.#skip("a client waits");
    if (this.#actors.some(({ transaction }) => transaction?.hasMaintained)) return this.#skip("a flush is open");
    const { counts } = this.#stage.streams;
    counts.add("played steps");
    counts.add(`steps: ${step.act}`);
    await this.#rivals.play(step);
  }

  async #check(step: Step): Promise<void> {
    if (this.#actors.some(({ job }) => mayCommit(job))) return this.#skip("a commit is under way");
    await this.#compare();
    await this.#checks.perform(step, this.#isAlone());
  }
}
