import { describe, expect, it } from "vitest";
import { z } from "zod";
import { mutable } from "./api/mutable.ts";
import { immutableRules } from "./immutable-rules.ts";
import { jsonSchemaOf, UnstructuralSchemaError } from "./structural-schema.ts";

const text = z.string().max(10);
const rulesOf = (spec: z.ZodType) => immutableRules(jsonSchemaOf(spec), "Gadget");
const ruleTexts = (spec: z.ZodType) => rulesOf(spec).map(({ rule }) => rule);

describe("a field of spec is immutable unless it is marked", () => {
  it("says what to do instead", () => {
    expect(rulesOf(z.object({ size: z.int() }))).toEqual([
      { rule: "self.size == oldSelf.size", message: "size is immutable: make a new Gadget for another operation" },
    ]);
  });

  it.each([
    ["a required one", z.object({ f: text }), ["self.f == oldSelf.f"]],
    ["one with a default", z.object({ f: text.default("x") }), ["self.f == oldSelf.f"]],
    [
      "an optional one, also added or removed",
      z.object({ f: text.optional() }),
      ["has(self.f) ? has(oldSelf.f) && self.f == oldSelf.f : !has(oldSelf.f)"],
    ],
    ["a list", z.object({ f: z.array(z.object({ g: text })).max(2) }), ["self.f == oldSelf.f"]],
    ["an object", z.object({ f: z.object({ g: text.optional() }) }), ["self.f == oldSelf.f"]],
    [
      "what stands beside a marked one",
      z.object({ f: z.object({ g: text, h: text.optional().meta(mutable), i: text.optional() }) }),
      ["self.f.g == oldSelf.f.g", "has(self.f.i) ? has(oldSelf.f.i) && self.f.i == oldSelf.f.i : !has(oldSelf.f.i)"],
    ],
    [
      "what stands beside a marked one in an object that may be missing",
      z.object({ f: z.object({ g: text, h: text.optional(), i: text.optional().meta(mutable) }).optional() }),
      [
        "has(self.f) ? has(oldSelf.f) && self.f.g == oldSelf.f.g : !has(oldSelf.f)",
        "has(self.f) && has(self.f.h) ? has(oldSelf.f) && has(oldSelf.f.h) && self.f.h == oldSelf.f.h : !(has(oldSelf.f) && has(oldSelf.f.h))",
      ],
    ],
  ])("%s", (_, spec, rules) => {
    expect(ruleTexts(spec)).toEqual(rules);
  });

  it("has no rule for a marked one, wherever the mark stands", () => {
    expect(ruleTexts(z.object({ f: text.optional().meta(mutable), g: text.meta(mutable).optional() }))).toEqual([]);
    expect(ruleTexts(z.object({ f: z.object({ g: text.optional() }).meta(mutable) }))).toEqual([]);
  });

  it.each([
    ["a mark inside a list", z.object({ f: z.array(z.object({ g: text.meta(mutable) })) }), /f: a mark \(mutable\)/],
    ["a mark inside a map", z.object({ f: z.record(z.string(), text.meta(mutable)) }), /f: a mark \(mutable\)/],
    ["a name that CEL reserves", z.object({ f: z.object({ in: text }).meta(mutable), namespace: text }), /^namespace:/],
    ["a name that CEL cannot read", z.object({ "a-b": text }), /^a-b: a CEL rule cannot name it/],
  ])("refuses %s", (_, spec, message) => {
    expect(() => ruleTexts(spec)).toThrow(UnstructuralSchemaError);
    expect(() => ruleTexts(spec)).toThrow(message);
  });
});
