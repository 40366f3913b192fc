/** The driver over the plain-data world of model-world.ts, and an API server of one object: with a place to crash at every write. */
import { isDeepStrictEqual } from "node:util";
import type { Action } from "../../operator/core/decision.ts";
import type { ObservedWorld } from "../../operator/core/observed.ts";
import type { RewindDriver, RewindSession } from "../../operator/database/driver.ts";
import { FencedError } from "../../operator/database/errors.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { ApiError, ConflictError } from "../../operator/kube/errors.ts";
import type { StatusWriter } from "../../operator/kube/types.ts";
import { applyAction, failStep, type ModelWorld, makeFailure, observeModel } from "./model-world.ts";

/** The process is gone: nobody handles this. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export type Moment = "before" | "after";

/** Counts writes and stops the process at one of them. */
export class CrashPoint {
  readonly writes: string[] = [];
  readonly #at: number | undefined;
  readonly #moment: Moment;
  #isDead = false;

  constructor(at?: number, moment: Moment = "before") {
    this.#at = at;
    this.#moment = moment;
  }

  /** A dead process writes nothing any more, however it handles its own death. */
  around<T>(what: string, write: () => T): T {
    if (this.#isDead) throw new Crash(what);
    const index = this.writes.push(what) - 1;
    this.#isDead = index === this.#at;
    if (this.#isDead && this.#moment === "before") throw new Crash(what);
    const result = write();
    if (this.#isDead) throw new Crash(what);
    return result;
  }
}

/** Outlives the operator's process. */
export interface FakeOutside {
  world: ModelWorld;
  object: RewindObject | undefined;
  crash: CrashPoint;
}

function apply(outside: FakeOutside, action: Action): void {
  outside.crash.around(action.kind, () => {
    const effect = applyAction(outside.world, action);
    if ("refused" in effect) throw new FencedError(effect.refused === "fenced" ? "TR015" : "TR019", effect.refused);
    outside.world = effect.world;
  });
}

function fakeSession(outside: FakeOutside): RewindSession {
  const done = Promise.resolve();
  const effect = async (action: Action) => apply(outside, action);
  const timeoutMs = 1_000;
  const assertions: [] = [];
  return {
    observe: async (): Promise<ObservedWorld> => observeModel(outside.world),
    claim: async (operationKey, tables) => {
      apply(outside, { kind: "claim", operationKey, tables });
      return outside.world.claimedByUs ? String(outside.world.operation?.token) : undefined;
    },
    freeOrphan: (uid) => effect({ kind: "freeOrphan", uid, table: "" }),
    pause: (token) => effect({ kind: "pause", token }),
    keepAlive: (token) => effect({ kind: "keepAlive", token }),
    plan: async (tables, target) => ({
      target,
      tables: tables.map((name) => ({ name, definitionHash: outside.world.definition })),
    }),
    rewind: (token, snapshotId) =>
      effect({ kind: "rewind", token, snapshotId, strategy: "Auto", assertions, timeoutMs }),
    prepareRepair: () => undefined,
    repair: (token, sql) => effect({ kind: "repair", token, sql, timeoutMs }),
    confirmRepair: (token) => effect({ kind: "confirmRepair", token }),
    replay: (token) => effect({ kind: "replay", token, mode: "Folded", assertions, timeoutMs }),
    release: (token, outcome, leavePaused = false) => effect({ kind: "release", token, outcome, leavePaused }),
    abandon: (token) => effect({ kind: "abandon", token, failure: makeFailure("RepairFailed", true) }),
    failStep: async (_token, step, code) => {
      outside.world = failStep(outside.world, step, { ...makeFailure("AssertionFailed", code === "TR011"), code });
    },
    interrupt: () => undefined,
    close: () => done,
  };
}

export function fakeDriver(outside: FakeOutside): RewindDriver {
  return { open: async () => fakeSession(outside) };
}

function notFound(): ApiError {
  return new ApiError({ verb: "GET", path: "/fake", status: 404, reason: "NotFound", message: "there is none" });
}

function live(outside: FakeOutside): RewindObject {
  if (outside.object === undefined) throw notFound();
  return outside.object;
}

/** Compare and swap: as the API server, it refuses what was decided from an older copy. */
function replace(outside: FakeOutside, observed: RewindObject, changes: Partial<RewindObject>): RewindObject {
  const object = live(outside);
  if (object.metadata.resourceVersion !== observed.metadata.resourceVersion) throw new ConflictError("moved");
  const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
  const metadata = { ...object.metadata, ...changes.metadata, resourceVersion };
  outside.object = { ...object, ...changes, metadata };
  return outside.object;
}

export function fakeObjects(outside: FakeOutside) {
  const withFinalizers = (observed: RewindObject, finalizers: readonly string[]) =>
    replace(outside, observed, { metadata: { ...observed.metadata, finalizers } });
  return {
    get: async () => live(outside),
    addFinalizer: async (observed: RewindObject, name: string) =>
      outside.crash.around("addFinalizer", () =>
        withFinalizers(observed, [...(observed.metadata.finalizers ?? []), name]),
      ),
    removeFinalizer: async (observed: RewindObject, name: string) =>
      outside.crash.around("removeFinalizer", () => {
        const finalizers = (observed.metadata.finalizers ?? []).filter((candidate) => candidate !== name);
        const left = withFinalizers(observed, finalizers);
        if (left.metadata.deletionTimestamp !== undefined && finalizers.length === 0) outside.object = undefined;
        return outside.object;
      }),
    delete: async () =>
      outside.crash.around("delete", () => {
        outside.object = undefined;
      }),
  };
}

export function fakeStatusWriter(outside: FakeOutside): StatusWriter<RewindObject> {
  return {
    write: async (observed, status) => {
      const stored = JSON.parse(JSON.stringify(status)) as unknown;
      if (isDeepStrictEqual(live(outside).status, stored)) return observed;
      return outside.crash.around("status", () => replace(outside, observed, { status: stored }));
    },
  };
}
