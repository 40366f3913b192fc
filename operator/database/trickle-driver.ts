/** The driver for this project's pg_trickle: one call of a function of schema pgtrickle_rewind an action. */
import { z } from "zod";
import { Reason } from "../api/reasons.ts";
import type { LoggedStep, ObservedWorld } from "../core/observed.ts";
import { Session } from "./connection.ts";
import type {
  Move,
  ObserveQuery,
  OperationIdentity,
  RewindChoice,
  RewindDriver,
  RewindMove,
  RewindSession,
} from "./driver.ts";
import { TransientError } from "./errors.ts";
import { worldOf } from "./observation.ts";
import { type Planned, plannedOf } from "./planned.ts";
import type { ConnectionSettings } from "./secret.ts";
import { SessionPool } from "./session-pool.ts";

const claimSchema = z.object({ claimed: z.boolean(), token: z.string().optional() });
const confirmSchema = z.object({ confirmed: z.boolean() });
const replaySchema = z.object({ done: z.boolean() });

/** Longer than PostgreSQL's own rows need: the plan may ask the lake engine. */
const planTimeoutMs = 30_000;

interface TrickleSessionParts {
  readonly session: Session;
  readonly pool: SessionPool;
  readonly settings: ConnectionSettings;
  readonly identity: OperationIdentity;
  readonly signal: AbortSignal | undefined;
}

class TrickleSession implements RewindSession {
  readonly #session: Session;
  readonly #pool: SessionPool;
  readonly #settings: ConnectionSettings;
  readonly #identity: OperationIdentity;
  readonly #signal: AbortSignal | undefined;
  /** The other session that a repair runs in: as it is opened, and while it runs. */
  #prepared: Promise<Session> | undefined;
  #repairing: Session | undefined;
  /** The database knows this backend as one that works for an operation that is claimed again some day: it would be ended. */
  #isMarked = false;

  constructor({ session, pool, settings, identity, signal }: TrickleSessionParts) {
    this.#session = session;
    this.#pool = pool;
    this.#settings = settings;
    this.#identity = identity;
    this.#signal = signal;
  }

  async observe(query: ObserveQuery): Promise<ObservedWorld> {
    return worldOf(await observed(this.#session, this.#identity, query), this.#identity.uid);
  }

  async claim(operationKey: string, tables: readonly string[]): Promise<string | undefined> {
    const { cluster, uid, namespace, name } = this.#identity;
    this.#isMarked = true;
    const json = await this.#session.value(
      "select pgtrickle_rewind.claim($1::text, $2::text, $3::text, $4::text, $5::text, $6::text[])",
      [cluster, uid, namespace, name, operationKey, tables],
    );
    return claimSchema.parse(json).token;
  }

  async freeOrphan(uid: string): Promise<void> {
    await this.#session.value("select pgtrickle_rewind.orphan($1::text, $2::text)", [uid, this.#identity.cluster]);
  }

  async pause(token: string): Promise<void> {
    await this.#session.value("select pgtrickle_rewind.pause($1::text, $2::uuid)", this.#owner(token));
  }

  async keepAlive(token: string): Promise<void> {
    await this.#session.value("select pgtrickle_rewind.keep_alive($1::text, $2::uuid)", this.#owner(token));
  }

  async plan(tables: readonly string[], snapshotId: number, choice: RewindChoice): Promise<Planned> {
    const { strategy, acceptContradiction = false } = choice;
    const json = await this.#session.value(
      "select pgtrickle.plan_rewind($1::text[], $2::bigint, $3::text, $4::boolean)",
      [tables, snapshotId, strategy, acceptContradiction],
      { context: "move", timeoutMs: planTimeoutMs },
    );
    return plannedOf(json);
  }

  async rewind(token: string, snapshotId: number, move: RewindMove): Promise<void> {
    const { strategy, acceptContradiction = false } = move;
    await this.#session.value(
      "select pgtrickle_rewind.rewind($1::text, $2::uuid, $3::bigint, $4::text, $5::jsonb, $6::boolean)",
      [...this.#owner(token), snapshotId, strategy, JSON.stringify(move.assertions), acceptContradiction],
      { context: "move", timeoutMs: move.timeoutMs },
    );
  }

  prepareRepair(query: ObserveQuery): void {
    this.#prepared ??= this.#openRepair(query);
    // repair() opens another one then.
    this.#prepared.catch(() => undefined);
  }

