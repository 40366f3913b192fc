import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Widget } from "../../test/support/make-object.ts";
import type {} from "../../test/support/provided.ts";
import { connect, KubeApi, widgetDefinition } from "../../test/support/widgets.ts";
import { ConflictError, isInvalid, isNotFound } from "./errors.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { ResourceClient } from "./types.ts";

const { kubeconfig } = inject("kube");
const FINALIZER = "test.pgtrickle.dev/rewind";

let api: KubeApi;
let kubernetes: Kubernetes;
let widgets: ResourceClient<Widget>;
let namespace: string;

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await api.installWidgets();
  namespace = await api.makeNamespace();
  kubernetes = connect(kubeconfig);
  widgets = kubernetes.client.resource<Widget>(widgetDefinition);
});

afterAll(() => {
  kubernetes.close();
  api.close();
});

describe("finalizers", () => {
  test("hold a deleted object until they are removed", async () => {
    const plain = await api.makeWidget(namespace, "held");
    const held = await widgets.addFinalizer(plain, FINALIZER);
    expect(held.metadata.finalizers).toEqual([FINALIZER]);
    await widgets.delete(held);
    const deleted = await widgets.get(namespace, "held");
    expect(deleted.metadata.deletionTimestamp).toBeDefined();
    await widgets.removeFinalizer(deleted, FINALIZER);
    expect(await widgets.get(namespace, "held").catch(isNotFound)).toBe(true);
    // gone already, however one looks at it
    expect(await widgets.removeFinalizer(deleted, FINALIZER)).toBeUndefined();
    await widgets.delete(deleted);
  });

  test("are not written over somebody else's change", async () => {
    const observed = await api.makeWidget(namespace, "moved");
    await widgets.patch(observed, { metadata: { labels: { touched: "yes" } } });
    await expect(widgets.addFinalizer(observed, FINALIZER)).rejects.toBeInstanceOf(ConflictError);
  });
});

describe("status", () => {
  test("is written apart from the spec, changed key by key, and keys go when they go", async () => {
    const made = await api.makeWidget(namespace, "status");
    const writer = kubernetes.statusWriter<Widget>(widgetDefinition);
    const first = await writer.write(made, { phase: "Pausing", steps: ["Pause"] });
    expect(first).toMatchObject({ spec: { size: 1 }, status: { phase: "Pausing", steps: ["Pause"] } });
    const second = await writer.write(first, { phase: "Succeeded" });
    expect(second.status).toEqual({ phase: "Succeeded" });
    expect(second.metadata.generation).toBe(made.metadata.generation);
    expect(await writer.write(second, { phase: "Succeeded" })).toBe(second);
  });

  test("goes on over a foreign label, and stops at a foreign spec", async () => {
    const observed = await api.makeWidget(namespace, "contended");
    const writer = kubernetes.statusWriter<Widget>(widgetDefinition);
    const labelled = await widgets.patch(observed, { metadata: { labels: { by: "somebody" } } });
    const written = await writer.write(observed, { phase: "Pausing" });
    expect([written.metadata.labels, written.status]).toEqual([{ by: "somebody" }, { phase: "Pausing" }]);
    await widgets.patch(written, { spec: { size: 7 } });
    await expect(writer.write(written, { phase: "Rewinding" })).rejects.toBeInstanceOf(ConflictError);
    await expect(writer.write(labelled, { phase: "Rewinding" })).rejects.toBeInstanceOf(ConflictError);
  });
});

test("what the schema refuses is recognised", async () => {
  const observed = await api.makeWidget(namespace, "invalid");
  expect(await widgets.patch(observed, { spec: { size: -1 } }).catch(isInvalid)).toBe(true);
});

test("deletion is of the object that was seen, not of a newer one of the same name", async () => {
  const old = await api.makeWidget(namespace, "again");
  await widgets.delete(old);
  const made = await api.makeWidget(namespace, "again");
  await widgets.delete(old);
  expect((await widgets.get(namespace, "again")).metadata.uid).toBe(made.metadata.uid);
});

test("a list goes over its pages", async () => {
  const many = await api.makeNamespace();
  await Promise.all(Array.from({ length: 30 }, (_, index) => api.makeWidget(many, `w${index}`)));
  expect(await widgets.list(many)).toHaveLength(30);
  expect((await widgets.list()).length).toBeGreaterThanOrEqual(30);
});

test("a secret comes decoded, and a missing one is not found", async () => {
  const body = { metadata: { name: "db" }, stringData: { uri: "postgresql://ü:p@host/db" } };
  await api.post(`/api/v1/namespaces/${namespace}/secrets`, body);
  const secret = await kubernetes.client.getSecret(namespace, "db");
  expect(secret.data).toEqual({ uri: "postgresql://ü:p@host/db" });
  expect(await kubernetes.client.getSecret(namespace, "none").catch(isNotFound)).toBe(true);
});

test("the cluster's identity is the uid of a namespace that is always there", async () => {
  const id = await kubernetes.client.clusterId();
  const uids = await Promise.all(
    ["kube-system", "default"].map((name) =>
      api.get(`/api/v1/namespaces/${name}`).then(
        ({ metadata }) => (metadata as { uid: string }).uid,
        () => undefined,
      ),
    ),
  );
  expect(uids.find((uid) => uid !== undefined)).toBe(id);
});

test("events are accepted, and what happens again is counted", async () => {
  const regarding = await api.makeWidget(namespace, "talked-about");
  const recorder = kubernetes.eventRecorder(widgetDefinition, "operator-0");
  const input = { type: "Normal", reason: "Paused", action: "Pause", note: "1 table is held" } as const;
  for (let time = 0; time < 3; time += 1) {
    recorder.record(regarding, input);
    await recorder.flush();
  }
  const { items } = await api.get(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  expect(items).toEqual([
    expect.objectContaining({
      ...input,
      reportingController: "pgtrickle.dev/streamtable-rewind",
      series: expect.objectContaining({ count: 3 }),
      regarding: expect.objectContaining({ kind: "Widget", name: "talked-about", uid: regarding.metadata.uid }),
    }),
  ]);
});
