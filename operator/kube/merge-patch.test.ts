import fc from "fast-check";
import { expect, test } from "vitest";
import { mergePatch, normalised } from "./merge-patch.ts";

/** RFC 7386, section 2. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  }
  return result;
}

test.each([
  ["nothing differs", { a: { b: [1] } }, { a: { b: [1] } }, undefined],
  ["a key is gone", { a: 1, b: 2 }, { a: 1 }, { b: null }],
  ["a key that is undefined is gone", { a: 1, b: 2 }, { a: 1, b: undefined }, { b: null }],
  ["deep inside", { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
  ["lists are replaced whole", { a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
  ["there was no status yet", undefined, { phase: "Pending" }, { phase: "Pending" }],
  ["an empty one where there was none", undefined, {}, {}],
])("%s", (_case, from, to, want) => {
  expect(mergePatch(from, to)).toEqual(want);
});

test("applied to the old state the patch gives the new one, and no patch means equal", () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
  const key = fc.constantFrom("a", "b", "c");
  const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, leaf, tie("tree")),
    tree: fc.dictionary(key, tie("node"), { noNullPrototype: true }),
  }));
  fc.assert(
    fc.property(tree, tree, (from, to) => {
      const patch = mergePatch(from, to);
      expect(patch === undefined ? normalised(from) : apply(from, patch)).toEqual(normalised(to));
    }),
  );
});
