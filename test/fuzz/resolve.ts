/** From a step of a script to a statement: which rows it meets, by what the model says that its client can know. Pure. */
import type { State } from "./model.ts";
import { createRandom, type Random } from "./random.ts";
import type { Step } from "./script.ts";
import type { Change, Condition, Row, Statement } from "./statements.ts";

export interface Knowledge {
  readonly owner: number;
  /** The rows as the client sees them, its own changes among them. */
  readonly own: State;
  /** The rows without its open transaction. */
  readonly committed: State;
  /** So many ids that no row ever had. */
  newIds(count: number): number[];
}

const KINDS = ["a", "b", "c", "d", null] as const;

export function newRow(id: number, owner: number, random: Random): Row {
  const v = random.chance(0.12) ? null : random.between(-3, 20);
  return { id, k: random.pick(KINDS), v, owner };
}

function change(random: Random): Change {
  if (random.chance(0.6)) return { add: random.between(1, 5) };
  return random.chance(0.7) ? { k: random.pick(KINDS) } : { v: null };
}

function broad(random: Random): Condition {
  return { k: random.pick(["a", "b", "c", "d"]), below: random.between(-1, 8) };
}

/** Rows that nobody else changes but by broad statements. */
function ownIds({ owner, own }: Knowledge, { table, size }: Step, random: Random): number[] {
  const rows = [...own[table].values()].filter((row) => row.owner === owner);
  const ids = rows.map(({ id }) => id).sort((left, right) => left - right);
  // Neighbours more often than strangers: they stand in one file.
  if (random.chance(0.5)) return random.some(ids, size);
  const from = random.below(Math.max(1, ids.length - size));
  return ids.slice(from, from + size);
}

function newlyInserted({ owner, own, committed }: Knowledge, { table, size }: Step, random: Random): number[] {
  const rows = [...own[table].values()].filter((row) => row.owner === owner && !committed[table].has(row.id));
  return random.some(
    rows.map(({ id }) => id),
    size,
  );
}

/** Rows of its own, and some new ones. */
function mergeRows(knowledge: Knowledge, step: Step, random: Random): Row[] {
  const known = ownIds(knowledge, { ...step, size: Math.ceil(step.size / 2) }, random);
  const ids = [...known, ...knowledge.newIds(step.size - known.length + 1)];
  return ids.map((id) => newRow(id, knowledge.owner, random));
}

function onIds(step: Step, ids: readonly number[], random: Random): Statement | undefined {
  const { table, act } = step;
  if (ids.length === 0) return undefined;
  const where = { ids };
  const isRowByRow = act === "update-rows" || act === "delete-rows" || (act === "touch-new" && random.chance(0.5));
  if (act === "update-from") return { kind: "updateFrom", table, ids, add: random.between(1, 5) };
  if (act.startsWith("delete") || (act === "touch-new" && random.chance(0.3))) {
    return { kind: "delete", table, where, isRowByRow };
  }
  return { kind: "update", table, where, change: change(random), isRowByRow };
}

/** `undefined`: there is no row that it could meet. */
export function resolveWrite(step: Step, knowledge: Knowledge): Statement | undefined {
  const { table, act, size } = step;
  const random = createRandom(step.pick);
  switch (act) {
    case "insert-few":
    case "insert-many":
      return {
        kind: "insert",
        table,
        rows: knowledge.newIds(size).map((id) => newRow(id, knowledge.owner, random)),
      };
    case "merge-into":
      return { kind: "merge", table, rows: mergeRows(knowledge, step, random) };
    case "delete-where":
      return { kind: "delete", table, where: broad(random), isRowByRow: false };
    case "update-where":
      return { kind: "update", table, where: broad(random), change: change(random), isRowByRow: false };
    case "read":
      return { kind: "count", table, where: broad(random) };
    case "touch-new":
      return onIds(step, newlyInserted(knowledge, step, random), random);
    default:
      return onIds(step, ownIds(knowledge, step, random), random);
  }
}
