/** The loop while an object is deleted, waits, or fails. */
import { describe, expect, it } from "vitest";
import { CrashPoint, type FakeOutside, fakeDriver, fakeStatusWriter } from "../test/support/fake-trickle.ts";
import { makeSpecInput } from "../test/support/make-observed.ts";
import { makeWorld, modelHold, observeModel } from "../test/support/model-world.ts";
import { finalizer } from "./api/stream-table-rewind.ts";
import type { ObservedWorld } from "./core/observed.ts";
import type { RewindDriver } from "./database/driver.ts";
import { FencedError, TerminalError, TransientError } from "./database/errors.ts";
import type { RewindObject } from "./gather.ts";
import { ApiError } from "./kube/errors.ts";
import type { StatusWriter } from "./kube/types.ts";
import { key, makeObject, makeOutside, reconcile, start, statusOf } from "./testing/controller-stage.ts";

/** The fake driver with one method replaced. */
function withMethod(
  outside: FakeOutside,
  method: string,
  replacement: (...given: unknown[]) => Promise<unknown>,
): RewindDriver {
  return {
    open: async (settings, identity) => {
      const session = await fakeDriver(outside).open(settings, identity);
      return { ...session, [method]: replacement };
    },
  };
}

describe("a deleted object", () => {
  const deletionTimestamp = "2026-11-22T12:00:09Z";
  const paused = makeWorld({
    ...{ operation: { token: 1 }, claimedByUs: true, holders: [modelHold] },
    steps: [{ name: "Pause", outcome: "Done", attempt: 1 }],
  });

  it("is undone and goes", async () => {
    const outside = makeOutside(paused);
    outside.object = makeObject({ deletionTimestamp, finalizers: [finalizer] });
    await reconcile(start(outside));
    expect(outside.object).toBeUndefined();
    expect(outside.world.holders).toEqual([]);
  });

  it("whose Secret is gone goes within two minutes and says that its hold is orphaned", async () => {
    const outside = makeOutside(paused);
    outside.object = makeObject({ deletionTimestamp, finalizers: [finalizer] });
    const early = start(outside, { secret: "missing" });
    expect((await reconcile(early)).requeueAfterMs).toBeGreaterThan(0);
    expect(outside.object).toBeDefined();
    const late = start(outside, { secret: "missing", now: "2026-11-22T12:01:40Z" });
    await reconcile(late);
    expect(outside.object).toBeUndefined();
    expect(late.events.map(({ reason }) => reason)).toEqual(["HoldOrphaned"]);
  });

  it.each([
    ["deleted", { deletionTimestamp }, {}],
    ["aborted", {}, { abort: true }],
  ])("that is %s breaks off what runs for it, and undoes instead", async (how, metadata, spec) => {
    const outside = makeOutside();
    const session = await fakeDriver(outside).open(undefined as never, undefined as never);
    const running = Promise.withResolvers<void>();
    const broken = Promise.withResolvers<never>();
    const failure = { reason: "DatabaseUnreachable", message: "broken off", terminal: false } as const;
    const rewind = () => {
      running.resolve();
      return broken.promise;
    };
    const interrupt = () => broken.reject(new TransientError(failure));
    const process = start(outside, { driver: { open: async () => ({ ...session, rewind, interrupt }) } });
    const reconciled = reconcile(process);
    await running.promise;
    const { object } = outside;
    if (object === undefined) throw new Error("gone too early");
    const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    outside.object = {
      ...{ ...object, spec: makeSpecInput(spec) },
      metadata: { ...object.metadata, ...metadata, resourceVersion },
    };
    process.controller.interrupt(key);
    await reconciled;
    if (how === "deleted") expect(outside.object).toBeUndefined();
    else expect(statusOf(outside)).toMatchObject({ phase: "Aborted", reason: "Aborted" });
    expect(outside.world).toMatchObject({ holders: [], snapshotId: 57, claimedByUs: false });
    expect(outside.crash.writes.filter((what) => what === "claim")).toHaveLength(2);
  });

  it("that is made anew under its name at once is looked at from the beginning, as another one", async () => {
    const outside = makeOutside(paused);
    let object: RewindObject | undefined = makeObject({ deletionTimestamp, finalizers: [finalizer] });
    const anew = makeObject({ uid: "00000000-0000-4000-8000-000000000002" });
    Object.defineProperty(outside, "object", {
      get: () => object,
      set: (next: RewindObject | undefined) => {
        object = next ?? anew;
      },
    });
    expect(await reconcile(start(outside))).toEqual({ requeueAfterMs: 0 });
    expect(outside.crash.writes.at(-1)).toBe("removeFinalizer");
    expect(object).toEqual(anew);
  });

  it("that is gone already is nothing", async () => {
    const outside = makeOutside();
    outside.object = undefined;
    expect(await reconcile(start(outside))).toEqual({});
  });
});

