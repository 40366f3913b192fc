/**
 * The loop: gather → decide → write status, first or beside → perform → again, until there is nothing to do.
 * One key is never worked on twice at once (the queue sees to it); everything else here may crash at any point.
 */
import { randomUUID } from "node:crypto";
import type { Phase } from "./api/status.ts";
import { kind } from "./api/stream-table-rewind.ts";
import { decide } from "./core/decide.ts";
import { type Action, type ActionKind, type Decision, stepOfAction } from "./core/decision.ts";
import { Line } from "./core/line.ts";
import type { DatabaseTrouble, Failure, Observed } from "./core/observed.ts";
import { FencedError, isConnectionLost, TerminalError, TransientError } from "./database/errors.ts";
import { TrickleState } from "./database/sqlstate.ts";
import { failureOf, gather, isEnding, lookAhead, type RewindObject, type Run, type Sources } from "./gather.ts";
import { isConflict, isNotFound } from "./kube/errors.ts";
import type { EventRecorder, Key, PassResult, StatusWriter } from "./kube/types.ts";
import { type Objects, perform, recordFailure } from "./perform.ts";

export interface Log {
  child(bindings: object): Log;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ControllerMeasurements {
  passed(result: "acted" | "waited" | "failed"): void;
  phaseChanged(uid: string, from: Phase | undefined, to: Phase): void;
  stepFailed(step: string, reason: string): void;
  /** A database could not be asked, or has refused. */
  databaseFailed(trouble: DatabaseTrouble, sqlState: string | undefined): void;
}

export interface ControllerOptions {
  readonly sources: Sources & { readonly objects: Sources["objects"] & Objects };
  readonly status: StatusWriter<RewindObject>;
  readonly events: EventRecorder;
  readonly logger: Log;
  readonly measurements: ControllerMeasurements;
  /** Look at this one again: what it waits for may be there. */
  readonly wake: (key: Key) => void;
}

/** More passes in a row than any way through the machine has: beyond it something goes round in circles. */
const maximumPasses = 40;
const circlesRequeueMs = 5_000;

/** Afterwards a token is good for nothing, and is not kept. */
const endsTheToken: readonly ActionKind[] = ["release", "abandon", "removeFinalizer"];
/** Afterwards the tables' claims are free. */
const freesLocks: readonly ActionKind[] = ["release", "abandon"];

/** The status that was being written is written; else the pass failed. */
async function settled(run: Run): Promise<undefined> {
  const { writing } = run;
  run.writing = undefined;
  await writing;
}

export class Controller {
  readonly #options: ControllerOptions;
  /** Fencing tokens by uid; a lost one is claimed anew. */
  readonly #tokens = new Map<string, string>();
  readonly #running = new Map<Key, Run>();
  readonly #line = new Line();

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** Everything that can be done for a key now. Throws what the queue shall retry. */
  async reconcile(key: Key, signal: AbortSignal): Promise<PassResult> {
    const run: Run = { signal };
    this.#running.set(key, run);
    const log = this.#options.logger.child({ controller: "streamtablerewind", kind, reconcileId: randomUUID() });
    try {
      for (let pass = 0; pass < maximumPasses && !signal.aborted; pass += 1) {
        const result = await this.#pass(key, run, log);
        if (result !== undefined) return result;
      }
      return { requeueAfterMs: circlesRequeueMs };
    } catch (error) {
      // Whoever cannot be worked on keeps nobody waiting; a conflict is looked at again at once.
      if (!isConflict(error)) this.#line.leave(key);
      throw error;
    } finally {
      this.#running.delete(key);
      await run.writing?.catch(() => undefined);
      await run.session?.close();
    }
  }

  /** The object is being deleted or aborted: what runs for it is broken off, so that it can be undone instead. */
  interrupt(key: Key): void {
    const run = this.#running.get(key);
    if (run !== undefined && run.isEnding !== true) run.session?.interrupt();
  }

  /** undefined: something was done, look again. */
  async #pass(key: Key, run: Run, parent: Log): Promise<PassResult | undefined> {
    const object = await this.#look(key, run);
    if (object === undefined) {
      this.#line.leave(key);
      return {};
    }
    const { uid, namespace, name, generation } = object.metadata;
    run.uid ??= uid;
    // Made anew under its name meanwhile: session, plan and failures of this run are of the one before it.
    if (run.uid !== uid) return { requeueAfterMs: 0 };
    const log = parent.child({ namespace, name, uid, generation });
    run.token = this.#tokens.get(uid);
    run.isEnding = isEnding(object);
    const seen = await gather(this.#options.sources, object, run);
    if (seen.world.kind === "unreachable") this.#measureFailure(seen.world.failure);
    const observed: Observed = { ...seen, ahead: this.#line.update(key, seen) };
    run.lastFailure = undefined;
    const decision = decide(observed);
    // Only after a claim: its status was on its way while the object was read. What is to be written must know that one.
    if (decision.announce !== "never" && run.writing !== undefined) return settled(run);
    this.#tell(log, observed, decision);
    const written = await this.#announce(object, observed, decision, run);
    if (decision.action.kind === "none") {
      this.#options.measurements.passed("waited");
      return decision.requeueAfterMs === undefined ? {} : { requeueAfterMs: decision.requeueAfterMs };
    }
    await this.#act(decision, { object: written, observed, run, log });
    // The pause that follows a claim waits for no status write (I1).
    if (decision.action.kind === "claim" && run.token !== undefined) return undefined;
    return settled(run);
  }

  /** The object as it is now, and beside it a first look at the database. */
  #look(key: Key, run: Run): Promise<RewindObject | undefined> | RewindObject {
    const { written } = run;
    run.written = undefined;
    if (written !== undefined) return written;
    lookAhead(run);
    return this.#read(key, run.signal);
  }

