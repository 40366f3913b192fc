import { expect, test } from "vitest";
import { buildUpdateScript, type SqlFile } from "./update-script.ts";

const FUNCTION = "create function a.f(p_id bigint) returns text\nlanguage sql as $$ select 1; $$;\n";
const COMMENT = "comment on function a.f(bigint) is 'F.';\n";

function script(before: string, text: string, changes: readonly SqlFile[] = []): string {
  return buildUpdateScript({
    before: `\\echo Use it. \\quit\n\n${before}`,
    sources: [{ path: "module/source.sql", text }],
    changes,
  });
}

test("a function is replaced, also with another body", () => {
  const after = FUNCTION.replace("select 1", "select 2") + COMMENT;
  expect(script(FUNCTION + COMMENT, after)).toBe(
    `-- module/source.sql\n${after.replace("create function", "create or replace function")}`,
  );
});

test.each([
  ["is gone", ""],
  ["has another result", FUNCTION.replace("returns text", "returns bigint") + COMMENT],
  ["has other names of parameters", FUNCTION.replace("p_id", "p_key") + COMMENT],
  ["has another signature", (FUNCTION + COMMENT).replaceAll("bigint)", "integer)")],
])("a function that %s is dropped first", (_, after) => {
  const made = script(FUNCTION + COMMENT, after);
  expect(made.startsWith("-- what is gone\ndrop function a.f(bigint);\n")).toBe(true);
  expect(made.includes("create or replace function")).toBe(after !== "");
});

test("what is new is made, what is there is not made again, comments and grants are given again", () => {
  const before = "create table a.t (i integer);\ngrant select on a.t to public;\ninsert into a.t values (1);";
  const after = `${before}\ncreate index t_i on a.t (i);\ncreate type a.ty as (i integer);`;
  expect(script(before, after)).toBe(
    "-- module/source.sql\ngrant select on a.t to public;\ncreate index t_i on a.t (i);\ncreate type a.ty as (i integer);\n",
  );
});

test("whose a function is, and who may call it, is said again", () => {
  const rights = "alter function a.f(bigint) owner to reader;\ngrant execute on function a.f(bigint) to reader;\n";
  expect(script(FUNCTION + COMMENT + rights, FUNCTION + COMMENT + rights)).toContain(rights);
});

const WHAT = ["table a.t", "type a.t as", "unique index t_i on a.t", "event trigger e on sql_drop"] as const;

test.each(WHAT)(
  "another %s than before needs a file of its own, which comes before what follows from its source",
  (what) => {
    const [before, after] = [`create ${what} (i integer);`, `create ${what} (i bigint);\ncomment on x is 'X.';`];
    const name = /(\S+)(?: as| on .*)?$/.exec(what)?.[1];
    expect(() => script(before, after)).toThrow(
      /^module\/source.sql makes another .* the update needs a file module\/source.sql that alters it$/,
    );
    const changes = [{ path: "module/source.sql", text: `alter the ${name};\n` }];
    expect(script(before, after, changes)).toBe(
      `-- module/source.sql\nalter the ${name};\n\n-- module/source.sql\ncomment on x is 'X.';\n`,
    );
  },
);

test("of two tables of one source both are altered, or the other one is named", () => {
  const before = "create table a.t (i integer);\ncreate table a.u (i integer);";
  const changes = [{ path: "module/source.sql", text: "-- a.u is as it was\nalter table a.t alter i type bigint;" }];
  expect(() => script(before, before.replaceAll("integer", "bigint"), changes)).toThrow(
    "module/source.sql makes another table a.u than before",
  );
});

test("files of the update run before the sources, at their source, after what is made and before the rights, or last", () => {
  const changes = ["after/b.sql", "after/a.sql", "last/a.sql", "before/z.sql"].map((path) => ({
    path,
    text: `select '${path}';`,
  }));
  const made = buildUpdateScript({
    before: FUNCTION + COMMENT,
    sources: [
      { path: "second/s.sql", text: "create schema b;" },
      { path: "first/s.sql", text: "create schema a;" },
      { path: "rights/s.sql", text: "grant select on a.t to public;" },
    ],
    changes: [...changes, { path: "first/s.sql", text: "select 'at first/s.sql';" }],
  });
  expect([...made.matchAll(/^-- (.*)$/gm)].map(([, path]) => path)).toEqual([
    "before/z.sql",
    "what is gone",
    "second/s.sql",
    "first/s.sql",
    "first/s.sql",
    "after/b.sql",
    "after/a.sql",
    "rights/s.sql",
    "last/a.sql",
  ]);
  expect(made).toContain("-- first/s.sql\nselect 'at first/s.sql';\n\n-- first/s.sql\ncreate schema a;\n");
});

test("a file of the update that has no place is named", () => {
  expect(() => script(FUNCTION + COMMENT, "", [{ path: "tables/old.sql", text: "select 1;" }])).toThrow(
    "the update's file tables/old.sql would never run: give it the path of a source below sql/, or a folder of before, after, last",
  );
});

test("what has another name now is altered, and not made again", () => {
  const before = "create table a.t (i integer);\ncreate index t_i on a.t (i);";
  const after = "create table a.u (i integer);\ncreate index u_i on a.u (i);";
  const change = "alter table a.t rename to u;\nalter index a.t_i rename to u_i;";
  expect(script(before, after, [{ path: "module/source.sql", text: change }])).toBe(
    `-- module/source.sql\n${change}\n`,
  );
});
