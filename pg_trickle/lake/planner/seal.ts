// `engine.seal`: how many rows a scan of DuckLake's shows of single data files. Compared with what the catalog counts, it tells
// whether the lake and its catalog agree about deletions.
import {
  booleanConstant,
  call,
  column,
  compare,
  conjunction,
  expression,
  integerConstant,
  named,
  select,
  textConstant,
} from "./build.ts";
import type { ScopeColumn } from "./gate/env.ts";
import type { SealReads } from "./reads.ts";
import { lakeTable } from "./relations.ts";
import { TYPES } from "./sql-types.ts";
import type { Node } from "./types.ts";

/** path (as it was given), row_count. */
export function sealRows(
  reads: SealReads,
  snapshot: bigint,
  dataPath: string,
): { readonly node: Node; readonly columns: readonly ScopeColumn[] } {
  const folder = dataPath.endsWith("/") ? dataPath : `${dataPath}/`;
  const filename = column("t", "filename");
  const isOneOf = (files: SealReads["files"]): Node => {
    const equal = files.map((file) =>
      compare("COMPARE_EQUAL", filename, textConstant(file.relative ? `${folder}${file.path}` : file.path)),
    );
    return equal.length > 1 ? conjunction("CONJUNCTION_OR", equal) : (equal[0] ?? booleanConstant(false));
  };
  // From the character after it; DuckDB counts code points. A file below the folder may be given in full all the same.
  const inside = call("substr", [filename, integerConstant([...folder].length + 1)]);
  const path = expression("CASE", "CASE_EXPR", {
    case_checks: [{ when_expr: isOneOf(reads.files.filter(({ relative }) => relative)), then_expr: inside }],
    else_expr: filename,
  });
  const node = select({
    select: [named(path, "path"), named(call("count_star", []), "row_count")],
    from: lakeTable(reads.table, snapshot, "t"),
    where: isOneOf(reads.files),
    groups: [filename],
  });
  return {
    node,
    columns: [
      { name: "path", type: TYPES.text },
      { name: "row_count", type: TYPES.bigint },
    ],
  };
}
