import { expect, test } from "vitest";
import { splitStatements } from "./sql-statements.ts";

test.each([
  ["plain ones, without the last semicolon", "select 1;\nselect 2", ["select 1", "select 2"]],
  [
    "semicolons in strings, names and bodies",
    `select 'a;''b;', ";" ; do $$ begin; $x$ end $$;`,
    [`select 'a;''b;', ";"`, "do $$ begin; $x$ end $$"],
  ],
  ["a tagged body with another quote inside", "do $a$ $$;$$ ';' $a$; select 1", ["do $a$ $$;$$ ';' $a$", "select 1"]],
  ["comments before, after and with quotes in them", "-- it's;\nselect 1; /* ; */\n-- end", ["select 1"]],
  ["a comment within stays", "select -- one;\n 1;", ["select -- one;\n 1"]],
  [
    "a body in BEGIN ATOMIC, with a CASE in it",
    "create function f() returns int\nbegin atomic\n  select case when true then 1 end;\n  select 2;\nend;\nselect 3;",
    [
      "create function f() returns int\nbegin atomic\n  select case when true then 1 end;\n  select 2;\nend",
      "select 3",
    ],
  ],
])("cuts %s", (_, sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});
