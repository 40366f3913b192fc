import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderCrd } from "./generate-crds.ts";

it("gives the committed file: run `make generate` after a change of api/", () => {
  const file = new URL("../crds/pgtrickle.dev_streamtablerewinds.yaml", import.meta.url);
  expect(readFileSync(file, "utf8")).toBe(renderCrd());
});
