import { expect, test } from "vitest";
import { moduleCalls } from "./module-calls.ts";

const LOWER = {
  path: "lower/all.sql",
  text: `create table pgtrickle_internal.things (id bigint);
create type pgtrickle_internal.thing as (id bigint);
create function pgtrickle_internal.count_things() returns bigint
language sql as $$ select count(*) from pgtrickle_internal.things $$;
create function pgtrickle.look() returns bigint
language sql as $$ select pgtrickle_internal.count_things() $$;`,
};

function callsOf(text: string): string[] {
  return moduleCalls([LOWER, { path: "upper/one.sql", text }]).map(({ from, to, what }) => `${from} → ${to}: ${what}`);
}

test.each([
  [
    "a call in a body",
    "create function a.f() returns void language plpgsql as $$ begin perform pgtrickle_internal.count_things(); end $$;",
    "count_things",
  ],
  [
    "a call in a string that is run",
    "create function a.f() returns void language plpgsql as $$ begin execute 'select pgtrickle_internal.count_things()'; end $$;",
    "count_things",
  ],
  ["a table", "select count(*) from pgtrickle_internal.things;", "things"],
  [
    "a type of a parameter",
    "create function a.f(p pgtrickle_internal.thing) returns void language sql as $$ $$;",
    "thing",
  ],
  ["what follows a string with two dashes", "select '-- ', pgtrickle_internal.count_things();", "count_things"],
])("finds %s", (_, text, name) => {
  expect(callsOf(text)).toEqual([`upper → lower: upper/one.sql names pgtrickle_internal.${name}`]);
});

test.each([
  ["a comment", "select 1; -- as pgtrickle_internal.count_things() does\nselect 2 -- see pgtrickle_internal.things\n;"],
  ["a hint for people", "select 'select pgtrickle.look();';"],
  [
    "who may call what",
    "grant execute on function pgtrickle_internal.count_things() to public;\ncomment on function pgtrickle_internal.count_things() is 'C.';",
  ],
  ["a longer name", "select pgtrickle_internal.count_things_too();"],
])("does not take %s for a call", (_, text) => {
  expect(callsOf(text)).toEqual([]);
});

test("within a module nothing is told", () => {
  expect(moduleCalls([LOWER])).toEqual([]);
});
