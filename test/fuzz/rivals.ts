/**
 * Provocations: two plain DuckDB clients, whose race the guard must settle by refusing the one that comes second. Nothing may be
 * lost by it, the words must say what happened and what to do, and the same work, done again, must succeed.
 */
import { Client } from "pg";
import type { TrickleDatabase } from "../../stack/database.ts";
import type { Answers } from "./answers.ts";
import { deedsOf, deedsOfMaintenance } from "./chronicle.ts";
import { type Answer, failure, gistOf, type LakeClient, openClient } from "./clients.ts";
import { Finding } from "./finding.ts";
import { heardIn, nameOf } from "./guard.ts";
import type { Ledger } from "./ledger.ts";
import { maintenanceText } from "./maintenance.ts";
import { type Changes, changesOf } from "./model.ts";
import { type CatalogWork, isProvokedBy, PROVOCATIONS, type Provocation, type Work } from "./provocations.ts";
import { createRandom, type Random } from "./random.ts";
import { newRow } from "./resolve.ts";
import { CLIENT_NAMES, isProvocation, type LakeTable, type Maintenance, type Step } from "./script.ts";
import type { Stage } from "./stage.ts";
import { duckdbText, effectOf, type Statement } from "./statements.ts";

export interface RivalsContext {
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly answers: Answers;
  readonly note: (line: string) => void;
  /** Everything that must hold after a commit. */
  readonly compare: () => Promise<void>;
}

const OWNER = CLIENT_NAMES.length;
/** A refusal comes within this time, or, on a machine that is too busy for it, within ten times what the work takes alone. */
const REFUSED_WITHIN_MS = 1_000;
const WAY_OUT =
  /HINT:\s+Nothing was changed\. (?:Run (?:the (?:transaction|merge|rewrite)|it) again\.|This client is not made for this version of DuckLake\.)/;

/** What may be asked of a client, ready to be sent. */
interface Order {
  readonly sql: string;
  readonly statement?: Statement;
  readonly maintenance?: Maintenance;
}

/** One provocation, while it is played. */
interface Scene {
  readonly act: string;
  readonly table: LakeTable;
  readonly provocation: Provocation;
  readonly random: Random;
  /** Of the rows that it has inserted. */
  readonly ids: number[];
}

/** Begun work: what its client sends in the end, and what it would change. */
interface Begun {
  readonly sql: string;
  readonly changes: Changes;
  readonly finish: () => Promise<Answer>;
}

/** Others hold what it needs: it is given up, at a moment when the model is right. */
class HeldUp extends Error {
  override readonly name = "HeldUp";
}

type Asked = Pick<LakeClient, "run">;

/** A client that writes the catalog by itself, with no DuckDB between. */
async function askAsCatalogRole(database: TrickleDatabase, sql: string): Promise<Answer> {
  const client = new Client({
    ...database.attach.catalog,
    application_name: "rival",
  });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(sql);
    return { ok: true, count: 0 };
  } catch (error) {
    return failure(error);
  } finally {
    await client.end();
  }
}

export class Rivals {
  readonly #context: RivalsContext;
  #open: Promise<readonly [LakeClient, LakeClient]> | undefined;

  constructor(context: RivalsContext) {
    this.#context = context;
  }