  async repair(token: string, sql: readonly string[], timeoutMs: number): Promise<void> {
    // Alone in its transaction: whoever comes after a crash sees the intent and looks into the lake.
    const attempt = z
      .number()
      .parse(await this.#session.value("select pgtrickle_rewind.begin_repair($1::text, $2::uuid)", this.#owner(token)));
    const marker = `strw/${this.#identity.uid}/repair/${attempt}`;
    const session = await this.#repairSession();
    this.#repairing = session;
    try {
      await runRepair(session, { owner: this.#owner(token), attempt, marker, sql, timeoutMs });
    } finally {
      this.#repairing = undefined;
      // Its transaction is over one way or the other: nobody waits for the good-bye.
      void session.close();
    }
  }

  async confirmRepair(token: string): Promise<void> {
    const json = await this.#session.value(
      "select pgtrickle_rewind.confirm_repair($1::text, $2::uuid)",
      this.#owner(token),
    );
    if (confirmSchema.parse(json).confirmed) return;
    const message = "the lake had the repair a moment ago and has it no more";
    throw new TransientError({ reason: Reason.TransientError, message, terminal: false });
  }

  /** Folded is done at the first call; Stepwise publishes one commit of the lake a call, each a transaction of its own. */
  async replay(token: string, move: Move & { readonly mode: string }): Promise<void> {
    let isDone = false;
    while (!isDone) {
      const json = await this.#session.value(
        "select pgtrickle_rewind.replay($1::text, $2::uuid, $3::text, $4::jsonb)",
        [...this.#owner(token), move.mode, JSON.stringify(move.assertions)],
        { context: "move", timeoutMs: move.timeoutMs },
      );
      isDone = replaySchema.parse(json).done;
    }
  }

  async release(token: string, outcome: string, leavePaused = false): Promise<void> {
    const values = [...this.#owner(token), outcome, leavePaused];
    await this.#session.value("select pgtrickle_rewind.release($1::text, $2::uuid, $3::text, $4::boolean)", values);
    // Such an operation is never claimed again; a failed one may be.
    this.#isMarked = outcome === "Failed";
  }

  async abandon(token: string, reason: string): Promise<void> {
    const values = [...this.#owner(token), reason];
    await this.#session.value("select pgtrickle_rewind.abandon($1::text, $2::uuid, $3::text)", values);
  }

  async failStep(token: string, step: LoggedStep, code: string, message: string): Promise<void> {
    await this.#session.value("select pgtrickle_rewind.fail_step($1::text, $2::uuid, $3::text, $4::text, $5::text)", [
      ...this.#owner(token),
      step,
      code,
      message,
    ]);
  }

  interrupt(): void {
    this.#repairing?.interrupt();
    this.#session.interrupt();
  }

  async close(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await prepared?.then(
      (session) => session.close(),
      () => undefined,
    );
    if (this.#isMarked || this.#session.hasFailed) await this.#session.close();
    else await this.#pool.keep(this.#settings, this.#session);
  }

  /** What it is asked makes its backend read what a repair needs as well. */
  async #openRepair(query: ObserveQuery): Promise<Session> {
    const session = await Session.open(this.#settings, `strw/${this.#identity.uid}/repair`, this.#signal);
    try {
      await observed(session, this.#identity, query);
      return session;
    } catch (error) {
      void session.close();
      throw error;
    }
  }

  async #repairSession(): Promise<Session> {
    const prepared = await this.#prepared?.catch(() => undefined);
    this.#prepared = undefined;
    if (prepared?.hasFailed === false) return prepared;
    void prepared?.close();
    return Session.open(this.#settings, `strw/${this.#identity.uid}/repair`, this.#signal);
  }

  #owner(token: string): readonly [uid: string, token: string] {
    return [this.#identity.uid, token];
  }
}

function observed(session: Session, identity: OperationIdentity, query: ObserveQuery): Promise<unknown> {
  const { uid, cluster, namespace, name } = identity;
  const { tables, snapshotId, timestamp, operationKey } = query;
  return session.value(
    "select pgtrickle_rewind.observe($1::text, $2::text[], $3::bigint, $4::timestamptz, $5::text, $6::text, $7::text, $8::text)",
    [uid, tables, snapshotId ?? null, timestamp ?? null, cluster, namespace, name, operationKey],
  );
}

interface RepairRun {
  readonly owner: readonly [uid: string, token: string];
  readonly attempt: number;
  readonly marker: string;
  readonly sql: readonly string[];
  readonly timeoutMs: number;
}

/** On a fresh session: a connection to the lake that is open already would not carry the marker. */
async function runRepair(session: Session, { owner, attempt, marker, sql, timeoutMs }: RepairRun): Promise<void> {
  // One timeout for all of it: each change of it is a round trip.
  await session.value("select set_config('postgres_fdw.application_name', $1, false)", [marker], { timeoutMs });
  await session.run("begin", { timeoutMs });
  await session.value("select pgtrickle_rewind.enter_repair($1::text, $2::uuid, $3::integer)", [...owner, attempt], {
    timeoutMs,
  });
  const result = await session.value("select pgtrickle_rewind.run_repair($1::text[])", [sql], {
    context: "repair",
    timeoutMs,
  });
  const finished = [...owner, attempt, JSON.stringify(result)];
  await session.value("select pgtrickle_rewind.finish_repair($1::text, $2::uuid, $3::integer, $4::jsonb)", finished, {
    context: "repair",
    timeoutMs,
  });
  // Here the lake commits, then PostgreSQL.
  await session.run("commit", { context: "repair", timeoutMs });
}

export function createTrickleDriver(): RewindDriver {
  const pool = new SessionPool();
  return {
    async open(settings, identity, signal) {
      const session = await pool.open(settings, `strw/${identity.uid}/operator`, signal);
      return new TrickleSession({ session, pool, settings, identity, signal });
    },
  };
}
