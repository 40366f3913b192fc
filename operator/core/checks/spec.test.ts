/** zod and the named checks over the rows that the API server also judges (operator/crd.kube.test.ts). */
import { describe, expect, it } from "vitest";
import { specRows } from "../../../test/support/spec-rows.ts";
import { specSchema } from "../../api/spec.ts";
import { brokenRules } from "./spec.ts";

describe("spec", () => {
  it.each(specRows)("$name: $isValid", ({ spec, isValid, refusal = "" }) => {
    const parsed = specSchema.safeParse(spec);
    const problems = parsed.success ? brokenRules(parsed.data) : parsed.error.issues.map(({ message }) => message);
    expect(problems.length === 0, problems.join("; ")).toBe(isValid);
    expect(problems.join("; ")).toContain(refusal);
  });
});
