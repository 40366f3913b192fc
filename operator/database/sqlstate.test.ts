import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { TRICKLE_STATES } from "../../pg_trickle/extension/sqlstates.ts";
import { LAKE_STATES } from "../../pg_trickle/lake/sqlstates.ts";
import { classified, FencedError, hasSqlState, TerminalError, TransientError } from "./errors.ts";
import {
  boundedSqlState,
  type CallContext,
  hasMeaning,
  meaningOf,
  TrickleState,
  transientOnPurpose,
} from "./sqlstate.ts";

type Row = readonly [code: string, context: CallContext, name: string, reason?: string];

const rows: readonly Row[] = [
  ["TR001", "call", "TerminalError", "UnknownStreamTable"],
  ["TR002", "call", "TerminalError", "AmbiguousStreamTable"],
  ["TR004", "move", "TerminalError", "SnapshotInFuture"],
  ["TR005", "move", "TerminalError", "SnapshotExpired"],
  ["TR007", "move", "TransientError", "TransientError"],
  ["TR010", "move", "TerminalError", "VerificationFailed"],
  ["TR011", "move", "TerminalError", "AssertionFailed"],
  ["TR012", "move", "TransientError", "TransientError"],
  ["TR008", "repair", "TerminalError", "RepairFailed"],
  ["TR013", "repair", "TerminalError", "RepairFailed"],
  ["TR014", "repair", "TransientError", "LakeUnreachable"],
  ["TR015", "call", "FencedError"],
  ["TR016", "move", "TerminalError", "SourceDropped"],
  ["TR018", "move", "TerminalError", "StrategyNotPossible"],
  ["TR019", "call", "FencedError"],
  ["TR020", "repair", "TerminalError", "RepairFailed"],
  ["LT003", "repair", "TerminalError", "RepairFailed"],
  ["LT003", "move", "TerminalError", "QueryRefused"],
  ["LT006", "repair", "FencedError"],
  ["28P01", "connect", "TerminalError", "AuthenticationFailed"],
  ["3D000", "connect", "TerminalError", "AuthenticationFailed"],
  ["42501", "call", "TerminalError", "PermissionDenied"],
  ["42501", "repair", "TerminalError", "RepairFailed"],
  ["42601", "repair", "TerminalError", "RepairFailed"],
  ["42P01", "repair", "TerminalError", "RepairFailed"],
  ["23505", "repair", "TerminalError", "RepairFailed"],
  ["25001", "repair", "TerminalError", "RepairFailed"],
  ["2D000", "repair", "TerminalError", "RepairFailed"],
  ["P0001", "repair", "TerminalError", "RepairFailed"],
  ["TR022", "move", "TerminalError", "EvidenceContradicted"],
  ["TR023", "call", "TransientError", "SnapshotInFuture"],
  ["22012", "move", "TerminalError", "QueryFailed"],
  ["22003", "move", "TerminalError", "QueryFailed"],
  ["42883", "move", "TerminalError", "QueryFailed"],
  ["22003", "repair", "TerminalError", "RepairFailed"],
  ["42883", "call", "TransientError", "CallRefused"],
  ["3F000", "call", "TransientError", "CallRefused"],
  ["3F000", "repair", "TerminalError", "RepairFailed"],
  ["40001", "repair", "TransientError", "TransientError"],
  ["40P01", "move", "TransientError", "TransientError"],
  ["55P03", "call", "TransientError", "TransientError"],
  ["57014", "move", "TransientError", "TransientError"],
  ["57P01", "call", "TransientError", "DatabaseUnreachable"],
  ["57P03", "connect", "TransientError", "DatabaseUnreachable"],
  ["08001", "repair", "TransientError", "LakeUnreachable"],
  ["LT008", "move", "TransientError", "LakeUnreachable"],
  ["LT008", "repair", "TransientError", "LakeUnreachable"],
  ["LT009", "move", "TransientError", "TransientError"],
  ["LT010", "move", "TransientError", "LakeUnreachable"],
  ["LT011", "move", "TransientError", "LakeDamaged"],
  ["LT012", "move", "TerminalError", "LakeDamaged"],
  ["LT012", "repair", "TerminalError", "LakeDamaged"],
  ["LT013", "move", "TransientError", "LakeUnreachable"],
  ["LT013", "repair", "TransientError", "LakeUnreachable"],
  ["58030", "move", "TransientError", "LakeUnreachable"],
  ["58030", "call", "TransientError", "DatabaseUnreachable"],
  ["08006", "move", "TransientError", "LakeUnreachable"],
  ["08006", "call", "TransientError", "DatabaseUnreachable"],
  ["53300", "connect", "TransientError", "DatabaseUnreachable"],
  ["HV00N", "repair", "TransientError", "TransientError"],
  ["XX000", "move", "TransientError", "TransientError"],
];

