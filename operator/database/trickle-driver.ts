/** The driver for this project's pg_trickle: one call of a function of schema pgtrickle_rewind an action. */
import { z } from "zod";
import { Reason } from "../api/reasons.ts";
import type { JournalStep, ObservedWorld } from "../core/observed.ts";
import { Session } from "./connection.ts";
import type { Move, ObserveQuery, OperationIdentity, RewindDriver, RewindSession } from "./driver.ts";
import { TransientError } from "./errors.ts";
import { worldOf } from "./observation.ts";
import { type Planned, plannedOf } from "./planned.ts";
import type { ConnectionSettings } from "./secret.ts";

const claimSchema = z.object({ claimed: z.boolean(), token: z.string().optional() });
const confirmSchema = z.object({ confirmed: z.boolean() });
const replaySchema = z.object({ done: z.boolean() });

/** Longer than PostgreSQL's own rows need: the plan may ask the lake engine. */
const planTimeoutMs = 30_000;

class TrickleSession implements RewindSession {
  readonly #session: Session;
  readonly #settings: ConnectionSettings;
  readonly #identity: OperationIdentity;
  readonly #signal: AbortSignal | undefined;
  /** The other session that a repair runs in, while it runs. */
  #repairing: Session | undefined;

  constructor(session: Session, settings: ConnectionSettings, identity: OperationIdentity, signal?: AbortSignal) {
    this.#session = session;
    this.#settings = settings;
    this.#identity = identity;
    this.#signal = signal;
  }

  async observe({ tables, snapshotId, timestamp }: ObserveQuery): Promise<ObservedWorld> {
    const { uid } = this.#identity;
    const json = await this.#session.value(
      "select pgtrickle_rewind.observe($1::text, $2::text[], $3::bigint, $4::timestamptz)",
      [uid, tables, snapshotId ?? null, timestamp ?? null],
    );
    return worldOf(json, uid);
  }

  async claim(operationKey: string, tables: readonly string[]): Promise<string | undefined> {
    const { cluster, uid, namespace, name } = this.#identity;
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

  async plan(tables: readonly string[], snapshotId: number): Promise<Planned> {
    const json = await this.#session.value(
      "select pgtrickle.plan_rewind($1::text[], $2::bigint)",
      [tables, snapshotId],
      { context: "move", timeoutMs: planTimeoutMs },
    );
    return plannedOf(json);
  }

  async rewind(token: string, snapshotId: number, move: Move & { readonly strategy: string }): Promise<void> {
    await this.#session.value(
      "select pgtrickle_rewind.rewind($1::text, $2::uuid, $3::bigint, $4::text, $5::jsonb)",
      [...this.#owner(token), snapshotId, move.strategy, JSON.stringify(move.assertions)],
      { context: "move", timeoutMs: move.timeoutMs },
    );
  }

  async repair(token: string, sql: readonly string[], timeoutMs: number): Promise<void> {
    // Alone in its transaction: whoever comes after a crash sees the intent and looks into the lake.
    const attempt = z
      .number()
      .parse(await this.#session.value("select pgtrickle_rewind.begin_repair($1::text, $2::uuid)", this.#owner(token)));
    const marker = `strw/${this.#identity.uid}/repair/${attempt}`;
    const session = await Session.open(this.#settings, marker, this.#signal);
    this.#repairing = session;
    try {
      await runRepair(session, { owner: this.#owner(token), attempt, marker, sql, timeoutMs });
    } finally {
      this.#repairing = undefined;
      await session.close();
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

  async release(token: string, outcome: string): Promise<void> {
    const values = [...this.#owner(token), outcome];
    await this.#session.value("select pgtrickle_rewind.release($1::text, $2::uuid, $3::text)", values);
  }

  async abandon(token: string, reason: string): Promise<void> {
    const values = [...this.#owner(token), reason];
    await this.#session.value("select pgtrickle_rewind.abandon($1::text, $2::uuid, $3::text)", values);
  }

  async failStep(token: string, step: JournalStep, code: string, message: string): Promise<void> {
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

  close(): Promise<void> {
    return this.#session.close();
  }

  #owner(token: string): readonly [uid: string, token: string] {
    return [this.#identity.uid, token];
  }
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
  await session.value("select set_config('postgres_fdw.application_name', $1, false)", [marker]);
  await session.run("begin");
  await session.value("select pgtrickle_rewind.enter_repair($1::text, $2::uuid, $3::integer)", [...owner, attempt]);
  const result = await session.value("select pgtrickle_rewind.run_repair($1::text[])", [sql], {
    context: "repair",
    timeoutMs,
  });
  const finished = [...owner, attempt, JSON.stringify(result)];
  await session.value("select pgtrickle_rewind.finish_repair($1::text, $2::uuid, $3::integer, $4::jsonb)", finished, {
    context: "repair",
  });
  // Here the lake commits, then PostgreSQL.
  await session.run("commit", { context: "repair", timeoutMs });
}

export function createTrickleDriver(): RewindDriver {
  return {
    async open(settings, identity, signal) {
      const session = await Session.open(settings, `strw/${identity.uid}/operator`, signal);
      return new TrickleSession(session, settings, identity, signal);
    },
  };
}