  async #read(key: Key, signal: AbortSignal): Promise<RewindObject | undefined> {
    const [namespace = "", name = ""] = key.split("/");
    try {
      // From etcd, never from the cache: an old copy would repeat effects.
      return await this.#options.sources.objects.get(namespace, name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Returns with the object as it is now known; a write beside the action goes on. */
  async #announce(object: RewindObject, observed: Observed, decision: Decision, run: Run): Promise<RewindObject> {
    if (decision.announce === "never") {
      for (const event of decision.events) this.#options.events.record(object, event);
      return object;
    }
    const writing = this.#write(object, observed, decision);
    if (decision.announce === "before") return writing;
    run.writing = writing;
    // Its error is settled()'s.
    writing.catch(() => undefined);
    return object;
  }

  async #write(object: RewindObject, observed: Observed, { status, phase, events }: Decision): Promise<RewindObject> {
    const written = await this.#options.status.write(object, status);
    const { uid } = observed.object;
    if (observed.status.phase !== phase) this.#options.measurements.phaseChanged(uid, observed.status.phase, phase);
    for (const event of events) this.#options.events.record(written, event);
    return written;
  }

  async #act(
    { action, eventsAfter }: Decision,
    given: { readonly object: RewindObject; readonly observed: Observed; readonly run: Run; readonly log: Log },
  ): Promise<void> {
    const { object, observed, run, log } = given;
    const { sources, events, measurements } = this.#options;
    const startedAt = performance.now();
    try {
      const { objects, now } = sources;
      await perform(action, { objects, now, object, observed, run });
      for (const event of eventsAfter) events.record(object, event);
      measurements.passed("acted");
      if (endsTheToken.includes(action.kind)) run.token = undefined;
      if (freesLocks.includes(action.kind)) this.#wakeNext(observed);
      log.debug({ action: action.kind, durationMs: Math.round(performance.now() - startedAt) }, "action performed");
    } catch (error) {
      measurements.passed("failed");
      await this.#failed(action, error, run, log);
    }
    this.#remember(observed.object.uid, run.token);
  }

  #wakeNext({ world }: Observed): void {
    if (world.kind !== "observed") return;
    for (const key of this.#line.waitingFor(world)) this.#options.wake(key);
  }

  #remember(uid: string, token: string | undefined): void {
    if (token === undefined) this.#tokens.delete(uid);
    else this.#tokens.set(uid, token);
  }

  /** What the database said goes into the next decision; what the API server said goes to the queue. */
  async #failed(action: Action, error: unknown, run: Run, log: Log): Promise<void> {
    const step = stepOfAction[action.kind];
    if (error instanceof FencedError) {
      log.info({ action: action.kind, reason: error.code }, "fenced: looking again");
      this.#options.measurements.databaseFailed("statement", error.code);
      if (error.code === TrickleState.fenced) run.token = undefined;
      return;
    }
    if (isConflict(error) || step === undefined || step === "Finalizer") throw error;
    if (!(error instanceof TerminalError || error instanceof TransientError)) {
      log.error({ action: action.kind, err: error }, "an action failed in an unforeseen way");
    }
    const failure = failureOf(error, run);
    this.#options.measurements.stepFailed(step, failure.reason);
    this.#measureFailure(failure);
    run.lastFailure = { step, failure };
    await recordFailure(action, error, run);
    // Claimed anew: that ends the backend that may still be at it.
    if (isConnectionLost(error)) run.token = undefined;
    // The connection may be what is broken.
    await run.session?.close();
    run.session = undefined;
  }

  #measureFailure({ trouble, code }: Failure): void {
    if (trouble !== undefined) this.#options.measurements.databaseFailed(trouble, code);
  }

  #tell(log: Log, observed: Observed, { action, phase, reason, message, requeueAfterMs, status }: Decision): void {
    const fields = { phase, action: action.kind, reason, ...(requeueAfterMs !== undefined && { requeueAfterMs }) };
    const before = observed.status;
    const changed = before.phase !== phase || before.reason !== reason;
    if (!changed) log.debug(fields, "pass");
    else if (status.conditions?.some((c) => c.type === "Stalled" && c.status === "True")) {
      log.error({ ...fields, detail: message }, "a person is needed");
    } else if (status.retry !== undefined && action.kind === "none")
      log.warn({ ...fields, detail: message }, "will be tried again");
    else log.info({ ...fields, detail: message }, "decision changed");
  }
}
