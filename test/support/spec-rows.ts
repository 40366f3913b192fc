/** Specs that are valid or not: the same table for zod (with the named checks) and for the real API server. */
import { makeSpecInput } from "./make-observed.ts";

export interface SpecRow {
  readonly name: string;
  readonly spec: unknown;
  readonly isValid: boolean;
  /** Part of what is said of it. */
  readonly refusal?: string;
}

const base = makeSpecInput();
const valid = (name: string, changes: object): SpecRow => ({ name, spec: { ...base, ...changes }, isValid: true });
const invalid = (name: string, changes: object, refusal?: string): SpecRow => ({
  name,
  spec: { ...base, ...changes },
  isValid: false,
  ...(refusal === undefined ? {} : { refusal }),
});
const invalidTime = (name: string, timestamp: string): SpecRow =>
  invalid(
    name,
    { target: { timestamp } },
    `target.timestamp '${timestamp}' is not a time that exists: write it as 2026-`,
  );
const without = (name: string, key: keyof typeof base): SpecRow => {
  const { [key]: _, ...spec } = base;
  return { name, spec, isValid: false };
};
const assertion = (name: string) => ({ name, sql: "select true" });

/** The longest statement, of characters that JavaScript counts twice and UTF-8 four times. */
const longSql = "🦆".repeat(65_536);

export const specRows: readonly SpecRow[] = [
  valid("the smallest spec", { verification: undefined, repair: undefined }),
  valid("everything set", {
    ...{ operationId: "inc-2026-11-22", strategy: "Journal", failurePolicy: "Resume", dryRun: true, abort: true },
    approval: { mode: "Manual", hold: true, planHash: "abc" },
    verification: { assertions: [assertion("a"), assertion("b")], at: ["Rewind"] },
    repair: { sql: ["delete from lake.events", "select 1"] },
    resume: { policy: "Never", replay: "Stepwise" },
    ...{ backoffLimit: 0, activeDeadlineSeconds: 1, ttlSecondsAfterFinished: 0 },
  }),
  valid("a timestamp with an offset", { target: { timestamp: "2026-11-22T03:00:00+01:00" } }),
  valid("a timestamp with fractions of a second", { target: { timestamp: "2026-11-22T03:00:00.123456Z" } }),
  valid("the lake's word accepted", { acceptContradiction: true, strategy: "Full" }),
  valid("the lake's word not accepted", { acceptContradiction: false, strategy: "Journal" }),
  valid("snapshot 0", { target: { snapshotId: 0 } }),
  valid("sixteen tables", { streamTables: Array.from({ length: 16 }, (_, i) => `public.t${i}`) }),
  valid("no place to assert at, and nothing to assert", { verification: { assertions: [], at: [] } }),
  valid("the 29th of February of a leap year", { target: { timestamp: "2000-02-29T23:59:59Z" } }),
  valid("the first year and the widest offset", { target: { timestamp: "0001-01-01T00:00:00-15:59" } }),
  valid("an unknown field (it is dropped)", { colour: "green" }),
  valid("ttlSecondsAfterFinished null", { ttlSecondsAfterFinished: null }),
  valid("as much repair as there may be", { repair: { sql: Array.from({ length: 4 }, () => longSql) } }),
  without("no database", "database"),
  without("no tables", "streamTables"),
  without("no target", "target"),
  invalid("no Secret", { database: {} }),
  invalid("a Secret without a name", { database: { secretRef: { name: "" } } }),
  invalid("an empty list of tables", { streamTables: [] }),
  invalid("an empty table name", { streamTables: [""] }),
  invalid("a table name that is too long", { streamTables: ["x".repeat(256)] }),
  invalid("a table twice", { streamTables: ["public.a", "public.a"] }),
  invalid("seventeen tables", { streamTables: Array.from({ length: 17 }, (_, i) => `public.t${i}`) }),
  invalid("no target inside target", { target: {} }),
  invalid("two targets", { target: { snapshotId: 1, timestamp: "2026-11-22T03:00:00Z" } }),
  invalid("a negative snapshot", { target: { snapshotId: -1 } }),
  invalid("a snapshot that is no whole number", { target: { snapshotId: 1.5 } }),
  invalid("a snapshot as text", { target: { snapshotId: "42" } }),
  invalid(
    "assertions and no place to assert at",
    { verification: { assertions: [assertion("a")], at: [] } },
    "verification.at is empty, so the assertions would never be evaluated",
  ),
  invalidTime("a time without a zone", "2026-11-22T03:00:00"),
  invalidTime("a time without seconds", "2026-11-22T03:00Z"),
  invalidTime("a month that does not exist", "2026-13-22T03:00:00Z"),
  invalidTime("a day that does not exist", "2026-02-29T03:00:00Z"),
  invalidTime("an hour that does not exist", "2026-11-22T24:00:00Z"),
  invalidTime("a year that does not exist", "0000-01-01T00:00:00Z"),
  invalidTime("an offset that PostgreSQL does not take", "2026-11-29T14:30:00+23:59"),
  invalidTime("the first offset that PostgreSQL does not take", "2026-11-29T14:30:00-16:00"),
  invalidTime("a time in small letters", "2026-11-29t14:30:00z"),
  invalidTime("a comma before the fractions", "2026-11-29T14:30:00,5Z"),
  invalidTime("words as a time", "yesterday"),
  invalid("an unknown strategy", { strategy: "Fast" }),
  invalid("a strategy in lower case", { strategy: "auto" }),
  invalid("the lake's word by the undo journal", { acceptContradiction: true, strategy: "Journal" }),
  invalid("acceptContradiction as text", { acceptContradiction: "yes" }),
  invalid("an unknown approval mode", { approval: { mode: "Never" } }),
  invalid("an empty plan hash", { approval: { mode: "Manual", planHash: "" } }),
  invalid("a plan hash with nothing to approve", { approval: { planHash: "abc" } }),
  invalid("an assertion without SQL", { verification: { assertions: [{ name: "a" }] } }),
  invalid("an assertion with empty SQL", { verification: { assertions: [{ name: "a", sql: "" }] } }),
  invalid("two assertions of one name", { verification: { assertions: [assertion("a"), assertion("a")] } }),
  invalid("an unknown place to assert at", { verification: { assertions: [], at: ["Repair"] } }),
  invalid("a repair without statements", { repair: { sql: [] } }),
  invalid(
    "two megabytes of repair",
    { repair: { sql: Array.from({ length: 32 }, () => "x".repeat(65_536)) } },
    "repair.sql may have 262144 characters in all: put what is longer into a function",
  ),
  invalid(
    "a megabyte of assertions",
    {
      verification: { assertions: Array.from({ length: 16 }, (_, i) => ({ name: `a${i}`, sql: "x".repeat(65_536) })) },
    },
    "verification.assertions may have 262144 characters of sql in all",
  ),
  invalid("a repair with an empty statement", { repair: { sql: [""] } }),
  invalid("an unknown failure policy", { failurePolicy: "Ignore" }),
  invalid("dryRun as text", { dryRun: "yes" }),
  invalid("a negative backoffLimit", { backoffLimit: -1 }),
  invalid("a backoffLimit beyond its bound", { backoffLimit: 101 }),
  invalid("no time at all", { activeDeadlineSeconds: 0 }),
  invalid("more than a week", { activeDeadlineSeconds: 604_801 }),
  invalid("a negative ttl", { ttlSecondsAfterFinished: -1 }),
  invalid("an empty operationId", { operationId: "" }),
  invalid("null for a table list", { streamTables: null }),
];

