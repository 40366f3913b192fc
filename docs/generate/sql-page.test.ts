import { expect, test } from "vitest";
import { splitStatements } from "../../pg_trickle/extension/sql-statements.ts";
import { functionRow, publicFunctions, sqlPage, withFunctionRows } from "./sql-page.ts";

const SOURCES = `
-- A head.
create function pgtrickle.f(
  name text,
  n integer default 1
) returns table (
  a text,
  b bigint)
language sql as $$ select 'x', 1; $$;
comment on function pgtrickle.f(text, integer) is
  'One | of <two>; it''s '
  'good. More.';
create function pgtrickle.g(id bigint, out kind text, out summary text)
language sql as $$ select 'a', 'b'; $$;
comment on function pgtrickle.g(bigint) is 'G.';
create function pgtrickle_internal.h() returns void
language sql as $$ select; $$;`;

const functions = publicFunctions(splitStatements(SOURCES));
const ROW_F =
  "| `pgtrickle.f(name text, n integer default 1)` | `table(a text, b bigint)` | One \\| of \\<two>; it's good. More. |";
const ROW_G = "| `pgtrickle.g(id bigint, OUT kind text, OUT summary text)` | `record` | G. |";

test("a function is what its declaration and its comment say, and only public ones are told", () => {
  expect(functions.map(functionRow)).toEqual([ROW_F, ROW_G]);
});

test("a function without a comment is refused by name", () => {
  const [first = ""] = splitStatements(SOURCES);
  expect(() => publicFunctions([first])).toThrow(
    "pgtrickle.f(text, integer) has no comment: add `comment on function`",
  );
});

test("rows of the page are written where they stand, whatever they said before", () => {
  const page = "# SQL\n\n## Two\n| `pgtrickle.g()` | | |\n\n## One\n| `pgtrickle.f(old text)` | `text` | Old. |\n";
  expect(withFunctionRows(page, functions)).toBe(`# SQL\n\n## Two\n${ROW_G}\n\n## One\n${ROW_F}\n`);
});

test("of two functions of one name each keeps its row", () => {
  const made = ["a text", "b text"].map((args) => ({ name: "o", arguments: args, result: "void", comment: args }));
  const rows = made.map(functionRow).reverse().join("\n");
  expect(withFunctionRows(rows, made)).toBe(rows);
});

test("a page with another function, or without one, says which and what to do", () => {
  expect(() => withFunctionRows("| `pgtrickle.x()` | | |", functions)).toThrow(
    "docs/sql.md has pgtrickle.x(), which the extension does not make",
  );
  expect(() => withFunctionRows(ROW_F, functions)).toThrow(
    "docs/sql.md has no row for pgtrickle.g(): add `| \\`pgtrickle.<name>()\\` | | |` where it belongs",
  );
});

test("the index has each function and view once, with the section that describes it", () => {
  const lines = sqlPage(`# SQL\n## What is it?\n${ROW_F}\n### pgtrickle.a_view\n`).split("\n");
  expect(lines.filter((line) => line.startsWith("| ["))).toEqual([
    "| [`pgtrickle.a_view`](../sql.md#pgtricklea_view) | columns |  |",
    "| [`pgtrickle.f(name text, n integer default 1)`](../sql.md#what-is-it) | `table(a text, b bigint)` | What is it? |",
  ]);
});
