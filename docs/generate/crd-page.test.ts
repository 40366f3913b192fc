import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Crd, changeOf, changesOf, crdPage, fieldsOf, type SchemaNode, typeOf } from "./crd-page.ts";

const text: SchemaNode = { type: "string" };

test("fields are told in their order, also those of lists and maps", () => {
  const node: SchemaNode = {
    type: "object",
    required: ["a"],
    properties: {
      a: { type: "array", items: { type: "object", properties: { b: text } } },
      c: { type: "object", additionalProperties: { type: "object", properties: { d: text } } },
      e: { type: "object", properties: { f: text } },
    },
  };
  expect(fieldsOf(node, "").map(({ path }) => path)).toEqual(["a", "a[].b", "c", "c{}.d", "e", "e.f"]);
  expect(fieldsOf(node, "").filter(({ isRequired }) => isRequired)).toMatchObject([{ path: "a" }]);
});

test.each([
  [{ type: "array", items: text }, "list of string"],
  [{ type: "object", additionalProperties: text }, "map of string"],
  [{ type: "string", enum: ["A", "B"] }, "A | B"],
  [{ type: "string", format: "date-time" }, "time"],
])("%o is a %s", (node, type) => {
  expect(typeOf(node)).toBe(type);
});

test("a field can be changed unless a rule names it or what it is in", () => {
  const rules = [
    "self.a == oldSelf.a && self.b.c == oldSelf.b.c",
    "has(self.d) ? has(oldSelf.d) && self.d == oldSelf.d : !has(oldSelf.d)",
    "!oldSelf.e || self.e",
    "self.f == oldSelf.g",
  ].map((rule) => ({ rule, message: "" }));
  const own = [{ rule: "self == oldSelf", message: "" }];
  const node: SchemaNode = {
    type: "object",
    "x-kubernetes-validations": rules,
    properties: {
      a: { type: "array", items: { type: "object", properties: { x: text } } },
      b: { type: "object", properties: { c: text, cc: text } },
      d: text,
      e: { type: "boolean" },
      f: text,
      h: { type: "string", "x-kubernetes-validations": own },
    },
  };
  const changes = changesOf(node);
  expect(fieldsOf(node, "").map((field) => `${field.path}: ${changeOf(field, changes)}`)).toEqual([
    "a: immutable",
    "a[].x: immutable",
    "b: by field",
    "b.c: immutable",
    "b.cc: **can be changed**",
    "d: immutable",
    "e: once, to `true`",
    "f: **can be changed**",
    "h: immutable",
  ]);
});

test("of the CRD itself only these can be changed later", () => {
  const file = new URL("../../crds/pgtrickle.dev_streamtablerewinds.yaml", import.meta.url);
  const lines = crdPage(parse(readFileSync(file, "utf8")) as Crd).split("\n");
  const named = (words: string) => lines.filter((line) => line.includes(words)).map((line) => line.split("`")[1]);
  expect(named("| **can be changed** |")).toEqual(["approval.planHash", "resume.policy", "ttlSecondsAfterFinished"]);
  expect(named("| once, to `true` |")).toEqual(["abort"]);
});

test("a CRD without a spec is no page", () => {
  const crd = {
    spec: {
      group: "g",
      names: { kind: "K", plural: "ks", shortNames: ["k"] },
      versions: [{ name: "v1", additionalPrinterColumns: [], schema: { openAPIV3Schema: { type: "object" } } }],
    },
  };
  expect(() => crdPage(crd)).toThrow("v1 has no spec or no status");
});
