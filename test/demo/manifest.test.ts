import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fillExample } from "./manifest.ts";

const example = readFileSync(new URL("../../examples/rollback-corrupted-events.yaml", import.meta.url), "utf8");
const databaseUrl = "postgresql://postgres:postgres@127.0.0.1:5432/timetravel_demo";

describe("the objects that the demo applies", () => {
  const manifest = fillExample({ example, goodSnapshot: 17, databaseUrl });

  it("are the committed example with nothing but the snapshot changed", () => {
    const original = parse(example) as { spec: { target: object } };
    const filled = parse(manifest.rewindText) as { spec: { target: object } };
    expect(filled.spec.target).toEqual({ snapshotId: 17 });
    expect({ ...filled, spec: { ...filled.spec, target: original.spec.target } }).toEqual(original);
    expect(manifest.name).toBe("rollback-corrupted-events");
  });

  it("and the Secret that it names, with the database's address", () => {
    expect(JSON.parse(manifest.secretText)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "timetravel-db" },
      stringData: { uri: databaseUrl },
    });
  });
});
