// Names that no column of a lake table has, for columns of our own beside them.
import type { Column } from "./types.ts";

/** Hidden columns of every lake table and data file; a column of that name would hide them. */
export const PLACE = ["filename", "file_row_number"] as const;

export function freeNames(columns: readonly Column[], wanted: readonly string[]): readonly string[] {
  const taken = new Set(columns.map((item) => item.name.toLowerCase()));
  return wanted.map((name) => {
    let free = name;
    while (taken.has(free)) free += "_";
    return free;
  });
}
