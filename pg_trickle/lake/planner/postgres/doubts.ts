/**
 * What DuckDB is known to answer otherwise than PostgreSQL, where only the whole query shows it. Such a query PostgreSQL runs itself.
 */
import { allOf, columnNames, isTree, items, likeness, nodeOf, strings, type Tree } from "./tree.ts";

/** By column: how many digits PostgreSQL shows after the point; only of exact numbers. */
export type Scales = ReadonlyMap<string, number>;

/** Of columns with one name and different digits. */
export const SEVERAL_SCALES = 1_000;

/** Null, or what it is. */
export function doubtOf(query: Tree, scales: Scales): string | null {
  // Intervals that compare equal (1 month, 30 days) are folded into one within a query (1.5.5).
  if (new Set(intervals(query)).size > 1)
    return "several intervals in one query are taken for one where they compare equal";
  const mixed = [
    ...allOf(query, "CaseExpr").map(armsOf),
    ...["CoalesceExpr", "MinMaxExpr"].flatMap((kind) => allOf(query, kind).map((call) => items(call, "args"))),
  ];
  // PostgreSQL shows each value of numeric with its own digits after the point, DuckDB all with those of the common type.
  return mixed.some((arms) => mixesScales(arms, scales))
    ? "numbers with different digits after the point are mixed"
    : null;
}

function intervals(query: Tree): readonly string[] {
  return allOf(query, "TypeCast")
    .filter((cast) => isTree(cast["typeName"]) && strings(items(cast["typeName"], "names")).at(-1) === "interval")
    .map((cast) => likeness(cast["arg"]));
}

function armsOf(expression: Tree): readonly unknown[] {
  const results = items(expression, "args").map((arm) => nodeOf(arm, "CaseWhen")?.["result"]);
  return expression["defresult"] === undefined ? results : [...results, expression["defresult"]];
}

function mixesScales(arms: readonly unknown[], scales: Scales): boolean {
  const hasPlaces = allOf(arms, "ColumnRef").some(
    (reference) => (scales.get(strings(items(reference, "fields")).at(-1) ?? "") ?? 0) > 0,
  );
  if (!hasPlaces && !allOf(arms, "A_Const").some((constant) => isTree(constant["fval"]))) return false;
  const known = new Set(arms.filter((arm) => !isNull(arm)).map((arm) => scaleOf(arm, scales)));
  return known.size > 1 || known.has(null);
}

/** Null: not known. */
function scaleOf(arm: unknown, scales: Scales): number | null {
  const column = columnNames(arm)?.at(-1);
  const scale = column === undefined ? undefined : scales.get(column);
  if (column !== undefined) return scale === undefined || scale === SEVERAL_SCALES ? null : scale;
  const constant = nodeOf(arm, "A_Const");
  if (constant === null) return null;
  if (isTree(constant["ival"])) return 0;
  const decimal = isTree(constant["fval"]) ? constant["fval"]["fval"] : undefined;
  return typeof decimal === "string" ? (decimal.split(".")[1]?.length ?? 0) : null;
}

/** NULL has no digits, whatever type PostgreSQL prints it with. */
function isNull(arm: unknown): boolean {
  return nodeOf(nodeOf(arm, "TypeCast")?.["arg"] ?? arm, "A_Const")?.["isnull"] === true;
}