describe("an object that waits", () => {
  it("for approval is planned, approved by the shown hash, and goes to its end", async () => {
    const outside = makeOutside();
    const spec = (planHash?: string) => makeSpecInput({ approval: { mode: "Manual", ...(planHash && { planHash }) } });
    outside.object = { ...makeObject(), spec: spec() };
    const process = start(outside);
    expect(await reconcile(process)).toEqual({ requeueAfterMs: 30_000 });
    expect(outside.crash.writes).toEqual(["status", "status"]);
    const hash = statusOf(outside).plan?.hash;
    outside.object = { ...outside.object, spec: spec(hash) };
    expect(await reconcile(process)).toEqual({});
    expect(statusOf(outside)).toMatchObject({ phase: "Succeeded", plan: { hash, database: "timetravel_demo" } });
    const phases = ["Planning", "AwaitingApproval", "Pausing", "Rewinding", "Repairing", "Replaying", "Succeeded"];
    expect(process.events.map(({ reason }) => reason)).toEqual(phases);
  });

  it("for approval has as much peace after a plan that took its time", async () => {
    const outside = makeOutside();
    outside.object = { ...makeObject(), spec: makeSpecInput({ approval: { mode: "Manual" } }) };
    const fake = await fakeDriver(outside).open(undefined as never, undefined as never);
    let now = "2026-11-22T12:00:10Z";
    let plans = 0;
    const plan = (...given: Parameters<typeof fake.plan>) => {
      plans += 1;
      now = "2026-11-22T12:00:39Z";
      return fake.plan(...given);
    };
    const process = start(outside, { driver: { open: async () => ({ ...fake, plan }) }, clock: () => now });
    await reconcile(process);
    // Woken by its own status write.
    now = "2026-11-22T12:00:41Z";
    await reconcile(process);
    expect(plans).toBe(1);
  });

  it("behind another one is woken when that one has freed the table", async () => {
    const outside = makeOutside();
    const fake = await fakeDriver(outside).open(undefined as never, undefined as never);
    const elsewhere = { uid: "other", namespace: "default", name: "other", cluster: "another", gone: false };
    const locked = async (): Promise<ObservedWorld> => {
      const world = observeModel(makeWorld());
      return { ...world, tables: world.tables.map((table) => ({ ...table, claimedBy: elsewhere })) };
    };
    const sessions = [{ ...fake, observe: locked }, fake];
    const woken: string[] = [];
    const driver: RewindDriver = { open: async () => sessions.shift() ?? fake };
    const process = start(outside, { driver, wake: (next) => woken.push(next) });
    outside.object = makeObject({ creationTimestamp: "2026-11-22T12:00:01Z" });
    await reconcile(process);
    expect(statusOf(outside).phase).toBe("Queued");
    outside.object = makeObject({ name: "older", uid: "older" });
    await process.controller.reconcile("default/older", new AbortController().signal);
    expect(statusOf(outside).phase).toBe("Succeeded");
    expect(woken).toEqual([key]);
  });

  it("and cannot be worked on keeps nobody waiting", async () => {
    const outside = makeOutside();
    const fake = await fakeDriver(outside).open(undefined as never, undefined as never);
    const elsewhere = { uid: "other", namespace: "default", name: "other", cluster: "another", gone: false };
    const world = observeModel(makeWorld());
    const locked = { ...world, tables: world.tables.map((table) => ({ ...table, claimedBy: elsewhere })) };
    const sessions = [{ ...fake, observe: async () => locked }];
    const refused = new ApiError({ ...{ verb: "PATCH", path: "/" }, status: 422, reason: "Invalid", message: "no" });
    const writer = fakeStatusWriter(outside);
    const status: StatusWriter<RewindObject> = {
      ...writer,
      write: (object, ...rest) =>
        object.metadata.name === "older" ? Promise.reject(refused) : writer.write(object, ...rest),
    };
    const process = start(outside, { status, driver: { open: async () => sessions.shift() ?? fake } });
    outside.object = makeObject({ name: "older", uid: "older" });
    await expect(process.controller.reconcile("default/older", new AbortController().signal)).rejects.toBe(refused);
    outside.object = makeObject({ creationTimestamp: "2026-11-22T12:00:01Z" });
    await reconcile(process);
    expect(statusOf(outside).phase).toBe("Succeeded");
  });

  it("for its ttl is deleted then", async () => {
    const outside = makeOutside();
    const status = { observedGeneration: 1, phase: "Succeeded", completionTime: "2026-11-22T12:00:00Z" };
    outside.object = { ...makeObject(), spec: makeSpecInput({ ttlSecondsAfterFinished: 11 }), status };
    expect(await reconcile(start(outside))).toEqual({ requeueAfterMs: 1_000 });
    expect(await reconcile(start(outside, { now: "2026-11-22T12:00:11Z" }))).toEqual({});
    expect(outside.object).toBeUndefined();
  });
});

