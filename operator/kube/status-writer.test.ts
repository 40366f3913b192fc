import { beforeEach, describe, expect, test } from "vitest";
import { makeWidget, type Widget } from "../../test/support/make-object.ts";
import { silentStatus } from "../../test/support/silent.ts";
import { ConflictError, TransportError } from "./errors.ts";
import { createStatusWriter } from "./status-writer.ts";
import type { ResourceClient, StatusWriter } from "./types.ts";

/** The one object on the server; patches are compared and set as there. */
let live: Widget;
let patches: object[];
let loseAnswers: number;
let writer: StatusWriter<Widget>;

function move(change: (before: Widget) => Partial<Widget>): void {
  const resourceVersion = String(Number(live.metadata.resourceVersion) + 1);
  const next = { ...live, ...change(live) };
  live = { ...next, metadata: { ...next.metadata, resourceVersion } };
}

const client: Pick<ResourceClient<Widget>, "get" | "patchStatus"> = {
  get: async () => live,
  patchStatus: async (observed, status) => {
    patches.push(status);
    if (observed.metadata.resourceVersion !== live.metadata.resourceVersion) throw new ConflictError("moved");
    move((before) => ({ status: { ...before.status, ...status } }));
    if (loseAnswers > 0) {
      loseAnswers -= 1;
      throw new TransportError("reset", { sent: true });
    }
    return live;
  },
};

beforeEach(() => {
  live = makeWidget({ resourceVersion: "10" }, { status: { phase: "Pending" } });
  patches = [];
  loseAnswers = 0;
  writer = createStatusWriter<Widget>({ client: client as ResourceClient<Widget>, measurements: silentStatus });
});

describe("write", () => {
  test("sends only what differs, and returns the object as it is now", async () => {
    const written = await writer.write(live, { phase: "Pending", steps: ["Pause"] });
    expect(patches).toEqual([{ steps: ["Pause"] }]);
    expect(written).toEqual(live);
  });

  test("of an equal status is no call", async () => {
    const observed = live;
    expect(await writer.write(observed, { phase: "Pending" })).toBe(observed);
    expect(patches).toEqual([]);
  });

  test("goes on by itself when only metadata moved", async () => {
    const observed = live;
    move((before) => ({ metadata: { ...before.metadata, labels: { a: "b" } } }));
    await writer.write(observed, { phase: "Pausing" });
    expect([live.status, patches.length]).toEqual([{ phase: "Pausing" }, 2]);
  });

  test.each<[string, (before: Widget) => Partial<Widget>]>([
    ["the spec", (before) => ({ metadata: { ...before.metadata, generation: 2 }, spec: { size: 2 } })],
    ["the status", () => ({ status: { phase: "Failed" } })],
    ["a deletion", (before) => ({ metadata: { ...before.metadata, deletionTimestamp: "2026-11-22T12:00:00Z" } })],
    ["another object of the same name", (before) => ({ metadata: { ...before.metadata, uid: "new" } })],
  ])("is a conflict when %s came in between", async (_case, change) => {
    const observed = live;
    move(change);
    await expect(writer.write(observed, { phase: "Pausing" })).rejects.toBeInstanceOf(ConflictError);
    expect(patches).toHaveLength(1);
  });

  test("whose answer got lost is found done by the next pass", async () => {
    const observed = live;
    loseAnswers = 1;
    await expect(writer.write(observed, { phase: "Pausing" })).rejects.toBeInstanceOf(TransportError);
    // the next pass decides the same from its cache, which is still the old one
    expect(await writer.write(observed, { phase: "Pausing" })).toBe(live);
    expect([live.metadata.resourceVersion, patches.length]).toEqual(["11", 2]);
  });

  test("gives up when the metadata moves each time", async () => {
    const observed = live;
    const moving: ResourceClient<Widget> = {
      ...(client as ResourceClient<Widget>),
      patchStatus: (base, status) => {
        move((before) => ({ metadata: before.metadata }));
        return client.patchStatus(base, status);
      },
    };
    const restless = createStatusWriter<Widget>({ client: moving, measurements: silentStatus });
    await expect(restless.write(observed, { phase: "Pausing" })).rejects.toBeInstanceOf(ConflictError);
    expect(patches).toHaveLength(4);
  });
});
