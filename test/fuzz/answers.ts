/** What the clients' answers mean for the model. */
import { type Actor, type Job, mayCommit } from "./actor.ts";
import { deedsOf, deedsOfMaintenance, isCaused } from "./chronicle.ts";
import { type Answer, gistOf } from "./clients.ts";
import { Finding, UndeterminedError } from "./finding.ts";
import { heardIn, nameOf } from "./guard.ts";
import type { Ledger } from "./ledger.ts";
import { type Changes, changesOf, hasBroad, judge, type Told } from "./model.ts";
import { causesOf } from "./provocations.ts";
import { isMaintenance, type LakeTable } from "./script.ts";
import type { Stage } from "./stage.ts";

export interface AnswersContext {
  readonly stage: Stage;
  readonly actors: readonly Actor[];
  readonly ledger: Ledger;
  readonly note: (line: string) => void;
}

export class Answers {
  readonly #stage: Stage;
  readonly #actors: readonly Actor[];
  readonly #ledger: Ledger;
  readonly #note: (line: string) => void;

  constructor({ stage, actors, ledger, note }: AnswersContext) {
    this.#stage = stage;
    this.#actors = actors;
    this.#ledger = ledger;
    this.#note = note;
  }

  async rollback(actor: Actor, reason: string): Promise<void> {
    actor.transaction = undefined;
    this.#stage.streams.counts.add(`rollbacks: ${reason}`);
    const answer = await actor.client.run("rollback");
    this.#note(`   ${actor.client.name}: rollback, ${reason} → ${answer.ok ? "ok" : answer.message.slice(0, 100)}`);
  }

  async take(actor: Actor, job: Job, answer: Answer): Promise<void> {
    if (!answer.ok) return this.#failed(actor, job, answer);
    const { transaction } = actor;
    switch (job.kind) {
      case "begin":
        actor.transaction = {
          number: job.step.transaction,
          from: job.from,
          since: job.since,
          snapshot: this.#ledger.head ?? 0,
          until: undefined,
          told: [],
          hasMaintained: false,
          savepoint: undefined,
        };
        return;
      case "savepoint":
        if (transaction) transaction.savepoint = transaction.told.length;
        return;
      case "rollback-to":
        transaction?.told.splice(transaction.savepoint ?? 0);
        return;
      case "maintenance":
        this.#stage.streams.counts.add(`maintenance: ${job.step.act}`);
        this.#ledger.maintained();
        if (isMaintenance(job.step.act)) this.#record(actor, deedsOfMaintenance(job.step.act));
        return;
      case "commit":
        return this.#committed(actor, job);
      case "autocommit":
        return this.#committedAlone(actor, job, answer.count);
      default:
        return this.#told(actor, job, answer.count);
    }
  }