type Extra = { readonly hint?: string; readonly detail?: string; readonly internalQuery?: string };

function serverError(code: string, extra: Extra = {}): DatabaseError {
  return Object.assign(new DatabaseError("it went wrong", 0, "error"), { code, ...extra });
}

describe("an error of the database", () => {
  for (const [code, context, name, reason] of rows) {
    it(`${code} in a ${context} is a ${name} ${reason ?? ""}`, () => {
      const error = classified(serverError(code), context);
      expect(error.name).toBe(name);
      if (!(error instanceof FencedError)) expect(error.failure).toMatchObject({ reason, code });
    });
  }

  it("of the network is transient", () => {
    const error = classified(Object.assign(new Error(""), { code: "ECONNREFUSED" }), "connect");
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ message: "ECONNREFUSED", failure: { reason: "DatabaseUnreachable" } });
  });

  it("is told with its detail and hint, once", () => {
    const error = classified(serverError("TR004", { detail: "head is 5.", hint: "Use 0 to 5." }), "call");
    expect(error.message).toBe("it went wrong. head is 5. Use 0 to 5");
  });

  it("of a value that the query cannot compute is told with its SQLSTATE", () => {
    const error = classified(serverError("22003", { hint: "Mend the row." }), "move");
    expect(error.message).toBe("it went wrong. SQLSTATE 22003. Mend the row");
    expect(classified(serverError("22003"), "repair").message).toBe("it went wrong");
  });

  it("is told in one line", () => {
    const detail = "connection refused\n\tIs the server running?\n";
    expect(classified(serverError("08001", { detail }), "repair").message).toBe(
      "it went wrong. connection refused Is the server running?",
    );
  });

  it("of a repair quotes the statement that is wrong", () => {
    const internalQuery = "delete from lake.evnts";
    const error = classified(serverError("42P01", { internalQuery, hint: "Look." }), "repair");
    expect(error.message).toBe("it went wrong. delete from lake.evnts. Look");
    expect(classified(serverError("42703", { internalQuery }), "call").message).toBe("it went wrong");
    const long = classified(serverError("42P01", { internalQuery: "x".repeat(5_000) }), "repair").message;
    expect(long).toBe(`it went wrong. ${"x".repeat(200)}…`);
  });

  it("of a function of ours that is not there says what that means", () => {
    const message = (context: CallContext) => classified(serverError("42883"), context).message;
    expect(message("call")).toMatch(/^it went wrong\. .*pg_trickle.*version/);
    expect(message("repair")).toBe("it went wrong");
  });

  it("stays what it is when it is classified again", () => {
    const error = classified(serverError("TR011"), "move");
    expect(error).toBeInstanceOf(TerminalError);
    expect(classified(error, "connect")).toBe(error);
  });

  it("is recognised by its code", () => {
    expect(hasSqlState(serverError("TR015"), TrickleState.fenced)).toBe(true);
    expect(hasSqlState(new Error("TR015"), TrickleState.fenced)).toBe(false);
  });
});

describe("the codes of extension and engine", () => {
  const declared = [...Object.keys(TRICKLE_STATES), ...Object.keys(LAKE_STATES)];

  it("each have a meaning, or are transient on purpose, and never both", () => {
    const decided = (code: string) => Number(hasMeaning(code)) + Number(code in transientOnPurpose);
    expect(declared.filter((code) => decided(code) !== 1)).toEqual([]);
  });

  it("that are transient on purpose are declared, and are tried again", () => {
    const listed = Object.keys(transientOnPurpose);
    expect(listed.filter((code) => !declared.includes(code))).toEqual([]);
    expect(listed.filter((code) => meaningOf(code, "move").terminal)).toEqual([]);
  });
});

describe("the label of a code", () => {
  it.each([
    ["TR014", "TR014"],
    ["42501", "42501"],
    ["55P03", "55P03"],
    ["22012", "22000"],
    ["HV00N", "HV000"],
    ["ZZ123", "other"],
    [undefined, ""],
  ])("%s is %s", (code, label) => {
    expect(boundedSqlState(code)).toBe(label);
  });

  it("has few values, whatever a repair raises", () => {
    const raised = Array.from({ length: 36 ** 3 }, (_, n) => n.toString(36).toUpperCase().padStart(5, "Z"));
    const standard = Array.from({ length: 1_000 }, (_, n) => `P0${n.toString().padStart(3, "0")}`);
    const labels = new Set([...raised, ...standard].map(boundedSqlState));
    expect(labels).toEqual(new Set(["other", "P0000"]));
  });
});
