/** What is read of the outside, where the outside is not as it should be. */
import { describe, expect, it } from "vitest";
import { CrashPoint, type FakeOutside, fakeDriver } from "../test/support/fake-trickle.ts";
import { makeSpecInput } from "../test/support/make-observed.ts";
import { makeWorld, observeModel } from "../test/support/model-world.ts";
import { finalizer, kind } from "./api/stream-table-rewind.ts";
import type { World } from "./core/observed.ts";
import { gather, type RewindObject, type Sources } from "./gather.ts";
import { ApiError } from "./kube/errors.ts";
import type { Secret } from "./kube/types.ts";

function makeObject(name: string, overrides: Partial<RewindObject> = {}): RewindObject {
  return {
    kind,
    metadata: { name, namespace: "default", uid: name, resourceVersion: "1", generation: 1 },
    spec: makeSpecInput(),
    ...overrides,
  };
}

const apiError = (status: number, reason: string) =>
  new ApiError({ verb: "GET", path: "/fake", status, reason, message: `made up: ${reason}` });

const secret: Secret = {
  ...{ namespace: "default", name: "db", uid: "s", resourceVersion: "1" },
  data: { uri: "postgres://u@h/d" },
};

interface Outside {
  readonly owner?: RewindObject;
  readonly getSecret?: () => Promise<Secret>;
}

/** The table's lock belongs to the rewind `other`. */
function observe({ owner, getSecret = async () => secret }: Outside): Promise<World> {
  const outside: FakeOutside = { world: makeWorld(), object: undefined, crash: new CrashPoint() };
  const claimedBy = { uid: "other", namespace: "default", name: "other", cluster: "cluster", gone: false };
  const sources: Sources = {
    objects: { get: async () => owner ?? Promise.reject(apiError(404, "NotFound")) },
    secrets: { getSecret },
    driver: {
      open: async (...given) => {
        const session = await fakeDriver(outside).open(...given);
        const world = observeModel(outside.world);
        return {
          ...session,
          observe: async () => ({ ...world, tables: [{ ...world.tables[0], claimedBy } as never] }),
        };
      },
    },
    clusterId: async () => "cluster",
    now: () => new Date("2026-11-22T12:00:10Z"),
    random: () => 0.5,
  };
  return gather(sources, makeObject("incident"), { signal: new AbortController().signal }).then(({ world }) => world);
}

describe("the owner of a claim", () => {
  const isGone = async (owner?: RewindObject) => {
    const world = await observe(owner === undefined ? {} : { owner });
    return world.kind === "observed" && world.tables[0]?.claimedBy?.gone;
  };
  const ended = { phase: "Aborted" };
  const { metadata } = makeObject("other");

  it("is gone with its object, or when another object has its name", async () => {
    expect(await isGone()).toBe(true);
    expect(await isGone(makeObject("other", { metadata: { ...metadata, uid: "newer" } }))).toBe(true);
  });

  it("is there while its object is at work or still holds something", async () => {
    expect(await isGone(makeObject("other", { status: { phase: "Rewinding" } }))).toBe(false);
    const holding = { ...metadata, finalizers: [finalizer] };
    expect(await isGone(makeObject("other", { metadata: holding, status: ended }))).toBe(false);
  });

  it("has ended when its object has: a claim that came too late, of which nobody knows any more", async () => {
    expect(await isGone(makeObject("other", { status: ended }))).toBe(true);
  });
});

describe("a Secret that may not be read", () => {
  it("is a failure that can be shown, and may pass", async () => {
    const getSecret = () => Promise.reject(apiError(403, "Forbidden"));
    expect(await observe({ getSecret })).toMatchObject({
      kind: "unreachable",
      failure: {
        reason: "PermissionDenied",
        terminal: false,
        message: expect.stringMatching(/Secret default\/.*Forbidden/),
      },
    });
  });
});
