import { describe, expect, it } from "vitest";
import { createLedger, sameValue } from "./claims.ts";

describe("the ledger of claims", () => {
  it("knows which claims failed, and why", () => {
    const ledger = createLedger();
    ledger.check("water is wet", []);
    ledger.check("the moon is cheese", sameValue("rock", "cheese"));
    expect(ledger.claims).toHaveLength(2);
    expect(ledger.failed).toEqual([{ text: "the moon is cheese", problems: ['is "rock", should be "cheese"'] }]);
  });

  it("tells a missing value from an empty one", () => {
    expect(sameValue(undefined, "")).toEqual(['is nothing, should be ""']);
    expect(sameValue(undefined, undefined)).toEqual([]);
  });
});
