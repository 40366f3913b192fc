import { describe, expect, it } from "vitest";
import { z } from "zod";
import { mutable } from "./api/mutable.ts";
import { jsonSchemaOf, structural, UnstructuralSchemaError } from "./structural-schema.ts";

const convert = (schema: z.ZodType) => structural(jsonSchemaOf(schema), "Kind");

describe("structural", () => {
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
    expect(() => convert(schema)).toThrow(UnstructuralSchemaError);
    expect(() => convert(schema)).toThrow(message);
  });

  it("leaves out what zod adds and the API server does not need", () => {
    expect(convert(z.object({ n: z.int(), t: z.iso.datetime({ offset: true }) }))).toEqual({
      type: "object",
      properties: { n: { type: "integer", format: "int64" }, t: { type: "string", format: "date-time" } },
      required: ["n", "t"],
    });
  });

  it("keeps enums, bounds, descriptions and CEL rules, and tells defaults and what may be changed", () => {
    const rules = [{ rule: "true", message: "m" }];
    const field = z.enum(["A", "B"]).default("A").describe("Which.").meta(mutable);
    expect(convert(z.object({ f: field }).meta({ "x-kubernetes-validations": rules }))).toEqual({
      type: "object",
      properties: {
        f: { type: "string", enum: ["A", "B"], default: "A", description: "Which. Default: A. May be changed later." },
      },
      "x-kubernetes-validations": rules,
    });
  });
});
