import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { type FakeAnswer, FakeTransport } from "../../test/support/fake-transport.ts";
import { makeWidget, type Widget } from "../../test/support/make-object.ts";
import { createKubeClient } from "./client.ts";
import { CallTimeoutError, ConflictError, isNotFound, TransportError } from "./errors.ts";
import type { CallMeasurement, KubeClient, ResourceClient } from "./types.ts";

const WIDGETS = { group: "test.pgtrickle.dev", version: "v1", plural: "widgets", kind: "Widget" };
const COLLECTION = "/apis/test.pgtrickle.dev/v1/namespaces/default/widgets";

let clock: FakeClock;
let measured: CallMeasurement[];

beforeEach(() => {
  clock = new FakeClock();
  measured = [];
});

function clientOf(...answers: FakeAnswer[]): {
  client: KubeClient;
  widgets: ResourceClient<Widget>;
  transport: FakeTransport;
} {
  const transport = new FakeTransport(...answers);
  const client = createKubeClient({ transport, clock, random: () => 0.5, measure: (one) => measured.push(one) });
  return { client, widgets: client.resource<Widget>(WIDGETS), transport };
}

/** Runs the clock until the call ended. */
async function finished<T>(call: Promise<T>): Promise<T> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  call.then(done, done);
  while (!isDone) await clock.advance(100);
  return call;
}