describe("an action that fails", () => {
  it("for now is tried again after a while", async () => {
    const outside = makeOutside();
    const failure = { reason: "LakeUnreachable", message: "no answer", terminal: false } as const;
    const driver = withMethod(outside, "rewind", () => Promise.reject(new TransientError(failure)));
    const process = start(outside, { driver });
    expect(await reconcile(process)).toEqual({ requeueAfterMs: 1_000 });
    expect(statusOf(outside)).toMatchObject({
      ...{ phase: "Rewinding", reason: "LakeUnreachable", retry: { step: "Rewind", count: 1 } },
    });
    expect(process.events.at(-1)).toMatchObject({ type: "Warning", reason: "LakeUnreachable" });
    // Woken too early, e.g. by its own status write: nothing happens.
    outside.crash = new CrashPoint();
    await reconcile(start(outside));
    expect(outside.crash.writes.filter((what) => what !== "claim")).toEqual([]);
    await reconcile(start(outside, { now: "2026-11-22T12:00:12Z" }));
    expect(statusOf(outside)).toMatchObject({ phase: "Succeeded" });
    expect(statusOf(outside).retry).toBeUndefined();
  });

  it("for good before the point of no return undoes everything", async () => {
    const outside = makeOutside();
    const failure = {
      reason: "AssertionFailed",
      message: "no-corrupted is false",
      terminal: true,
      code: "TR011",
    } as const;
    const driver = withMethod(outside, "rewind", () => Promise.reject(new TerminalError(failure)));
    await reconcile(start(outside, { driver }));
    expect(statusOf(outside)).toMatchObject({ phase: "Failed", reason: "AssertionFailed" });
    expect(outside.world).toMatchObject({ holders: [], snapshotId: 57, claimedByUs: false });
  });

  it("in an unforeseen way is retried as well", async () => {
    const outside = makeOutside();
    const driver = withMethod(outside, "pause", () => Promise.reject(new TypeError("a bug")));
    expect(await reconcile(start(outside, { driver }))).toEqual({ requeueAfterMs: 1_000 });
    expect(statusOf(outside)).toMatchObject({ reason: "TransientError", message: expect.stringContaining("a bug") });
  });

  it("because the claim was taken over is claimed anew", async () => {
    const outside = makeOutside();
    let calls = 0;
    const session = await fakeDriver(outside).open(undefined as never, undefined as never);
    const driver = withMethod(outside, "pause", (token) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new FencedError("TR015", "somebody else")) : session.pause(token as string);
    });
    await reconcile(start(outside, { driver }));
    expect(outside.crash.writes.filter((what) => what === "claim")).toHaveLength(2);
    expect(statusOf(outside).phase).toBe("Succeeded");
  });

  it("at the API server is left to the queue", async () => {
    const outside = makeOutside();
    const process = start(outside);
    outside.crash = {
      writes: [],
      around: () =>
        Promise.reject(new ApiError({ ...{ verb: "PATCH", path: "/" }, status: 500, reason: "x", message: "y" })),
    } as unknown as CrashPoint;
    await expect(reconcile(process)).rejects.toBeInstanceOf(ApiError);
  });
});
