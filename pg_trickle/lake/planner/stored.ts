// `engine.stored`: the files that are there in a folder below the data path, and below it. What the catalog lists and the storage has
// not, no read that fails can tell in full: it fails at the first one.
import { call, column, integerConstant, named, select, tableFunction, textConstant } from "./build.ts";
import type { ScopeColumn } from "./gate/env.ts";
import { badPlan } from "./refusal.ts";
import { TYPES } from "./sql-types.ts";
import type { Node } from "./types.ts";

/** Of a name of a folder, what a pattern would take for its own. */
const PATTERN = /[*?[]/g;

/** path, below the folder. */
export function storedRows(
  folder: string,
  dataPath: string,
): { readonly node: Node; readonly columns: readonly ScopeColumn[] } {
  if (folder.split("/").includes("..")) badPlan(`folder = ${folder} is not below the data path`);
  const root = `${dataPath.endsWith("/") ? dataPath : `${dataPath}/`}${folder}`;
  const base = root.endsWith("/") ? root : `${root}/`;
  const pattern = `${base.replace(PATTERN, (sign) => `[${sign}]`)}**`;
  // From the character after it; DuckDB counts code points.
  const path = call("substr", [column("g", "file"), integerConstant([...base].length + 1)]);
  return {
    node: select({ select: [named(path, "path")], from: tableFunction(call("glob", [textConstant(pattern)]), "g") }),
    columns: [{ name: "path", type: TYPES.text }],
  };
}
