import { describe, expect, test } from "vitest";
import { Counts } from "./counts.ts";
import { Finding, UndeterminedError } from "./finding.ts";
import { Ledger } from "./ledger.ts";
import type { Changes } from "./model.ts";

const changes: Changes = new Map([["events", new Map([[1, null]])]]);
const failed = { changes, text: "commit: …" };
const ledgerAt = (head: number) => new Ledger(new Counts(), head);

describe("what the head says of commits that failed", () => {
  test("a failed commit that left no snapshot did not happen", () => {
    const ledger = ledgerAt(5);
    ledger.committed();
    ledger.failed({ ...failed, isUnknown: false });
    expect(ledger.lookAt(6)).toBeUndefined();
  });

  test("one that was told to have failed and has a snapshot is a finding", () => {
    const ledger = ledgerAt(5);
    ledger.failed({ ...failed, isUnknown: false });
    expect(() => ledger.lookAt(6)).toThrow(Finding);
  });

  test("one of unknown outcome is done if there is a snapshot that nobody else made, and else not", () => {
    const ledger = ledgerAt(5);
    ledger.failed({ ...failed, isUnknown: true });
    expect(ledger.lookAt(6)).toBe(changes);
    ledger.failed({ ...failed, isUnknown: true });
    expect(ledger.lookAt(6)).toBeUndefined();
  });

  test("one of unknown outcome beside maintenance, which makes snapshots too, leaves the rest open", () => {
    const ledger = ledgerAt(5);
    ledger.maintained();
    ledger.failed({ ...failed, isUnknown: true });
    expect(() => ledger.lookAt(9)).toThrow(UndeterminedError);
  });
});
