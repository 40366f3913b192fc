/** What the list beside the watch finds. */
import { describe, expect, test } from "vitest";
import { apiError } from "../../test/support/fake-list-watch.ts";
import {
  changes,
  clock,
  GRACE_MS,
  names,
  RELIST_MS,
  reflector,
  restarts,
  server,
  serverNames,
  started,
  stream,
} from "./testing/reflector-stage.ts";

describe("the list beside the watch", () => {
  /** The watch lives by bookmarks. */
  async function pass(durationMs: number): Promise<void> {
    for (let left = durationMs; left > 0; left -= 60_000) {
      server.bookmark();
      await clock.advance(Math.min(left, 60_000));
    }
  }

  test("finds nothing when the watch is whole, and doesn't disturb it", async () => {
    await started();
    server.set("b");
    await pass(RELIST_MS + GRACE_MS + 1_000);
    expect([server.listCount, reflector.missCount(), restarts]).toEqual([2, 0, []]);
  });

  test("finds what the watch lost, repairs it, and takes a new watch from there", async () => {
    await started();
    server.isDeaf = true;
    server.set("lost");
    server.delete("a");
    server.isDeaf = false;
    server.set("b");
    await clock.settle();
    expect(names()).toEqual(["a@11", "b@14"]);
    await pass(RELIST_MS + GRACE_MS + 1_000);
    expect([names(), reflector.missCount(), restarts]).toEqual([serverNames(), 2, ["missed"]]);
    expect(changes.slice(-2).toSorted()).toEqual(["default/a", "default/lost"]);
  });

  test("that fails is tried again a period later", async () => {
    await started();
    server.listErrors.push(apiError(503));
    await pass(2 * RELIST_MS + 2 * GRACE_MS + 1_000);
    expect([server.listCount, restarts]).toEqual([3, []]);
  });

  test("goes on over several watches: the period counts from the last list", async () => {
    await started();
    for (let watch = 0; watch < 3; watch += 1) {
      await pass(RELIST_MS / 3);
      stream().end();
      await clock.settle();
    }
    await pass(GRACE_MS + 1_000);
    expect(server.listCount).toBe(2);
  });
});
