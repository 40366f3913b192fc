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
    [
      "a property without a description",
      z.object({ a: z.object({ b: z.int() }).describe("A.") }),
      /a\.b: a description/,
    ],
    ["one inside a list", z.object({ a: z.array(z.object({ b: z.int() })).describe("A.") }), /a\[\]\.b: a description/],
  ])("refuses %s and says where", (_, schema, message) => {
    expect(() => convert(schema)).toThrow(UnstructuralSchemaError);
    expect(() => convert(schema)).toThrow(message);
  });

  it("leaves out what zod adds and the API server does not need", () => {
    const schema = z.object({ n: z.int().describe("N."), t: z.iso.datetime({ offset: true }).describe("T.") });
    expect(convert(schema)).toEqual({
      type: "object",
      properties: {
        n: { type: "integer", format: "int64", description: "N." },
        t: { type: "string", format: "date-time", description: "T." },
      },
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

describe("a description tells the default", () => {
  it.each([
    ["of a text", z.string().default("x"), "It. Default: x."],
    ["of a number that is 0", z.int().default(0), "It. Default: 0."],
    ["of a list", z.array(z.string()).default(["x", "y"]), "It. Default: x, y."],
    ["that is an empty list", z.array(z.string()).default([]), "It. Default: none."],
    ["of an object not, whose fields do", z.object({ b: z.int().default(1).describe("B.") }).prefault({}), "It."],
  ])("%s", (_, field, description) => {
    const { properties } = convert(z.object({ a: field.describe("It.") }));
    expect(properties).toMatchObject({ a: { description } });
  });
});
