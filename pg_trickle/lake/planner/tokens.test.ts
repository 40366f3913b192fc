import { describe, expect, test } from "vitest";
import { plainNames, plainTypes } from "./dialect.ts";
import { depths, splitAtCommas } from "./dml-tokens.ts";
import { arrayElements } from "./gate/literals.ts";
import { RefusedError } from "./refusal.ts";
import { tokenize } from "./tokens.ts";

const texts = (sql: string) => tokenize(sql).map((token) => token.text);

describe("tokens", () => {
  const cases: readonly [sql: string, want: string[]][] = [
    ["a.b = 'it''s'", ["a", ".", "b", "=", "'it''s'"]],
    [`"A ""b"""."c" -- x\n , E'\\'' `, [`"A ""b"""`, ".", '"c"', ",", "E'\\''"]],
    ["a/* x /* y */ z */b", ["a", "b"]],
    [
      "a !~~ b and c<=-1.5e3 and d::numeric(1,2)",
      ["a", "!~~", "b", "and", "c", "<=-", "1.5e3", "and", "d", "::", "numeric", "(", "1", ",", "2", ")"],
    ],
    ["a=--x\nb", ["a", "=", "b"]],
    ["$1 $12", ["$1", "$12"]],
    ["größe > 1", ["größe", ">", "1"]],
  ];
  test.each(cases)("%s", (sql, want) => expect(texts(sql)).toEqual(want));

  test.each(["'open", '"open', "/* open", "$tag$x$tag$", "U&'x'", "B'1'", "\\"])("refused: %s", (sql) => {
    expect(() => tokenize(sql)).toThrow(RefusedError);
  });

  test("parentheses must match", () => {
    expect(() => depths(tokenize("a) or (b"))).toThrow(RefusedError);
    expect(() => depths(tokenize("(a"))).toThrow(RefusedError);
    expect(splitAtCommas(tokenize("a, f(b, c), [d, e]")).map((part) => part.length)).toEqual([1, 6, 5]);
  });
});

describe("names that DuckDB takes for words of its own", () => {
  const cases: readonly [sql: string, want: string][] = [
    ["select at, t.show from lake.by t", 'select "at" , t . "show" from lake . "by" t'],
    ["select a AT TIME ZONE 'UTC' from t order by at", `select a AT TIME ZONE 'UTC' from t order by "at"`],
    ["select by from t group by by", 'select "by" from t group by "by"'],
    ["rank() over (partition by pivot order by qualify)", 'rank ( ) over ( partition by "pivot" order by "qualify" )'],
    [`select "at", 'at' from t`, `select "at" , 'at' from t`],
  ];
  test.each(cases)("%s", (sql, want) => expect(plainNames(sql)).toBe(want));
});

describe("type names that DuckDB would read differently", () => {
  const cases: readonly [sql: string, want: string][] = [
    ["x::numeric", 'x :: "numeric without scale"'],
    ["x::numeric(10,2)", "x :: numeric ( 10 , 2 )"],
    ["'{1}'::numeric[]", `'{1}' :: "numeric without scale" [ ]`],
    ["x::character varying", "x :: character varying"],
    ["x::character varying(3)", 'x :: "text of limited length"'],
    ["x::character(3) || 'numeric'", `x :: "text of limited length" || 'numeric'`],
    ["x::bpchar", 'x :: "text of limited length"'],
    ['x::"char"', 'x :: "text of limited length"'],
    ["x::oid", 'x :: "oid of PostgreSQL"'],
    ['"numeric" + 1', '"numeric" + 1'],
    ["t.numeric", "t . numeric"],
  ];
  test.each(cases)("%s", (sql, want) => expect(plainTypes(sql)).toBe(want));

  test.each(["cast(x as numeric)", "try_cast (x as int)", "numeric '1.5'", "char 'x'"])("refused: %s", (sql) => {
    expect(() => plainTypes(sql)).toThrow(RefusedError);
  });
});

describe("array literals", () => {
  const cases: readonly [text: string, want: (string | null)[]][] = [
    ["{}", []],
    ["{a,b c,NULL}", ["a", "b c", null]],
    ['{"a,b","say \\"x\\"","NULL",""}', ["a,b", 'say "x"', "NULL", ""]],
    ["{1,-2.5}", ["1", "-2.5"]],
  ];
  test.each(cases)("%s", (text, want) => expect(arrayElements(text)).toEqual(want));

  test.each(["a", "{{a}}", "{a,,b}", '{"a}', "[0:1]={1,2}"])("refused: %s", (text) => {
    expect(() => arrayElements(text)).toThrow(RefusedError);
  });
});
