// Reads what psql prints in its unaligned format with U+001F between fields. Pure.
// A footer `(n rows)` ends a result, and tells how many of the lines before it are its rows.

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const FIELD_SEPARATOR = "\u001f";
const FOOTER = /^\((\d+) rows?\)$/;

export function parsePsqlOutput(output: string): readonly QueryResult[] {
  const results: QueryResult[] = [];
  const lines: string[] = [];
  for (const line of output.split("\n")) {
    const count = FOOTER.exec(line)?.[1];
    if (count === undefined) {
      lines.push(line);
      continue;
    }
    const rows = Number(count) === 0 ? [] : lines.splice(-Number(count));
    const header = lines.pop() ?? "";
    results.push({
      columns: header.split(FIELD_SEPARATOR),
      rows: rows.map((row) => row.split(FIELD_SEPARATOR)),
    });
  }
  return results;
}
