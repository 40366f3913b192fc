/**
 * What the lake must hold: the rows after each commit, computed from what the clients were told and from nothing else. Pure.
 * The same rows stand in PostgreSQL (mirror.ts), where the queries are run over them.
 *
 * Which rows a statement met depends on its view of the lake, and a view is not told. So a transaction is replayed on every
 * state that it may have seen; those whose row counts differ from the told ones are out, and the rest must agree.
 */
import { LAKE_TABLES, type LakeTable } from "./script.ts";
import { effectOf, isBroad, type Row, type Rows, type Statement } from "./statements.ts";

export type State = Readonly<Record<LakeTable, Rows>>;
export type Changes = ReadonlyMap<LakeTable, ReadonlyMap<number, Row | null>>;

/** A statement that succeeded, with the number of rows that its client was told. */
export interface Told {
  readonly statement: Statement;
  readonly count: number;
}

export type Verdict =
  | { readonly kind: "determined"; readonly changes: Changes }
  /** Several views give these counts, and other rows. */
  | { readonly kind: "ambiguous" }
  /** No view gives these counts. */
  | { readonly kind: "contradicted"; readonly expected: readonly number[][] };

const EMPTY: State = { events: new Map(), items: new Map(), notes: new Map(), logs: new Map() };

function applied(rows: Rows, changes: ReadonlyMap<number, Row | null>): Rows {
  const after = new Map(rows);
  for (const [id, row] of changes) {
    if (row === null) after.delete(id);
    else after.set(id, row);
  }
  return after;
}

export function withChanges(state: State, changes: Changes): State {
  const after = { ...state };
  for (const [table, rows] of changes) after[table] = applied(state[table], rows);
  return after;
}

interface Replayed {
  readonly counts: number[];
  readonly changes: Map<LakeTable, Map<number, Row | null>>;
}

function replayed(told: readonly Told[], state: State): Replayed {
  const changes: Replayed["changes"] = new Map();
  let current = state;
  const counts = told.map(({ statement }) => {
    const effect = effectOf(statement, current[statement.table]);
    const ofTable = changes.get(statement.table) ?? new Map<number, Row | null>();
    for (const [id, row] of effect.changes) ofTable.set(id, row);
    changes.set(statement.table, ofTable);
    current = withChanges(current, new Map([[statement.table, effect.changes]]));
    return effect.count;
  });
  return { counts, changes };
}

function signature(changes: Changes): string {
  const entries = [...changes].flatMap(([table, rows]) =>
    [...rows].map(([id, row]) => JSON.stringify([table, id, row])),
  );
  return entries.sort().join("\n");
}

/** What a transaction has done, seen from every state that it may have had as its view. */
export function judge(told: readonly Told[], views: readonly State[]): Verdict {
  const all = views.map((view) => replayed(told, view));
  const fitting = all.filter(({ counts }) => counts.every((count, index) => count === told[index]?.count));
  const [first] = fitting;
  if (!first) return { kind: "contradicted", expected: all.map(({ counts }) => counts) };
  const signatures = new Set(fitting.map(({ changes }) => signature(changes)));
  return signatures.size === 1 ? { kind: "determined", changes: first.changes } : { kind: "ambiguous" };
}

/** What one statement does to a state. */
export function changesOf(statement: Statement, state: State): Changes {
  return new Map([[statement.table, effectOf(statement, state[statement.table]).changes]]);
}

/** The state as the transaction itself sees it, on one view. */
export function ownState(told: readonly Told[], view: State): State {
  return withChanges(view, replayed(told, view).changes);
}

export function hasBroad(told: readonly Told[]): boolean {
  return told.some(({ statement }) => isBroad(statement) && statement.kind !== "count");
}

export class Model {
  readonly #states: State[] = [EMPTY];
  readonly #snapshots = new Map<number, number>();

  /** Number of the last commit that changed rows. */
  get sequence(): number {
    return this.#states.length - 1;
  }

  get current(): State {
    return this.at(this.sequence);
  }

  at(sequence: number): State {
    const state = this.#states[sequence];
    if (!state) throw new Error(`the model has no state ${sequence}`);
    return state;
  }

  between(from: number, to = this.sequence): State[] {
    return this.#states.slice(from, to + 1);
  }

  commit(changes: Changes): void {
    this.#states.push(withChanges(this.current, changes));
  }

  /** The lake's newest snapshot, at a moment when no commit is under way, has these rows. */
  recordSnapshot(snapshot: number): void {
    if (!this.#snapshots.has(snapshot)) this.#snapshots.set(snapshot, this.sequence);
  }

  sequenceAt(snapshot: number): number | undefined {
    return this.#snapshots.get(snapshot);
  }

  get snapshots(): number[] {
    return [...this.#snapshots.keys()];
  }
}

export type Difference = Readonly<Record<"missing" | "extra" | "changed" | "doubled", readonly string[]>>;

/** What a reader found in a lake table against what must be there; `undefined`: the same. */
export function differenceOf(want: Rows, got: readonly Row[]): Difference | undefined {
  const seen = new Set<number>();
  const found: Record<keyof Difference, string[]> = { missing: [], extra: [], changed: [], doubled: [] };
  for (const row of got) {
    const side = seen.has(row.id) ? "doubled" : sideOf(want.get(row.id), row);
    if (side) found[side].push(rowText(row));
    seen.add(row.id);
  }
  found.missing.push(...[...want.values()].filter(({ id }) => !seen.has(id)).map(rowText));
  return Object.values(found).some((list) => list.length > 0) ? found : undefined;
}

function sideOf(wanted: Row | undefined, row: Row): "extra" | "changed" | undefined {
  if (!wanted) return "extra";
  return rowText(wanted) === rowText(row) ? undefined : "changed";
}

function rowText({ id, k, v, owner }: Row): string {
  return `(${id}, ${k}, ${v}, ${owner})`;
}

export const tablesOf = (changes: Changes): LakeTable[] => LAKE_TABLES.filter((table) => changes.has(table));