  #clients(): Promise<readonly [LakeClient, LakeClient]> {
    const { database } = this.#context.stage;
    this.#open ??= Promise.all([openClient(database, "duck", OWNER), openClient(database, "duck", OWNER)]);
    return this.#open;
  }

  async play({ act, table, pick }: Step): Promise<void> {
    if (!isProvocation(act)) return;
    const provocation = PROVOCATIONS[act];
    const scene = { act, provocation, table: provocation.table ?? table, random: createRandom(pick), ids: [] };
    try {
      await this.#provoke(scene);
    } catch (error) {
      if (!(error instanceof HeldUp)) throw error;
      this.#context.stage.streams.counts.add(`provocations given up: ${act}, ${error.message}`);
    }
  }

  async #provoke(scene: Scene): Promise<void> {
    const [one, two] = await this.#clients();
    const { setup, work, rival, again } = scene.provocation;
    const { compare, ledger } = this.#context;
    for (const first of setup) await this.#alone(one, scene, this.#order(scene, first));
    const begun = await (typeof work === "string" ? this.#catalogWork(scene, work) : this.#begin(one, scene, work));
    try {
      if (rival) await this.#alone(two, scene, this.#order(scene, rival), "the rival");
    } catch (error) {
      await one.run("rollback");
      throw error;
    }
    const { answer, tookMs } = await timed(begun.finish);
    this.#context.note(`   answered after ${tookMs} ms`);
    await one.run("rollback");
    this.#judge(scene, begun, answer);
    ledger.failed({ changes: begun.changes, isUnknown: false, text: begun.sql });
    await compare();
    const next = again ?? (work as Work);
    const alone = await timed(() => this.#alone(one, scene, this.#order(scene, next)));
    const limitMs = Math.max(REFUSED_WITHIN_MS, 10 * alone.tookMs);
    if (tookMs > limitMs) {
      throw new Finding("slow-refusal", scene.act, `refused after ${tookMs} ms, with ${limitMs} ms allowed`);
    }
    await compare();
  }

  #order({ table, ids, random }: Scene, work: Work): Order {
    switch (work.kind) {
      case "insert": {
        const rows = Array.from({ length: work.count }, () => newRow(this.#context.stage.ids.next++, OWNER, random));
        if (!work.elsewhere) ids.push(...rows.map(({ id }) => id));
        return statementOrder({ kind: "insert", table: work.elsewhere ? "notes" : table, rows });
      }
      case "delete": {
        const where = { ids: ids.slice(work.from, work.to) };
        return statementOrder({ kind: "delete", table, where, isRowByRow: false });
      }
      default: {
        // This table only, and all of its files.
        const upkeep = { act: work.kind, table, pick: work.kind === "flush" ? 1 : 0 };
        const sql = maintenanceText(upkeep, { snapshots: [], oldestView: 0 }) ?? "";
        return { sql, maintenance: work.kind };
      }
    }
  }

  /** In a transaction of its own, with nobody beside it: nothing may refuse it. */
  async #alone(client: LakeClient, scene: Scene, order: Order, who = "the provoker"): Promise<void> {
    const answer = await this.#ask(client, order.sql, who);
    if (!answer.ok) throw refusedAlone(scene, order, answer);
    await this.#committed(who, scene, order, answer.count);
  }

  async #ask(client: Asked, sql: string, who: string): Promise<Answer> {
    const answer = await client.run(sql);
    const told = answer.ok ? `ok ${answer.count}` : `${answer.kind}: ${gistOf(answer.message)}`;
    this.#context.note(`   ${who}: ${sql.slice(0, 200)} → ${told}`);
    return answer;
  }

  async #committed(who: string, { act }: Scene, { sql, statement, maintenance }: Order, count: number): Promise<void> {
    const { stage, ledger, answers } = this.#context;
    if (maintenance) {
      ledger.maintained();
      stage.chronicle.record(who, deedsOfMaintenance(maintenance));
    }
    if (!statement) return;
    const expected = effectOf(statement, stage.model.current[statement.table]).count;
    if (count !== expected) throw new Finding("told-count", act, `${sql}: told ${count}, expected ${expected}`);
    ledger.committed();
    stage.chronicle.record(who, deedsOf(statement));
    await answers.apply(changesOf(statement, stage.model.current));
  }

  async #begin(client: LakeClient, scene: Scene, work: Work): Promise<Begun> {
    const order = this.#order(scene, work);
    await this.#ask(client, "begin", "the provoker");
    const answer = await this.#ask(client, order.sql, "the provoker");
    if (!answer.ok) {
      await client.run("rollback");
      throw refusedAlone(scene, order, answer);
    }
    const changes = order.statement ? changesOf(order.statement, this.#context.stage.model.current) : new Map();
    return { sql: order.sql, changes, finish: () => this.#ask(client, "commit", "the provoker") };
  }

  async #catalogWork({ table }: Scene, work: CatalogWork): Promise<Begun> {
    const { database, streams } = this.#context.stage;
    let sql = "select rivals.write_changes('created_table:main.made_by_hand')";
    if (work === "delete-from-a-file-that-was-live") {
      const { rows } = await streams.session.query<{ id: string }>("select rivals.newest_file($1) as id", [table]);
      sql = `select rivals.delete_from('${table}', ${rows[0]?.id})`;
    }
    const client: Asked = { run: (text) => askAsCatalogRole(database, text) };
    return { sql, changes: new Map(), finish: () => this.#ask(client, sql, "the provoker") };
  }

  /** It must be this refusal, in words that a person can act on. */
  #judge({ act, provocation }: Scene, { sql }: Begun, answer: Answer): void {
    const { stage } = this.#context;
    if (answer.ok) throw new Finding("not-refused", act, `committed: ${sql}`);
    const heard = heardIn(stage.declared, answer.message);
    const said = gistOf(answer.message);
    if (!heard || !isProvokedBy(heard.refusal, provocation)) throw new Finding("refused-otherwise", act, said);
    // DuckDB does not show the code.
    const hasCode = answer.kind === "TR040" || answer.kind === "guard";
    if (!hasCode || !WAY_OUT.test(answer.message)) throw new Finding("refused-without-a-way-out", act, said);
    stage.streams.counts.add(`provoked refusals: ${nameOf(heard.refusal)}`);
  }
}

const statementOrder = (statement: Statement): Order => ({ sql: duckdbText(statement), statement });

/** Legal only where an open transaction of another client holds what it needs. */
function refusedAlone({ act }: Scene, { sql }: Order, answer: Answer & { ok: false }): Error {
  if (answer.kind === "lock-timeout") return new HeldUp("another client's transaction held it up");
  return new Finding("refused-alone", act, `${sql.slice(0, 300)}: ${gistOf(answer.message)}`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const startedAt = performance.now();
  const answer = await work();
  return { answer, tookMs: Math.round(performance.now() - startedAt) };
}
