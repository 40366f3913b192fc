import { expect, test } from "vitest";
import { columnTable, documentedFunctions, functionRow } from "./sql-reference.ts";

test("a function's row is spelled as people write it, and safe in a table", () => {
  const row = functionRow({
    name: "rewind",
    arguments: "names text[], strategy text DEFAULT 'Auto'::text, mode text DEFAULT NULL::text, n integer DEFAULT 1",
    result: "TABLE(at timestamp with time zone, a text)",
    comment: "a | b of <name>",
  });
  expect(row).toBe(
    "| `pgtrickle.rewind(names text[], strategy text default 'Auto', mode text default null, n integer default 1)` | `table(at timestamptz, a text)` | a \\| b of \\<name> |",
  );
  expect(documentedFunctions(`# x\n${row}\n| \`other\` | |`)).toEqual([row]);
});

test("a table of columns has only those of its relation", () => {
  const fact = { column: "a", type: "text", comment: "c" };
  const table = columnTable("s.v", [
    { relation: "s.v", ...fact },
    { relation: "s.w", ...fact },
  ]);
  expect(table).toBe("### s.v\n| column | type | |\n|---|---|---|\n| `a` | `text` | c |");
});
