import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { renderCrd, toStructuralSchema, UnstructuralSchemaError } from "./generate-crds.ts";

describe("renderCrd", () => {
  it("gives the committed file: run `make generate` after a change of api/", () => {
    const file = new URL("../crds/pgtrickle.dev_streamtablerewinds.yaml", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(renderCrd());
  });
});

describe("toStructuralSchema", () => {
  it.each([
    ["a union", z.object({ a: z.union([z.string(), z.int()]) }), /a: anyOf/],
    [
      "a discriminated union",
      z.object({ a: z.discriminatedUnion("k", [z.object({ k: z.literal("x") })]) }),
      /a: oneOf/,
    ],
    ["a strict object", z.object({ a: z.strictObject({}) }), /a: additionalProperties: false/],
    ["unknown", z.object({ a: z.unknown() }), /a: a type is missing/],
    ["a union inside a list", z.object({ a: z.array(z.union([z.string(), z.int()])) }), /a\[\]: anyOf/],
  ])("refuses %s and says where", (_, schema, message) => {
    const convert = () => toStructuralSchema(schema, "Kind");
    expect(convert).toThrow(UnstructuralSchemaError);
    expect(convert).toThrow(message);
  });

  it("leaves out what zod adds and the API server does not need", () => {
    const schema = toStructuralSchema(z.object({ n: z.int(), t: z.iso.datetime({ offset: true }) }), "Kind");
    expect(schema).toEqual({
      type: "object",
      properties: { n: { type: "integer", format: "int64" }, t: { type: "string", format: "date-time" } },
      required: ["n", "t"],
    });
  });

  it("keeps enums, bounds, descriptions and CEL rules, and tells defaults", () => {
    const rules = [{ rule: "true", message: "m" }];
    const field = z.enum(["A", "B"]).default("A").describe("which");
    const schema = toStructuralSchema(z.object({ f: field }).meta({ "x-kubernetes-validations": rules }), "Kind");
    expect(schema).toEqual({
      type: "object",
      properties: { f: { type: "string", enum: ["A", "B"], default: "A", description: "which Default: A." } },
      "x-kubernetes-validations": rules,
    });
  });
});