  async #told(actor: Actor, job: Job, count: number): Promise<void> {
    const { model } = this.#stage;
    const { transaction } = actor;
    if (!transaction) return;
    // A plain DuckDB keeps the view of its first statement.
    const isSettled = !this.#actors.some((other) => other !== actor && mayCommit(other.job));
    if (actor.client.name === "duck" && transaction.told.length === 0 && isSettled)
      transaction.until ??= model.sequence;
    if (!job.statement) {
      transaction.hasMaintained = true;
      this.#ledger.maintained();
      this.#stage.streams.counts.add(`maintenance: ${job.step.act} in a transaction`);
      return;
    }
    const told: Told = { statement: job.statement, count };
    const isRead = job.statement.kind === "count";
    // A read may have another view than the broad statement before it.
    if (isRead && hasBroad(transaction.told)) return;
    const verdict = actor.verdict(model, [told]);
    if (verdict.kind === "contradicted") throw contradiction(job, count, verdict.expected);
    if (isRead) return;
    transaction.told.push(told);
    if (verdict.kind === "ambiguous") await this.rollback(actor, "what it met cannot be told");
  }

  async #committed(actor: Actor, job: Job): Promise<void> {
    const verdict = actor.verdict(this.#stage.model);
    const { told = [], hasMaintained } = actor.transaction ?? {};
    this.#record(
      actor,
      told.flatMap(({ statement }) => deedsOf(statement)),
    );
    if (hasMaintained) this.#record(actor, deedsOfMaintenance("checkpoint"));
    actor.transaction = undefined;
    if (verdict.kind === "ambiguous") throw new UndeterminedError("a commit beside others");
    if (verdict.kind === "contradicted") throw contradiction(job, -1, verdict.expected);
    await this.#commit(verdict.changes, "of a transaction");
  }

  async #committedAlone(actor: Actor, job: Job, count: number): Promise<void> {
    if (!job.statement) return;
    this.#record(actor, deedsOf(job.statement));
    const verdict = judge([{ statement: job.statement, count }], this.#stage.model.between(job.from));
    if (verdict.kind === "contradicted") throw contradiction(job, count, verdict.expected);
    if (verdict.kind === "ambiguous") throw new UndeterminedError("a statement beside others");
    await this.#commit(verdict.changes, "of a statement");
  }

  async #commit(changes: Changes, what: string): Promise<void> {
    this.#stage.streams.counts.add(`commits: ${what}`);
    this.#ledger.committed();
    await this.apply(changes);
  }

  async apply(changes: Changes): Promise<void> {
    const { model, streams } = this.#stage;
    if (![...changes.values()].some((rows) => rows.size > 0)) return;
    model.commit(changes);
    await streams.mirror.commit(model.sequence, changes);
  }

  #record(actor: Actor, deeds: ReturnType<typeof deedsOf>): void {
    this.#stage.chronicle.record(actor.client.name, deeds);
  }

  /** A refusal of the guard must have a cause: what another client has done meanwhile, or may just have done. */
  async #judgeRefusal(actor: Actor, job: Job, message: string): Promise<void> {
    const { declared, chronicle, streams } = this.#stage;
    const heard = heardIn(declared, message);
    if (!heard) return;
    const name = nameOf(heard.refusal);
    streams.counts.add(`refusals of the guard: ${name}`);
    if (this.#actors.some((other) => other !== actor && mayCommit(other.job))) return;
    const others = chronicle.others(actor.client.name, actor.transaction?.since ?? job.since);
    const table = await this.#tableOf(heard.tableId);
    if (isCaused(causesOf(heard.refusal), others, table)) return;
    throw new Finding("refusal-not-needed", name, `${job.sql.slice(0, 300)}: ${gistOf(message)}`);
  }

  async #tableOf(id: number | undefined): Promise<LakeTable | undefined> {
    const { rows } = await this.#stage.streams.session.query<{ table_name: LakeTable }>(
      "select table_name from ducklake.ducklake_table where table_id = $1 and end_snapshot is null",
      [id],
    );
    return rows[0]?.table_name;
  }

  /** What a commit would have done. */
  #intended(actor: Actor, { kind, statement }: Job): Changes {
    const { model } = this.#stage;
    if (kind === "autocommit") return statement ? changesOf(statement, model.current) : new Map();
    const verdict = actor.verdict(model);
    return verdict.kind === "determined" ? verdict.changes : new Map();
  }

  async #failed(actor: Actor, job: Job, answer: Answer & { ok: false }): Promise<void> {
    const { streams } = this.#stage;
    const who = actor.client.name === "duck" ? "DuckDB" : "PostgreSQL";
    const what = job.kind === "maintenance" ? job.step.act : job.kind;
    streams.counts.add(`aborts: ${who} ${what} ${answer.kind}`);
    if (job.kind === "commit" || job.kind === "autocommit") {
      const changes = this.#intended(actor, job);
      this.#ledger.failed({ changes, isUnknown: answer.isUnknown, text: `${job.sql}: ${answer.message}` });
    }
    if (job.kind === "maintenance") this.#ledger.maintained();
    await this.#judgeRefusal(actor, job, answer.message);
    if (actor.transaction) await this.rollback(actor, "after an error");
  }
}

function contradiction({ sql, step }: Job, count: number, expected: readonly number[][]): Finding {
  const wanted = [...new Set(expected.map((counts) => counts.join("+")))].join(" or ");
  return new Finding("told-count", step.act, `${sql.slice(0, 300)}: told ${count}, expected ${wanted}`);
}
