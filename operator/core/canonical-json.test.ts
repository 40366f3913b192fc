import { expect, it } from "vitest";
import { canonicalJson, hashOf } from "./canonical-json.ts";

it("does not depend on the order of keys", () => {
  expect(canonicalJson({ b: 1, a: { d: [1, "x"], c: null } })).toBe('{"a":{"c":null,"d":[1,"x"]},"b":1}');
});

it("treats undefined as absent", () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

it("is hashed with sha256", () => {
  expect(hashOf([])).toBe("4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
});
