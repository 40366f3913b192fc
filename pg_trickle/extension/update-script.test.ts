import { expect, test } from "vitest";
import { buildUpdateScript, type SqlFile } from "./update-script.ts";

const FUNCTION = "create function a.f(p_id bigint) returns text\nlanguage sql as $$ select 1; $$;\n";
const COMMENT = "comment on function a.f(bigint) is 'F.';\n";

function script(before: string, text: string, changes: readonly SqlFile[] = []): string {
  return buildUpdateScript({
    before: `\\echo Use it. \\quit\n\n${before}`,
    sources: [{ path: "20/source.sql", text }],
    changes,
  });
}

test("a function is replaced, also with another body", () => {
  const after = FUNCTION.replace("select 1", "select 2") + COMMENT;
  expect(script(FUNCTION + COMMENT, after)).toBe(
    `-- 20/source.sql\n${after.replace("create function", "create or replace function")}`,
  );
});

test.each([
  ["is gone", ""],
  ["has another result", FUNCTION.replace("returns text", "returns bigint") + COMMENT],
  ["has other names of parameters", FUNCTION.replace("p_id", "p_key") + COMMENT],
  ["has another signature", (FUNCTION + COMMENT).replaceAll("bigint)", "integer)")],
])("a function that %s is dropped first", (_, after) => {
  const made = script(FUNCTION + COMMENT, after);
  expect(made.startsWith("-- 01_gone.sql\ndrop function a.f(bigint);\n")).toBe(true);
  expect(made.includes("create or replace function")).toBe(after !== "");
});

test("what is new is made, what is there is not made again, comments and grants are given again", () => {
  const before = "create table a.t (i integer);\ngrant select on a.t to public;\ninsert into a.t values (1);";
  const after = `${before}\ncreate index t_i on a.t (i);\ncreate type a.ty as (i integer);`;
  expect(script(before, after)).toBe(
    "-- 20/source.sql\ngrant select on a.t to public;\ncreate index t_i on a.t (i);\ncreate type a.ty as (i integer);\n",
  );
});

test.each(["table a.t", "type a.t as", "unique index t_i on a.t", "event trigger e on sql_drop"])(
  "another %s than before needs a file of its own, which comes before what follows from its source",
  (what) => {
    const [before, after] = [`create ${what} (i integer);`, `create ${what} (i bigint);\ncomment on x is 'X.';`];
    expect(() => script(before, after)).toThrow(
      /^20\/source.sql makes another .* the update needs a file 20\/source.sql$/,
    );
    const changes = [{ path: "20/source.sql", text: "alter it;\n" }];
    expect(script(before, after, changes)).toBe(
      "-- 20/source.sql\nalter it;\n\n-- 20/source.sql\ncomment on x is 'X.';\n",
    );
  },
);

test("files of the update take their place among the sources", () => {
  const changes = [
    { path: "00_before.sql", text: "select 0;" },
    { path: "30_after.sql", text: "select 3;" },
  ];
  expect(script(FUNCTION + COMMENT, "create schema b;", changes)).toBe(
    "-- 00_before.sql\nselect 0;\n\n-- 01_gone.sql\ndrop function a.f(bigint);\n\n-- 20/source.sql\ncreate schema b;\n\n-- 30_after.sql\nselect 3;\n",
  );
});