/** A change of a spec while it exists: only the API server can judge it. */
export interface ChangeRow {
  readonly name: string;
  readonly patch: object;
  /** Changes of the spec that the patch meets. */
  readonly on?: object;
  /** Part of the message of the refusal; undefined: accepted. */
  readonly refusal?: string;
}

const manual = { approval: { mode: "Manual" } };

export const changeRows: readonly ChangeRow[] = [
  { name: "approving a plan", on: manual, patch: { approval: { planHash: "abc" } } },
  {
    name: "approving another plan",
    on: { approval: { mode: "Manual", planHash: "a" } },
    patch: { approval: { planHash: "b" } },
  },
  {
    name: "approving what needs no approval",
    patch: { approval: { planHash: "abc" } },
    refusal: "approval.planHash needs approval.mode Manual",
  },
  { name: "changing resume.policy", patch: { resume: { policy: "Manual" } } },
  { name: "setting a ttl", patch: { ttlSecondsAfterFinished: 60 } },
  { name: "aborting", patch: { abort: true } },
  { name: "taking an abort back", patch: { abort: false }, refusal: "abort cannot be taken back" },
  { name: "another target", patch: { target: { snapshotId: 43 } }, refusal: "target is immutable" },
  {
    name: "another kind of target",
    patch: { target: { snapshotId: null, timestamp: "2026-11-22T03:00:00Z" } },
    refusal: "target is immutable",
  },
  { name: "other tables", patch: { streamTables: ["public.other"] }, refusal: "streamTables is immutable" },
  { name: "another database", patch: { database: { secretRef: { name: "other" } } }, refusal: "database is immutable" },
  { name: "adding an operationId", patch: { operationId: "x" }, refusal: "operationId is immutable" },
  { name: "another strategy", patch: { strategy: "Full" }, refusal: "strategy is immutable" },
  {
    name: "accepting the lake's word later",
    patch: { acceptContradiction: true },
    refusal: "acceptContradiction is immutable",
  },
  {
    name: "another approval mode",
    patch: { approval: { mode: "Manual" } },
    refusal: "approval.mode is immutable",
  },
  { name: "holding", patch: { approval: { hold: true } }, refusal: "approval.hold is immutable" },
  { name: "other assertions", patch: { verification: { assertions: [] } }, refusal: "verification is immutable" },
  { name: "another repair", patch: { repair: { sql: ["select 1"] } }, refusal: "repair is immutable" },
  { name: "dropping the repair", patch: { repair: null }, refusal: "repair is immutable" },
  { name: "another replay", patch: { resume: { replay: "Stepwise" } }, refusal: "resume.replay is immutable" },
  { name: "another failure policy", patch: { failurePolicy: "Resume" }, refusal: "failurePolicy is immutable" },
  { name: "making it a dry run", patch: { dryRun: true }, refusal: "dryRun is immutable" },
  { name: "another backoffLimit", patch: { backoffLimit: 1 }, refusal: "backoffLimit is immutable" },
  { name: "another deadline", patch: { activeDeadlineSeconds: 1 }, refusal: "activeDeadlineSeconds is immutable" },
];
