/** One client in a history: its open transaction, and the statement that it waits for. */
import type { Chronicle } from "./chronicle.ts";
import type { Answer, LakeClient } from "./clients.ts";
import { judge, type Model, ownState, type State, type Told, type Verdict } from "./model.ts";
import type { Step } from "./script.ts";
import type { Statement } from "./statements.ts";

export interface Transaction {
  readonly number: number;
  /** The model's commit at its begin: no view of it is older. */
  readonly from: number;
  /** What others have done since may have refused it. */
  readonly since: number;
  /** The lake's head at its begin. */
  readonly snapshot: number;
  /** The newest commit that it can see; undefined: the present. */
  until: number | undefined;
  told: Told[];
  /** It holds what a flush holds. */
  hasMaintained: boolean;
  /** So many statements were told before its savepoint. */
  savepoint: number | undefined;
}

/** What a client was asked to do and has not told of yet, or not been asked about. */
export interface Job {
  readonly step: Step;
  readonly sql: string;
  readonly kind:
    | "begin"
    | "statement"
    | "savepoint"
    | "rollback-to"
    | "rollback"
    | "commit"
    | "autocommit"
    | "maintenance";
  readonly statement?: Statement;
  /** The model's commit when it was asked. */
  readonly from: number;
  /** The chronicle's moment when it was asked. */
  readonly since: number;
  readonly startedAt: number;
  answer?: Answer;
  done: Promise<void>;
}

/** Something of it may reach the lake at any moment. */
export function mayCommit(job: Job | undefined): boolean {
  return job !== undefined && ["commit", "autocommit", "maintenance"].includes(job.kind);
}

/** Whether it may have to wait for one of these: for the same table's writer, a flush, or one that waits itself. */
export function mayWait(job: Job, others: readonly Actor[]): boolean {
  return others.some(({ job: otherJob, transaction }) => {
    if (otherJob) return true;
    if (!transaction) return false;
    const written = transaction.told.filter(({ statement }) => statement.kind !== "insert");
    return transaction.hasMaintained || written.some(({ statement }) => statement.table === job.statement?.table);
  });
}

export class Actor {
  readonly client: LakeClient;
  readonly #chronicle: Chronicle;
  transaction: Transaction | undefined;
  job: Job | undefined;

  constructor(client: LakeClient, chronicle: Chronicle) {
    this.client = client;
    this.#chronicle = chronicle;
  }

  start(order: Pick<Job, "step" | "sql" | "kind" | "from"> & { readonly statement?: Statement }): Job {
    const job: Job = { ...order, since: this.#chronicle.now, startedAt: Date.now(), done: Promise.resolve() };
    job.done = this.client.run(job.sql).then((answer) => {
      job.answer = answer;
    });
    this.job = job;
    return job;
  }

  /** What its transaction has done, by everything that it may have seen. */
  verdict(model: Model, more: readonly Told[] = []): Verdict {
    const { transaction } = this;
    if (!transaction) throw new Error(`${this.client.name} has no transaction`);
    return judge([...transaction.told, ...more], model.between(transaction.from, transaction.until));
  }

  /** The rows as it sees them, good enough to choose from. */
  ownState(model: Model): State {
    if (!this.transaction) return model.current;
    return ownState(this.transaction.told, model.at(this.transaction.until ?? model.sequence));
  }
}
