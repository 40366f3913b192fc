/** Sums of which PostgreSQL's digits can be told from counts and totals: every value has the same digits after the point. */
import { type Scales, SEVERAL_SCALES } from "./doubts.ts";
import { columnNames, isTree, items, nodeOf, strings, type Tree } from "./tree.ts";

const EXACT_TYPES: ReadonlySet<string> = new Set(["int2", "int4", "int8", "numeric"]);

/** Made of exact columns of the tables that a SELECT reads itself, of constants, of + - * and of CASE without ELSE. */
export function isExact(value: unknown, select: Tree, scales: Scales): boolean {
  const names = columnNames(value);
  if (names !== null) return isColumnOf(names, select) && isKnown(scales.get(names.at(-1) ?? ""));
  const constant = nodeOf(value, "A_Const");
  if (constant !== null) return isTree(constant["ival"]) || isTree(constant["fval"]);
  const operands = operandsOf(value);
  return operands?.every((operand) => isExact(operand, select, scales)) ?? false;
}

function isKnown(scale: number | undefined): boolean {
  return scale !== undefined && scale !== SEVERAL_SCALES;
}

/** What an expression of a known kind is made of; null for others. */
function operandsOf(value: unknown): readonly unknown[] | null {
  const cast = nodeOf(value, "TypeCast");
  if (cast !== null) return isExactCast(cast) ? [cast["arg"]] : null;
  const operation = nodeOf(value, "A_Expr");
  if (operation !== null) {
    const isKept = ["+", "-", "*"].includes(strings(items(operation, "name")).at(-1) ?? "");
    return isKept ? [operation["lexpr"], operation["rexpr"]] : null;
  }
  const choice = nodeOf(value, "CaseExpr");
  return choice !== null && isOneArm(choice) ? [nodeOf(items(choice, "args")[0], "CaseWhen")?.["result"]] : null;
}

function isOneArm(choice: Tree): boolean {
  const otherwise = nodeOf(choice["defresult"], "TypeCast")?.["arg"] ?? choice["defresult"];
  return (
    items(choice, "args").length === 1 && (otherwise === undefined || nodeOf(otherwise, "A_Const")?.["isnull"] === true)
  );
}

/** Each value keeps its digits after the point, or has none or all alike then. */
function isExactCast(cast: Tree): boolean {
  return isTree(cast["typeName"]) && EXACT_TYPES.has(strings(items(cast["typeName"], "names")).at(-1) ?? "");
}

/** Columns of functions and subqueries may have a table's names. */
function isColumnOf(names: readonly string[], select: Tree): boolean {
  const from = items(select, "fromClause");
  if (names.length === 1) return from.length === 1 && nodeOf(from[0], "RangeVar")?.["schemaname"] !== undefined;
  return from.some((item) => hasTable(item, names[0] ?? ""));
}

function hasTable(value: unknown, alias: string): boolean {
  const join = nodeOf(value, "JoinExpr");
  if (join !== null) return hasTable(join["larg"], alias) || hasTable(join["rarg"], alias);
  const range = nodeOf(value, "RangeVar");
  if (range === null || range["schemaname"] === undefined) return false;
  return (isTree(range["alias"]) ? range["alias"]["aliasname"] : range["relname"]) === alias;
}