describe("reads", () => {
  test("are repeated after failures that pass, and each attempt is measured", async () => {
    const { widgets, transport } = clientOf(
      { status: 503 },
      new TransportError("reset", { sent: true }),
      new CallTimeoutError("slow"),
      { status: 200, body: makeWidget() },
    );
    expect(await finished(widgets.get("default", "one"))).toEqual(makeWidget());
    expect(transport.requests.map(({ path }) => path)).toEqual(Array(4).fill(`${COLLECTION}/one`));
    expect(measured.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`)).toEqual([
      "GET widgets 503",
      "GET widgets transport",
      "GET widgets timeout",
      "GET widgets 200",
    ]);
  });

  test("wait as long as Retry-After says", async () => {
    const { widgets, transport } = clientOf(
      { status: 429, headers: { "retry-after": "3" } },
      { status: 200, body: makeWidget() },
    );
    const call = widgets.get("default", "one");
    await clock.advance(3_000);
    expect(transport.requests).toHaveLength(1);
    await finished(call);
    expect(transport.requests).toHaveLength(2);
  });

  test("of what isn't there fail at once, recognisably", async () => {
    const { widgets } = clientOf({ status: 404, body: { reason: "NotFound" } });
    expect(isNotFound(await widgets.get("default", "one").catch((error: unknown) => error))).toBe(true);
  });

  test("whose answer is cut are repeated", async () => {
    const { widgets } = clientOf({ status: 200, body: '{"metadata":' }, { status: 200, body: makeWidget() });
    await expect(finished(widgets.get("default", "one"))).resolves.toEqual(makeWidget());
  });

  test("end between two attempts when the caller gives up", async () => {
    const { widgets, transport } = clientOf({ status: 503, headers: { "retry-after": "9" } });
    const giveUp = new AbortController();
    const call = widgets.get("default", "one", { signal: giveUp.signal });
    await clock.advance(1_000);
    giveUp.abort();
    await expect(call).rejects.toMatchObject({ status: 503 });
    expect([transport.requests.length, clock.timerCount]).toEqual([1, 0]);
  });
});

describe("lists", () => {
  const page = (name: string, token?: string): FakeAnswer => ({
    status: 200,
    body: { metadata: { resourceVersion: "9", continue: token }, items: [makeWidget({ name })] },
  });

  test("go on to the last page", async () => {
    const { widgets, transport } = clientOf(page("a", "t 1"), page("b"));
    expect((await widgets.list("default")).map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
    expect(transport.requests.map(({ path }) => path)).toEqual([
      `${COLLECTION}?limit=500`,
      `${COLLECTION}?limit=500&continue=t%201`,
    ]);
  });

  test("whose token expired between two pages are made again in one piece", async () => {
    const { widgets, transport } = clientOf(page("a", "t"), { status: 410 }, page("whole"));
    expect((await widgets.list()).map(({ metadata }) => metadata.name)).toEqual(["whole"]);
    expect(transport.requests.at(-1)?.path).toBe("/apis/test.pgtrickle.dev/v1/widgets");
  });
});

describe("writes", () => {
  const observed = makeWidget({ resourceVersion: "41", finalizers: ["other/keep"] });

  test("are merge patches of the version that was observed", async () => {
    const { widgets, transport } = clientOf({ status: 200, body: observed });
    await widgets.patchStatus(observed, { phase: "Pausing" });
    expect(transport.requests[0]).toMatchObject({
      verb: "PATCH",
      path: `${COLLECTION}/one/status`,
      contentType: "application/merge-patch+json",
      body: { metadata: { resourceVersion: "41" }, status: { phase: "Pausing" } },
    });
  });

  test("of an object that moved are conflicts", async () => {
    const { widgets } = clientOf({ status: 409, body: { reason: "Conflict" } });
    await expect(widgets.patch(observed, { spec: { size: 2 } })).rejects.toBeInstanceOf(ConflictError);
  });

  test("whose answer got lost are not sent again", async () => {
    const { widgets, transport } = clientOf(new TransportError("reset", { sent: true }));
    await expect(widgets.patch(observed, { spec: { size: 2 } })).rejects.toBeInstanceOf(TransportError);
    expect(transport.requests).toHaveLength(1);
  });

  test("that never left are", async () => {
    const { widgets } = clientOf(new TransportError("refused", { sent: false }), { status: 200, body: observed });
    await expect(finished(widgets.patch(observed, { spec: { size: 2 } }))).resolves.toEqual(observed);
  });
});

describe("finalizers", () => {
  const plain = makeWidget({ finalizers: ["other/keep"] });
  const ours = makeWidget({ finalizers: ["other/keep", "pgtrickle.dev/rewind"] });
  const FINALIZER = "pgtrickle.dev/rewind";

  test("are added beside those of others", async () => {
    const { widgets, transport } = clientOf({ status: 200, body: ours });
    expect(await widgets.addFinalizer(plain, FINALIZER)).toEqual(ours);
    expect(transport.requests[0]?.body).toEqual({
      metadata: { resourceVersion: "1", finalizers: ["other/keep", FINALIZER] },
    });
  });

  test("are removed alone", async () => {
    const { widgets, transport } = clientOf({ status: 200, body: plain });
    expect(await widgets.removeFinalizer(ours, FINALIZER)).toEqual(plain);
    expect(transport.requests[0]?.body).toMatchObject({ metadata: { finalizers: ["other/keep"] } });
  });

  test("that are as wanted cost no call", async () => {
    const { widgets, transport } = clientOf();
    expect(await widgets.addFinalizer(ours, FINALIZER)).toBe(ours);
    expect(await widgets.removeFinalizer(plain, FINALIZER)).toBe(plain);
    expect(transport.requests).toEqual([]);
  });

  test("of an object that is gone by now need no removal", async () => {
    const { widgets } = clientOf({ status: 404 });
    expect(await widgets.removeFinalizer(ours, FINALIZER)).toBeUndefined();
  });
});

describe("deletion", () => {
  test("is of this very object", async () => {
    const { widgets, transport } = clientOf({ status: 200 });
    await widgets.delete(makeWidget({ uid: "u1" }));
    expect(transport.requests[0]).toMatchObject({ verb: "DELETE", body: { preconditions: { uid: "u1" } } });
  });

  test.each([404, 409])("answered with %s: it is gone already", async (status) => {
    const { widgets } = clientOf({ status });
    await expect(widgets.delete(makeWidget())).resolves.toBeUndefined();
  });
});

test("a secret comes decoded", async () => {
  const metadata = { name: "db", namespace: "default", uid: "u", resourceVersion: "5" };
  const data = { uri: Buffer.from("postgresql://ü@x/y").toString("base64"), empty: "" };
  const { client, transport } = clientOf({ status: 200, body: { metadata, data } });
  const secret = await client.getSecret("default", "db");
  expect(secret).toEqual({ ...metadata, data: { uri: "postgresql://ü@x/y", empty: "" } });
  expect(transport.requests[0]?.path).toBe("/api/v1/namespaces/default/secrets/db");
});

describe("the cluster's identity", () => {
  const namespace = (uid: string): FakeAnswer => ({ status: 200, body: { metadata: { uid } } });

  test("is kube-system's uid, asked for once", async () => {
    const { client, transport } = clientOf(namespace("k"));
    expect([await client.clusterId(), await client.clusterId()]).toEqual(["k", "k"]);
    expect(transport.requests).toHaveLength(1);
  });

  test("is default's uid where kube-system may not be read", async () => {
    const { client } = clientOf({ status: 403 }, namespace("d"));
    expect(await client.clusterId()).toBe("d");
  });

  test("has to be given where neither may be read", async () => {
    const { client } = clientOf({ status: 403 }, { status: 403 });
    await expect(client.clusterId()).rejects.toThrow("CLUSTER_ID");
  });
});
