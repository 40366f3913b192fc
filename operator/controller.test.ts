/** The loop with everything around it faked: what is written in which order, and a crash at each of the writes. */
import { describe, expect, it } from "vitest";
import { Crash, CrashPoint, type FakeOutside, fakeStatusWriter, type Moment } from "../test/support/fake-trickle.ts";
import { modelHold } from "../test/support/model-world.ts";
import type { RewindObject } from "./gather.ts";
import { ApiError } from "./kube/errors.ts";
import type { StatusWriter } from "./kube/types.ts";
import { makeOutside, reconcile, start, statusOf } from "./testing/controller-stage.ts";

describe("a rewind that goes well", () => {
  it("is finished in one go, writing in this order", async () => {
    const outside = makeOutside();
    const process = start(outside);
    expect(await reconcile(process)).toEqual({});
    expect(outside.crash.writes).toEqual([
      ...["addFinalizer", "status", "claim", "pause"],
      ...["status", "status", "rewind", "status", "repair", "status", "replay", "release"],
      ...["status", "removeFinalizer"],
    ]);
    expect(process.events.map(({ reason }) => reason)).toEqual([
      ...["Planning", "Pausing", "Rewinding", "Repairing", "Replaying", "Succeeded"],
    ]);
    expect(statusOf(outside).phase).toBe("Succeeded");
    expect(outside.object?.metadata.finalizers).toEqual([]);
  });

  it("does nothing any more when it is looked at again", async () => {
    const outside = makeOutside();
    await reconcile(start(outside));
    outside.crash = new CrashPoint();
    expect(await reconcile(start(outside))).toEqual({});
    expect(outside.crash.writes).toEqual([]);
  });
});

describe("a crash", () => {
  const reference = makeOutside();

  async function crashAt(index: number, moment: Moment): Promise<FakeOutside> {
    const outside = makeOutside();
    outside.crash = new CrashPoint(index, moment);
    await expect(reconcile(start(outside))).rejects.toBeInstanceOf(Crash);
    outside.crash = new CrashPoint();
    await reconcile(start(outside));
    return outside;
  }

  it("before or after any write changes nothing of the end", async () => {
    await reconcile(start(reference));
    for (const [index, what] of reference.crash.writes.entries()) {
      for (const moment of ["before", "after"] as const) {
        const outside = await crashAt(index, moment);
        const where = `${moment} write ${index} (${what})`;
        expect(statusOf(outside).phase, where).toBe("Succeeded");
        expect(outside.world.repairCommits, where).toBe(1);
        expect(outside.world.holders, where).toEqual([]);
        expect(outside.object?.metadata.finalizers, where).toEqual([]);
      }
    }
  });
});

describe("a status write beside an action", () => {
  /** The status writer, each write of which waits for what the test says about it. */
  function withWrites(outside: FakeOutside, before: (index: number) => Promise<void>): StatusWriter<RewindObject> {
    const writer = fakeStatusWriter(outside);
    let index = 0;
    return {
      ...writer,
      write: async (...given) => {
        index += 1;
        await before(index);
        return writer.write(...given);
      },
    };
  }

  it("holds up no pause, and nothing else is decided before it", async () => {
    const outside = makeOutside();
    const answer = Promise.withResolvers<void>();
    const status = withWrites(outside, (index) => (index === 1 ? answer.promise : Promise.resolve()));
    const reconciled = reconcile(start(outside, { status }));
    await expect.poll(() => outside.world.holders).toEqual([modelHold]);
    expect(statusOf(outside)).toEqual({});
    answer.resolve();
    expect(await reconciled).toEqual({});
    expect(outside.crash.writes.slice(0, 5)).toEqual(["addFinalizer", "claim", "pause", "status", "status"]);
    expect(statusOf(outside).phase).toBe("Succeeded");
  });

  it("that fails is the queue's to repeat, and the action is not done twice", async () => {
    const repairing = 4;
    const outside = makeOutside();
    const lost = new ApiError({ ...{ verb: "PATCH", path: "/" }, status: 500, reason: "x", message: "y" });
    const status = withWrites(outside, (index) => (index === repairing ? Promise.reject(lost) : Promise.resolve()));
    await expect(reconcile(start(outside, { status }))).rejects.toBe(lost);
    expect(outside.crash.writes.at(-1)).toBe("repair");
    await reconcile(start(outside));
    expect(statusOf(outside).phase).toBe("Succeeded");
    expect(outside.world.repairCommits).toBe(1);
  });
});
