/** The generated rules in a real API server: of a schema of the tests, and of every leaf of the real spec. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { z } from "zod";
import { fullSpec, otherSpec } from "../test/support/full-examples.ts";
import { leavesOf, withLeaf, withoutLeaf } from "../test/support/leaves.ts";
import type {} from "../test/support/provided.ts";
import { installRewinds } from "../test/support/rewinds.ts";
import { KubeApi } from "../test/support/widgets.ts";
import { mutable } from "./api/mutable.ts";
import { type StreamTableRewindSpec, specSchema } from "./api/spec.ts";
import { toCrdSchema } from "./generate-crds.ts";
import { resourcePath } from "./kube/paths.ts";
import { streamTableRewinds } from "./kube/resources.ts";
import type { ResourceDefinition } from "./kube/types.ts";

const gadgets: ResourceDefinition = { group: "test.pgtrickle.dev", version: "v1", plural: "gadgets", kind: "Gadget" };

const text = z.string().max(10).describe("A text.");
const gadgetSchema = z.object({
  spec: z
    .object({
      size: z.int().describe("A size."),
      colour: text.optional(),
      note: text.nullable().optional(),
      shape: text.default("round"),
      paused: z.boolean().default(false).describe("May change.").meta(mutable),
      gate: z
        .object({ mode: text.default("Open"), key: text.optional(), code: text.optional().meta(mutable) })
        .describe("A gate.")
        .optional(),
      parts: z
        .array(z.object({ name: text }))
        .max(3)
        .default([])
        .describe("Parts."),
    })
    .describe("A spec."),
});

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.test.pgtrickle.dev" },
  spec: {
    ...{ group: gadgets.group, scope: "Namespaced" },
    names: { kind: "Gadget", plural: "gadgets", singular: "gadget" },
    versions: [
      ...[
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: toCrdSchema(gadgetSchema, "Gadget") } },
      ],
    ],
  },
};

let api: KubeApi;
let namespace: string;

beforeAll(async () => {
  api = new KubeApi(inject("kube").kubeconfig);
  await installRewinds(api);
  await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  const isServed = () =>
    api.get(resourcePath(gadgets)).then(
      () => true,
      () => false,
    );
  await vi.waitUntil(isServed, { timeout: 50_000, interval: 100 });
  namespace = await api.makeNamespace();
});

afterAll(async () => {
  await api.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.test.pgtrickle.dev");
  api.close();
});

/** @returns the changed spec, or what is said against the change */
async function change(resource: ResourceDefinition, spec: unknown, patch: unknown): Promise<unknown> {
  const { group, version, kind } = resource;
  const name = `g-${randomBytes(5).toString("hex")}`;
  const body = { apiVersion: `${group}/${version}`, kind, metadata: { name }, spec };
  await api.post(resourcePath(resource, { namespace }), body);
  return api.patch(resourcePath(resource, { namespace, name }), { spec: patch }).then(
    (changed) => changed["spec"],
    (error: unknown) => String(error),
  );
}

describe("a field that a schema does not mark", () => {
  const full = {
    size: 1,
    colour: "red",
    note: "n",
    gate: { mode: "Shut", key: "k", code: "c" },
    parts: [{ name: "p" }],
  };

  it.each([
    ["a required one, changed", full, { size: 2 }, "size is immutable: make a new Gadget for another operation"],
    ["an optional one, added", { size: 1 }, { colour: "red" }, "colour is immutable"],
    ["an optional one, changed", full, { colour: "blue" }, "colour is immutable"],
    ["an optional one, removed", full, { colour: null }, "colour is immutable"],
    ["one that may be null, set", { size: 1, note: null }, { note: "n" }, "note is immutable"],
    ["one that may be null, removed", full, { note: null }, "note is immutable"],
    ["one with a default, changed", full, { shape: "square" }, "shape is immutable"],
    ["beside a marked one, changed", full, { gate: { mode: "Open" } }, "gate.mode is immutable"],
    ["beside a marked one, optional, removed", full, { gate: { key: null } }, "gate.key is immutable"],
    ["beside a marked one, with its object, added", { size: 1 }, { gate: { code: "c" } }, "gate.mode is immutable"],
    ["beside a marked one, with its object, removed", full, { gate: null }, "gate.mode is immutable"],
    ["a list, one more", full, { parts: [{ name: "p" }, { name: "q" }] }, "parts is immutable"],
  ])("%s", async (_, spec, patch, refusal) => {
    expect(await change(gadgets, spec, patch)).toContain(refusal);
  });

  it("leaves the marked ones alone", async () => {
    const patch = { paused: true, gate: { code: "d" } };
    expect(await change(gadgets, full, patch)).toMatchObject({
      ...full,
      paused: true,
      gate: { mode: "Shut", code: "d" },
    });
    expect(await change(gadgets, full, { gate: { code: null } })).toMatchObject({ gate: { mode: "Shut", key: "k" } });
  });
});

describe("StreamTableRewind", () => {
  /** One target, as the rules want it: the one that the leaf is of. */
  const valid = (spec: StreamTableRewindSpec, path: string) =>
    withoutLeaf(spec, path === "target.timestamp" ? "target.snapshotId" : "target.timestamp");

  it.each(leavesOf(specSchema))("spec.$path: may be changed: $isMutable", async ({ path, isMutable }) => {
    const before = valid(fullSpec, path);
    const patch = withLeaf(before, valid(otherSpec, path), path);
    const answer = await change(streamTableRewinds, before, patch);
    if (isMutable) expect(answer).toEqual(patch);
    else expect(answer).toMatch(/ is immutable: make a new StreamTableRewind for another operation/);
  });

  it("has four fields that may be changed", () => {
    const marked = leavesOf(specSchema).filter(({ isMutable }) => isMutable);
    expect(marked.map(({ path }) => path)).toEqual([
      ...["approval.planHash", "resume.policy", "abort", "ttlSecondsAfterFinished"],
    ]);
  });
});
