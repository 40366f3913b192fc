/**
 * Sums of floats depend on the order in which they are added, and with them whatever is made of such sums. A part of a table computed
 * again may give other digits than it gave before.
 */
import { allOf, functionName, items, nodeOf, ownOf, part, strings, type Tree } from "./tree.ts";

const SUMS: ReadonlySet<string> = new Set("avg stddev stddev_pop stddev_samp sum var_pop var_samp variance".split(" "));

/** They sum floats whatever they are given. */
const FLOAT_SUMS: ReadonlySet<string> = new Set(
  "corr covar_pop covar_samp regr_avgx regr_avgy regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy".split(
    " ",
  ),
);

/** They give floats, also of numbers that are none. */
const FLOAT_FUNCTIONS: ReadonlySet<string> = new Set(
  "acos asin atan atan2 cbrt cos date_part degrees exp ln log log10 pi pow power radians random sin sqrt tan".split(
    " ",
  ),
);

const FLOAT_TYPES: ReadonlySet<string> = new Set(["float4", "float8"]);

/** `floats`: the columns of the table that are such. */
export function sumsFloats(query: Tree, floats: ReadonlySet<string>): boolean {
  if (allOf(query, "FuncCall").some((call) => FLOAT_SUMS.has(functionName(call)))) return true;
  if (!hasFloat(query, floats)) return false;
  return allOf({ SelectStmt: query }, "SelectStmt").some((select) =>
    ownOf([select["targetList"], select["havingClause"], select["sortClause"]], "FuncCall").some(
      (call) => SUMS.has(functionName(call)) && (hasFloat(items(call, "args"), floats) || !isOverTable(select)),
    ),
  );
}

function hasFloat(value: unknown, floats: ReadonlySet<string>): boolean {
  return (
    allOf(value, "ColumnRef").some((reference) => floats.has(strings(items(reference, "fields")).at(-1) ?? "")) ||
    allOf(value, "FuncCall").some((call) => FLOAT_FUNCTIONS.has(functionName(call))) ||
    allOf(value, "TypeCast").some((cast) => {
      const name = part(cast, "typeName");
      return name !== null && FLOAT_TYPES.has(strings(items(name, "names")).at(-1) ?? "");
    })
  );
}

/** Columns of subqueries may be floats under any name. */
function isOverTable(select: Tree): boolean {
  return items(select, "fromClause").every((item) => nodeOf(item, "RangeVar")?.["schemaname"] !== undefined);
}
