// What the benchmark is asked to do: `--rows 100000,1000000`, `--skip-operator`, `--print` (leave docs/benchmarks.md alone).

import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly rows: readonly number[];
  readonly withOperator: boolean;
  readonly isPrintOnly: boolean;
}

const DEFAULT_ROWS = "100000,1000000,10000000";

export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: DEFAULT_ROWS },
      "skip-operator": { type: "boolean", default: false },
      print: { type: "boolean", default: false },
    },
  });
  const rows = values.rows.split(",").map(Number);
  if (rows.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new Error(`--rows takes whole numbers with commas between them, such as ${DEFAULT_ROWS}; not ${values.rows}`);
  }
  return {
    // Ascending: the table grows from one size to the next.
    rows: [...rows].sort((left, right) => left - right),
    withOperator: !values["skip-operator"],
    isPrintOnly: values.print,
  };
}
