/**
 * How each refusal of the guard is provoked, as plain data: two clients, the order of their work, and what others may do that
 * causes the same refusal in an ordinary history. Pure; rivals.ts plays it.
 */
import type { Deed } from "./chronicle.ts";
import type { Refusal } from "./guard.ts";
import type { Provoke } from "./script.ts";

/** Rows are numbered from 0 in the order in which this provocation inserts them; up to 10 of them go into the catalog, more into a file. */
export type Work =
  | { readonly kind: "insert"; readonly count: number; readonly elsewhere?: true }
  | { readonly kind: "delete"; readonly from: number; readonly to: number }
  | { readonly kind: "flush" | "merge-files" | "rewrite" };

/** What a client sends that writes the catalog by itself: no DuckDB gets there, as DuckLake sees the race before. */
export type CatalogWork = "delete-from-a-file-that-was-live" | "write-changes-nobody-can-read";

export interface Provocation {
  readonly refusal: { readonly by: string; readonly sentence: RegExp };
  /** The deeds of other clients that call for it. */
  readonly causes: readonly Deed[];
  /** In this table, whatever the step names: the one that takes no rows into the catalog. */
  readonly table?: "logs";
  /** Each committed by itself, before the race. */
  readonly setup: readonly Work[];
  /** Begun before the rival's work, committed after it, and refused. */
  readonly work: Work | CatalogWork;
  readonly rival: Work | undefined;
  /** What the one who is refused does in the end; undefined: the same work. */
  readonly again?: Work;
}

const insert = (count: number): Work => ({ kind: "insert", count });
const remove = (from: number, to: number): Work => ({ kind: "delete", from, to });
const FLUSH: Work = { kind: "flush" };
const MERGE: Work = { kind: "merge-files" };
const REWRITE: Work = { kind: "rewrite" };

const ONE_FILE = [insert(80)];
const TWO_FILES = [insert(80), insert(60)];
const WITH_DELETIONS = [insert(80), remove(0, 20)];

const SECOND = { by: "judge_deletion", sentence: /^another client has deleted rows/ };
const RETIRED = { by: "check_inlined_deletions", sentence: /^rows of data file .* cannot be deleted/ };

export const PROVOCATIONS: Readonly<Record<Provoke, Provocation>> = {
  "provoke-two-deletions": {
    refusal: SECOND,
    causes: ["deletes", "flushes"],
    setup: WITH_DELETIONS,
    work: remove(20, 60),
    rival: remove(60, 75),
  },
  "provoke-deletion-beside-flush": {
    refusal: SECOND,
    causes: ["deletes", "flushes"],
    setup: [...WITH_DELETIONS, remove(20, 21)],
    work: remove(21, 60),
    rival: FLUSH,
  },
  "provoke-deletion-beside-merge": {
    refusal: RETIRED,
    causes: ["compacts", "deletes"],
    setup: TWO_FILES,
    work: remove(0, 1),
    rival: MERGE,
  },
  "provoke-deletion-beside-rewrite": {
    refusal: RETIRED,
    causes: ["compacts", "deletes"],
    setup: WITH_DELETIONS,
    work: remove(20, 21),
    rival: REWRITE,
  },
  // Whoever deletes all rows of a file retires it.
  "provoke-deletion-beside-emptying": {
    refusal: RETIRED,
    causes: ["compacts", "deletes"],
    setup: ONE_FILE,
    work: remove(20, 21),
    rival: remove(0, 80),
  },
  "provoke-merge-beside-deletion": {
    refusal: { by: "check_merged_files", sentence: /^merging data file/ },
    causes: ["deletes"],
    setup: TWO_FILES,
    work: MERGE,
    rival: remove(0, 1),
  },
  "provoke-rewrite-beside-deletion": {
    refusal: { by: "check_rewrite", sentence: /^rewriting table/ },
    causes: ["deletes"],
    setup: WITH_DELETIONS,
    work: REWRITE,
    rival: remove(20, 21),
  },
  "provoke-flush-beside-commit": {
    refusal: { by: "is_flush", sentence: /^another commit came before this change/ },
    causes: ["inserts", "deletes", "flushes", "compacts"],
    table: "logs",
    setup: [...WITH_DELETIONS, remove(20, 21)],
    work: FLUSH,
    rival: { kind: "insert", count: 20, elsewhere: true },
  },
  "provoke-stale-deletion": {
    refusal: { by: "judge_deletion", sentence: RETIRED.sentence },
    causes: ["compacts", "deletes"],
    setup: WITH_DELETIONS,
    work: "delete-from-a-file-that-was-live",
    rival: REWRITE,
    again: remove(20, 60),
  },
  "provoke-unreadable-changes": {
    refusal: { by: "check_changes", sentence: /has a list of changes that DuckLake cannot read/ },
    causes: [],
    setup: [],
    work: "write-changes-nobody-can-read",
    rival: undefined,
    again: insert(20),
  },
};

export function isProvokedBy({ by, sentence }: Refusal, { refusal }: Provocation): boolean {
  return refusal.by === by && refusal.sentence.test(sentence);
}

/** The deeds of others that call for a refusal; none, if no provocation knows it. */
export function causesOf(refusal: Refusal): readonly Deed[] {
  return Object.values(PROVOCATIONS).find((provocation) => isProvokedBy(refusal, provocation))?.causes ?? [];
}
