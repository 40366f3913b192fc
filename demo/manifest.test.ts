import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fillExample } from "./manifest.ts";

const example = readFileSync(new URL("../examples/rollback-corrupted-events.yaml", import.meta.url), "utf8");

describe("what the demo applies", () => {
  const manifest = fillExample({ example, goodSnapshot: 17 });

  it("is the committed example with nothing but the snapshot changed", () => {
    const original = parse(example) as { spec: { target: object } };
    const filled = parse(manifest.rewindText) as { spec: { target: object } };
    expect(filled.spec.target).toEqual({ snapshotId: 17 });
    expect({ ...filled, spec: { ...filled.spec, target: original.spec.target } }).toEqual(original);
    expect(manifest.name).toBe("rollback-corrupted-events");
  });
});
