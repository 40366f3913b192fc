import { describe, expect, it } from "vitest";
import { fullSpec, otherSpec } from "../../test/support/full-examples.ts";
import { isExcluded, leavesOf, withLeaf } from "../../test/support/leaves.ts";
import { makeSpec } from "../../test/support/make-observed.ts";
import { specSchema } from "../api/spec.ts";
import { notInOperationKey, operationKey } from "./operation-key.ts";

const excluded = Object.keys(notInOperationKey);
const leaves = leavesOf(specSchema).map((leaf) => ({ path: leaf.path, isCovered: !isExcluded(leaf, excluded) }));

describe("operationKey covers every field of spec but those that are named", () => {
  it.each(leaves)("$path: $isCovered", ({ path, isCovered }) => {
    const isSame = operationKey(withLeaf(fullSpec, otherSpec, path)) === operationKey(fullSpec);
    expect(isSame).toBe(!isCovered);
  });

  it("names none that does not exist", () => {
    const unknown = excluded.filter((path) => !leavesOf(specSchema).some((leaf) => isExcluded(leaf, [path])));
    expect(unknown).toEqual([]);
  });
});

// Journals of databases have keys of version 0.1.0: applied again after an update, the object is still known as done.
it.each([
  ["the smallest spec", {}, "bcdce6b0feee8fb0feea8daa4c35b5b6a6d56b85e23b01128923b2aa8168ea4f"],
  [
    "a full one",
    {
      ...{ operationId: "inc-1", target: { timestamp: "2026-11-22T03:00:00Z" }, strategy: "Full" as const },
      approval: { mode: "Manual" as const, hold: true },
      verification: {
        assertions: [{ name: "no-corrupted", sql: "select true" }],
        at: ["Replay" as const, "Rewind" as const],
      },
      repair: { sql: ["delete from lake.events"] },
      ...{ resume: { policy: "Never" as const, replay: "Stepwise" as const }, failurePolicy: "Resume" as const },
    },
    "2c9fcf2b6c21bac650e737fa45a03a22433a76b84903f140a10dd9fabcb6ca0f",
  ],
])("of %s it is what version 0.1.0 made of it", (_, overrides, key) => {
  const { repair: _repair, verification: _verification, ...smallest } = makeSpec();
  const spec = specSchema.parse({ ...smallest, verification: {}, ...overrides });
  expect(operationKey(spec)).toBe(key);
});
