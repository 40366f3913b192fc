/** What is missing and what only seems to be; operator/missing.kube.test.ts has the real API server say it. */
import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { Calls } from "./calls.ts";
import { createPrerequisites, type Prerequisites } from "./prerequisites.ts";
import { streamTableRewinds } from "./resources.ts";
import type { RawRequest, Transport } from "./transport.ts";

/** What the API server answers now. */
let listStatus: number;
let reviewStatus: number;
let denied: Set<string>;
let looks: number;
let logged: string[];
let clock: FakeClock;
let prerequisites: Prerequisites;

function answer({ path, body }: RawRequest & { readonly body?: unknown }) {
  if (!path.includes("selfsubjectaccessreviews")) {
    looks += 1;
    return { status: listStatus, body: {} };
  }
  const { spec } = (typeof body === "string" ? JSON.parse(body) : body) as {
    readonly spec: { readonly resourceAttributes: { readonly resource: string } };
  };
  return { status: reviewStatus, body: { status: { allowed: !denied.has(spec.resourceAttributes.resource) } } };
}

const transport: Pick<Transport, "call"> = {
  call: async (request) => {
    const { status, body } = answer(request);
    return { status, headers: {}, body: JSON.stringify(body) };
  },
};

beforeEach(() => {
  listStatus = 200;
  reviewStatus = 201;
  denied = new Set();
  looks = 0;
  logged = [];
  clock = new FakeClock();
  const calls = new Calls({ transport: transport as Transport, clock, random: () => 0.5 });
  prerequisites = createPrerequisites(calls, {
    ...{ definition: streamTableRewinds, namespaces: ["shop"], periodMs: 30_000 },
    rights: [
      {
        verb: "patch",
        group: "pgtrickle.dev",
        resource: "streamtablerewinds",
        subresource: "status",
        namespace: "shop",
      },
      { verb: "get", group: "", resource: "secrets", namespace: "shop", isOptional: true },
    ],
    logger: {
      info: (_, message) => logged.push(`info: ${message}`),
      error: (_, message) => logged.push(`error: ${message}`),
    },
  });
});

/** Looks for some minutes, while `during` changes what there is; ends without a timer. */
async function watched(during: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const watching = prerequisites.watch(stop.signal);
  await clock.settle();
  await during();
  stop.abort();
  await watching;
  expect(clock.timerCount).toBe(0);
}

const minute = () => clock.advance(60_000);

describe("what is missing", () => {
  test.each<[string, () => void, RegExp]>([
    [
      "the kind",
      () => (listStatus = 404),
      /^the API server does not serve .*\. Apply crds\/pgtrickle\.dev_streamtablerewinds\.yaml/,
    ],
    [
      "the right to list it",
      () => (listStatus = 403),
      /may not list streamtablerewinds of pgtrickle\.dev in namespace shop\. Give/,
    ],
    ["the account", () => (listStatus = 401), /does not accept the operator's credentials \(401\)\. Recreate the pod/],
    [
      "a right",
      () => denied.add("streamtablerewinds"),
      /may not patch streamtablerewinds\/status of pgtrickle\.dev in namespace shop/,
    ],
    ["an optional right that was there", () => denied.add("secrets"), /may not get secrets in namespace shop\. Give/],
  ])("%s is told once, and once more when it is back", async (_case, lose, says) => {
    await watched(async () => {
      await minute();
      expect(prerequisites.problems()).toEqual([]);
      lose();
      for (let passed = 0; passed < 5; passed += 1) await minute();
      expect(prerequisites.problems()).toEqual([expect.stringMatching(says)]);
      listStatus = 200;
      denied.clear();
      await minute();
      expect(prerequisites.problems()).toEqual([]);
    });
    expect(looks).toBeGreaterThan(20);
    expect(logged).toEqual([
      "error: the operator lacks what it needs",
      "info: what the operator lacked is there again",
    ]);
  });
});

describe("nothing is missing", () => {
  test("because of a right that roles of one's own never gave", async () => {
    denied.add("secrets");
    await watched(async () => {
      await minute();
      await minute();
    });
    expect(prerequisites.problems()).toEqual([]);
  });

  test("because it was refused once, as by an API server that has just started", async () => {
    await watched(async () => {
      denied.add("streamtablerewinds");
      await clock.advance(30_000);
      denied.clear();
      await minute();
    });
    expect([prerequisites.problems(), logged]).toEqual([[], []]);
  });

  test("because the API server cannot be asked, or does not say", async () => {
    listStatus = 503;
    reviewStatus = 403;
    denied.add("streamtablerewinds");
    await watched(minute);
    expect([prerequisites.problems(), logged]).toEqual([[], []]);
  });
});
